"""Adam and SGD as PyTorch computes them, clipping, loss scaling for fp16, learning-rate schedule, averaged weights."""

from typing import Dict, Mapping, Tuple, Union

import jittor as jt
import numpy as np
from jittor import nn

from jittor_tsit.kernels import backend
from jittor_tsit.kernels.adam import adam_step
from jittor_tsit.kernels.squares import sum_of_squares
from jittor_tsit.layers.elementary import sqrt
from jittor_tsit.layers.reductions import total

EPS = 1e-8  # Adam's default everywhere


def trainable(module: nn.Module, prefix: str = "") -> Dict[str, jt.Var]:
    """Return name -> parameter of a module, without running statistics and vectors of spectral norms.

    Args:
        prefix: Put in front of each name.
    """
    state = module.state_dict()
    return {prefix + name: var for name, var in state.items() if not var.is_stop_grad()}


def count_parameters(module: nn.Module) -> int:
    """Return the number of trainable values in a network."""
    return sum(var.numel() for var in trainable(module).values())


def squared_norms(gradients: Mapping[str, jt.Var]) -> jt.Var:
    """Return the squared length of each gradient, [number of gradients]. It is not finite if the gradient is not."""
    return jt.concat([_square(gradient.detach()) for gradient in gradients.values()])


def _square(x: jt.Var) -> jt.Var:
    return sum_of_squares(x) if backend.runs_fused(x) else total(x.sqr())


def clipped(gradients: Mapping[str, jt.Var], squared: jt.Var, longest: float) -> Dict[str, jt.Var]:
    """Scale gradients by a common factor so that their total length is at most `longest`.

    Args:
        squared: Result of `squared_norms` for these gradients.

    Source: torch.nn.utils.clip_grad_norm_, with its 1e-6.
    """
    factor = jt.minimum(longest / (sqrt(total(squared)) + 1e-6), 1.0)
    return scaled(gradients, factor)


def scaled(gradients: Mapping[str, jt.Var], factor: Union[float, jt.Var]) -> Dict[str, jt.Var]:
    """Return name -> gradient times `factor`. The given gradients do not change."""
    return {name: gradient * factor for name, gradient in gradients.items()}


class LossScale:
    """Factor of the loss that keeps small gradients from becoming 0 in fp16. It adapts to the size of the gradients.

    Only fp16 needs it: bf16 has the exponents of float32.

    Source: torch.amp.GradScaler with its defaults. The factor begins at 2^16. It is halved after a step that overflows,
        and doubled after 2000 consecutive steps that do not. A step that overflows is not applied. Differs: the factor
        never falls below 1, and at 1 steps that overflow are applied all the same.
    """

    def __init__(self):
        self.state = jt.array([65536.0, 0.0]).stop_grad()  # the factor, and the number of steps since it last changed

    @property
    def factor(self) -> float:
        """The current factor of the loss. It is a power of two, so multiplying by it rounds no value."""
        return float(self.state.numpy()[0])

    def accepts(self, squared: jt.Var) -> bool:
        """Return whether to apply a step, and adapt the factor.

        Args:
            squared: Result of `squared_norms` for the gradients of the step. This method waits until it is computed.
        """
        before, held = self.state.numpy()
        factor = before
        is_finite = bool(np.isfinite(squared.numpy()).all())
        if not is_finite:
            factor, held = max(before / 2, 1.0), 0
        elif held + 1 == 2000:
            factor, held = before * 2, 0
        else:
            held += 1
        self.state.update(jt.array(np.array([factor, held], np.float32)))
        return is_finite or before == 1

    def state_dict(self) -> Dict[str, jt.Var]:
        """Return what a checkpoint must hold: {"state": [factor, number of steps since it changed]}."""
        return {"state": self.state}


class Optimizer:
    """Base of optimizers. A subclass defines `apply` and `state_dict`.

    Args:
        params: Name -> parameter.
        lr: Learning rate.
    """

    def __init__(self, params: Mapping[str, jt.Var], lr: float):
        self.params, self.lr = dict(params), lr
        self.num_steps = 0

    def gradients(self, loss: jt.Var) -> Dict[str, jt.Var]:
        """Return the gradient of `loss` by each parameter of this optimizer, by name."""
        return dict(zip(self.params, jt.grad(loss, list(self.params.values()), False)))

    def apply(self, gradients: Mapping[str, jt.Var]) -> None:
        """Change every parameter in place by one step along its gradient.

        Args:
            gradients: One gradient for each parameter, by name.
        """
        raise NotImplementedError

    def state_dict(self) -> Dict[str, jt.Var]:
        """Return the arrays that a checkpoint must hold (such as running means of the gradients), by name.

        `num_steps` is not among them. A resumed run computes it.
        """
        raise NotImplementedError


