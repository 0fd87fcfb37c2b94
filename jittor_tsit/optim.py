"""Adam and SGD as PyTorch computes them, learning-rate schedule, averaged weights."""

from typing import Dict, Mapping, Tuple, Union

import jittor as jt
import numpy as np
from jittor import nn

from jittor_tsit.kernels.adam import adam_step
from jittor_tsit.kernels.cpu import runs_on
from jittor_tsit.kernels.squares import sum_of_squares
from jittor_tsit.layers.elementary import sqrt
from jittor_tsit.layers.reductions import total

EPS = 1e-8  # Adam's default everywhere


def trainable(module: nn.Module, prefix: str = "") -> Dict[str, jt.Var]:
    """Parameters by name, without running statistics and spectral-norm vectors."""
    state = module.state_dict()
    return {prefix + name: var for name, var in state.items() if not var.is_stop_grad()}


def count_parameters(module: nn.Module) -> int:
    """Trainable numbers in a network."""
    return sum(var.numel() for var in trainable(module).values())


def squares(gradients: Mapping[str, jt.Var]) -> jt.Var:
    """The squared length of each gradient, [number of them]; not finite where one of its numbers is not."""
    return jt.concat([_square(gradient.detach()) for gradient in gradients.values()])


def _square(x: jt.Var) -> jt.Var:
    return sum_of_squares(x) if runs_on(x) else total(x.sqr())


def clipped(gradients: Mapping[str, jt.Var], squared: jt.Var, longest: float) -> Dict[str, jt.Var]:
    """Gradients shortened together to a length, if they are longer.

    Args:
        squared: Their `squares`.

    Source: torch.nn.utils.clip_grad_norm_, with its 1e-6.
    """
    factor = jt.minimum(longest / (sqrt(total(squared)) + 1e-6), 1.0)
    return scaled(gradients, factor)


def scaled(gradients: Mapping[str, jt.Var], factor: Union[float, jt.Var]) -> Dict[str, jt.Var]:
    """All of them times a number."""
    return {name: gradient * factor for name, gradient in gradients.items()}


class LossScale:
    """A factor of the loss that keeps small gradients above what 16 bits resolve, and follows how large they are.

    Source: torch.amp.GradScaler with its defaults: 2^16 at first, half of it after a step that overflowed, which is
        left out, and twice after 2000 that did not. Differs: at least 1; what overflows at that is not left out.
    """

    def __init__(self):
        self.state = jt.array([65536.0, 0.0]).stop_grad()  # the factor, and how many steps it has held

    @property
    def factor(self) -> float:
        """A power of two, so that it changes no digit."""
        return float(self.state.numpy()[0])

    def accepts(self, squared: jt.Var) -> bool:
        """Whether a step with these `squares` is to be made; the factor follows. Waits for them, as it must."""
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
        """What is kept from step to step."""
        return {"state": self.state}


class Optimizer:
    """Named parameters and a rate. A subclass writes `apply` and `state_dict`.

    Args:
        params: Name -> parameter.
    """

    def __init__(self, params: Mapping[str, jt.Var], lr: float):
        self.params, self.lr = dict(params), lr
        self.num_steps = 0

    def gradients(self, loss: jt.Var) -> Dict[str, jt.Var]:
        """Name -> gradient of `loss` by the own parameters, and by nothing else."""
        return dict(zip(self.params, jt.grad(loss, list(self.params.values()), False)))

    def apply(self, gradients: Mapping[str, jt.Var]) -> None:
        """Update every parameter by its gradient."""
        raise NotImplementedError

    def state_dict(self) -> Dict[str, jt.Var]:
        """What is kept from step to step, by name; the number of steps is `num_steps`."""
        raise NotImplementedError


class SGD(Optimizer):
    """Stochastic gradient descent with momentum, as torch.optim.SGD does it.

    Args:
        momentum: Share of the last step's direction that is kept.
    """

    def __init__(self, params: Mapping[str, jt.Var], lr: float, momentum: float):
        super().__init__(params, lr)
        self.momentum = momentum
        self.mean = {name: jt.zeros_like(param).stop_grad() for name, param in self.params.items()}

    def apply(self, gradients: Mapping[str, jt.Var]) -> None:
        self.num_steps += 1
        for name, param in self.params.items():
            mean = self.mean[name]
            mean.update(self.momentum * mean + gradients[name].detach())
            param.update(param - self.lr * mean)
        jt.sync(list(self.params.values()))  # as Adam

    def state_dict(self) -> Dict[str, jt.Var]:
        return {f"mean.{name}": var for name, var in self.mean.items()}


class Adam(Optimizer):
    """Adam over named parameters.

    Args:
        params: Name -> parameter.
        weight_decay: Share of itself times the rate that a parameter loses in each step; those of one axis, biases and
            scales, lose nothing. AdamW's.
        l2: Share of itself that is added to a parameter's gradient, of any axis. Adam's own.

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
            kept = 1 - self.lr * self.weight_decay if len(param.shape) > 1 else 1.0
            step = adam_step if runs_on(param) else plain_adam_step
            news = step(param, gradients[name].detach(), mean, square, kept=kept, **numbers)
            for old, new in zip((param, mean, square), news):
                old.update(new)
        jt.sync(list(self.params.values()))  # now, so that the step's graph does not grow into the next one

    def state_dict(self) -> Dict[str, jt.Var]:
        state = {f"mean.{name}": var for name, var in self.mean.items()}
        state.update({f"square.{name}": var for name, var in self.square.items()})
        return state


def plain_adam_step(param, grad, mean, square, kept, l2, beta1, beta2, rate, correction, eps):
    """`kernels.adam.adam_step` in Jittor's operators."""
    grad = grad + l2 * param if l2 else grad
    mean = beta1 * mean + (1 - beta1) * grad
    square = beta2 * square + (1 - beta2) * grad * grad
    start = param if kept == 1 else param * kept
    return start - rate * mean / (sqrt(square) * correction + eps), mean, square


def linear_decay(nimg: int, constant_nimg: int, decay_nimg: int, epoch_nimg: int) -> float:
    """Factor of the learning rate after `nimg` images.

    1 for `constant_nimg` images, then lower by the same amount at the end of every epoch. As in SPADE and
    TSIT the first epoch of the decay still has the full rate, and the last one a share of it, not 0.

    Args:
        decay_nimg: Images from the end of the constant part to the end of training; 0: no decay.
        epoch_nimg: Images of an epoch.
    """
    if nimg < constant_nimg or decay_nimg == 0:
        return 1.0
    epochs_done = (nimg - constant_nimg) // epoch_nimg
    return max(0.0, 1 - epochs_done * epoch_nimg / decay_nimg)


RAMP_UP = 0.05  # an average reaches back over this share of the images seen, as in StyleGAN2


def update_average(average: nn.Module, current: nn.Module, batch_size: int, nimg: int, halflife_nimg: float) -> None:
    """Move averaged weights and running statistics towards the current ones.

    Args:
        nimg: Images seen; early on the half-life is shorter, so that the random start is soon forgotten.
        halflife_nimg: Images after which half of an old value is left, whatever the batch size.
    """
    halflife = min(halflife_nimg, RAMP_UP * max(nimg, batch_size))
    keep = 0.5 ** (batch_size / halflife)
    targets = current.state_dict()
    for name, var in average.state_dict().items():
        if name.rpartition(".")[2] in ("u", "v"):  # singular vectors have length 1, which their mean has not
            var.update(targets[name].detach())
        else:
            var.update(targets[name].detach() * (1 - keep) + var * keep)