class SGD(Optimizer):
    """Stochastic gradient descent with momentum, as in torch.optim.SGD.

    Args:
        momentum: Factor of the previous update direction, which the gradient is added to.
    """

    def __init__(self, params: Mapping[str, jt.Var], lr: float, momentum: float):
        super().__init__(params, lr)
        self.momentum = momentum
        self.velocity = {name: jt.zeros_like(param).stop_grad() for name, param in self.params.items()}

    def apply(self, gradients: Mapping[str, jt.Var]) -> None:
        self.num_steps += 1
        for name, param in self.params.items():
            velocity = self.velocity[name]
            velocity.update(self.momentum * velocity + gradients[name].detach())
            param.update(param - self.lr * velocity)
        jt.sync(list(self.params.values()))  # see Adam

    def state_dict(self) -> Dict[str, jt.Var]:
        return {f"mean.{name}": var for name, var in self.velocity.items()}  # the names in existing checkpoints


class Adam(Optimizer):
    """Adam, with decoupled weight decay if wanted.

    Args:
        params: Name -> parameter.
        weight_decay: Weight decay of AdamW: each step multiplies a parameter by 1 - lr * weight_decay. Parameters with
            one axis (biases and scales) are not decayed.
        l2: Weight decay of the original Adam: l2 times the parameter is added to its gradient, for all parameters.

    Source: Kingma & Ba, ICLR 2015, as torch.optim.Adam does it. Jittor's own adds eps before the bias
        correction, which differs for gradients of its order. The decay is AdamW's (Loshchilov & Hutter, ICLR 2019).
    """

    def __init__(self, params: Mapping[str, jt.Var], lr: float, betas: Tuple[float, float], weight_decay=0.0, l2=0.0):
        super().__init__(params, lr)
        self.betas, self.weight_decay, self.l2 = betas, weight_decay, l2
        self.mean = {name: jt.zeros_like(param).stop_grad() for name, param in self.params.items()}
        self.square = {name: jt.zeros_like(param).stop_grad() for name, param in self.params.items()}

    def apply(self, gradients: Mapping[str, jt.Var]) -> None:
        self.num_steps += 1
        beta1, beta2 = self.betas
        rate = self.lr / (1 - beta1**self.num_steps)
        correction = (1 - beta2**self.num_steps) ** -0.5
        numbers = {"l2": self.l2, "beta1": beta1, "beta2": beta2, "rate": rate, "correction": correction, "eps": EPS}
        for name, param in self.params.items():
            mean, square = self.mean[name], self.square[name]
            decay = 1 - self.lr * self.weight_decay if len(param.shape) > 1 else 1.0
            step = adam_step if backend.runs_fused(param) else reference_adam_step
            news = step(param, gradients[name].detach(), mean, square, decay=decay, **numbers)
            for old, new in zip((param, mean, square), news):
                old.update(new)
        jt.sync(list(self.params.values()))  # compute now, or the graph of this step grows into the next one

    def state_dict(self) -> Dict[str, jt.Var]:
        state = {f"mean.{name}": var for name, var in self.mean.items()}
        state.update({f"square.{name}": var for name, var in self.square.items()})
        return state


def reference_adam_step(param, grad, mean, square, decay, l2, beta1, beta2, rate, correction, eps):
    """Compute `kernels.adam.adam_step` with Jittor's operators: return the new param, mean and square."""
    grad = grad + l2 * param if l2 else grad
    mean = beta1 * mean + (1 - beta1) * grad
    square = beta2 * square + (1 - beta2) * grad * grad
    start = param if decay == 1 else param * decay
    return start - rate * mean / (sqrt(square) * correction + eps), mean, square


def linear_decay(nimg: int, constant_nimg: int, decay_nimg: int, epoch_nimg: int) -> float:
    """Return the factor of the learning rate after `nimg` images.

    The factor is 1 for `constant_nimg` images. Then it falls by the same amount at the end of every epoch. As in SPADE
    and TSIT the first epoch of the decay still has factor 1, and the last one has a factor above 0.

    Args:
        decay_nimg: Number of images from the end of the constant part to the end of training; 0: no decay.
        epoch_nimg: Number of images of an epoch.
    """
    if nimg < constant_nimg or decay_nimg == 0:
        return 1.0
    epochs_done = (nimg - constant_nimg) // epoch_nimg
    return max(0.0, 1 - epochs_done * epoch_nimg / decay_nimg)


RAMP_UP = 0.05  # the half-life of an average is at most this share of the images seen, as in StyleGAN2


def update_average(average: nn.Module, current: nn.Module, batch_size: int, nimg: int, halflife_nimg: float) -> None:
    """Move averaged weights and running statistics towards the current ones.

    Args:
        average: Network with the averages.
        current: The same network with the current weights.
        nimg: Number of images seen. Early in training the half-life is shorter, see RAMP_UP.
        halflife_nimg: Half-life of an old value in images, independent of the batch size.
    """
    halflife = min(halflife_nimg, RAMP_UP * max(nimg, batch_size))
    keep = 0.5 ** (batch_size / halflife)
    targets = current.state_dict()
    for name, var in average.state_dict().items():
        if name.rpartition(".")[2] in ("u", "v"):  # singular vectors have length 1, their averages do not
            var.update(targets[name].detach())
        else:
            var.update(targets[name].detach() * (1 - keep) + var * keep)
