"""One use of an optimizer: gradients over the parts of a batch and over all processes, loss scale, clipping."""

from contextlib import nullcontext
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence

import jittor as jt

from jittor_tsit import losses
from jittor_tsit.config import OptimConfig
from jittor_tsit.config.phases import PlannedPhase
from jittor_tsit.layers.precision import FLOAT32, computing_in, require_precision
from jittor_tsit.layers.train_mode import holding_vectors
from jittor_tsit.optim import LossScale, clipped, linear_decay, scaled, squares
from jittor_tsit.runtime import parallel
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.state import SystemState


class Update(NamedTuple):
    """Record of one use of an optimizer."""

    optimizer: str  # its name
    terms: Dict[str, jt.Var]  # of its loss
    squares: jt.Var  # `optim.squares` of its gradients, before they are clipped


class Updates(SystemState):
    """A system state that can be trained.

    Args:
        optim: Rates, decay and averaging.
        weights: Of the loss terms, by name.
        seed: Of all random draws while training.
    """

    rate_options: Mapping[str, str] = {"G": "lr_G", "D": "lr_D"}  # optimizer -> the option that is its learning rate

    def __init__(self, optim: OptimConfig, weights: Mapping[str, float], seed: int):
        super().__init__(optim)
        self.weights, self.noise = weights, Noise(seed)
        self.updates: List[Update] = []  # since `begin`
        self.precision = FLOAT32  # of convolutions in `update`

    def begin(self, phase: PlannedPhase, nimg: int) -> None:
        """Set the loss weights of a phase and the learning rates that hold after `nimg` images."""
        self.updates = []
        self.weights, optim = phase.weights, self.optim
        factor = linear_decay(nimg, optim.constant_nimg, optim.decay_nimg, optim.epoch_nimg)
        for name, optimizer in self.optimizers.items():
            optimizer.lr = phase.rates[self.rate_options[name]] * factor

    def train_in(self, precision: str) -> None:
        """Set the precision of training steps, one of config.PRECISIONS. Call it after `prepare_training`.

        Raises:
            InputError: The GPU does not support it.
        """
        require_precision(precision)
        self.precision = precision
        if precision == "fp16":
            self.extras.update({f"loss_scale_{name}": LossScale() for name in self.optimizers})

    def update(
        self,
        name: str,
        parts: Sequence[Any],
        terms_of: Callable[[Any], Dict[str, jt.Var]],
        weights: Mapping[str, float],
    ) -> Dict[str, jt.Var]:
        """One step of an optimizer down the weighted sum of terms, over all parts and processes.

        The gradient is that of one pass over all images, but for batch norm, which knows a part's images only.

        Args:
            name: Of the optimizer.
            terms_of: The terms of a part, each a mean over its images.

        Returns:
            The terms, means over all images.
        """
        optimizer, gradients, totals = self.optimizers[name], {}, {}
        scale = self.extras.get(f"loss_scale_{name}")
        for number, part in enumerate(parts):
            # Spectral norm moves once a step, as it would in one pass.
            held = holding_vectors(*self.networks.values()) if number else nullcontext()
            with parallel.sharing(part.share), held, computing_in(self.precision):
                terms = terms_of(part)
                loss = losses.weighted_sum(terms, weights)
                # Before batch norm sends gradients to the other processes.
                factor = part.share.weight * (scale.factor if scale else 1)
                _add(gradients, optimizer.gradients(loss if factor == 1 else loss * factor), 1)
            _add(totals, {key: term.detach() for key, term in terms.items()}, part.share.weight)
            if len(parts) > 1:
                jt.sync([*gradients.values(), *totals.values()])  # one part's activations in memory at a time
        gradients = {key: parallel.summed(gradient) for key, gradient in gradients.items()}
        if scale:
            gradients = scaled(gradients, 1 / scale.factor)
        squared = squares(gradients)
        if scale and not scale.accepts(squared):
            optimizer.num_steps += 1  # counts on, as it does when a run is resumed
            squared = jt.zeros_like(squared)  # nothing of this step is used
        else:
            if self.optim.clip_norm:
                gradients = clipped(gradients, squared, self.optim.clip_norm)
            optimizer.apply(gradients)
        jt.sync([squared])  # as the parameters, so that the gradients are not kept in memory for it
        totals = {key: parallel.summed(total) for key, total in totals.items()}
        self.updates.append(Update(name, totals, squared))
        return totals

    def slope_terms(
        self,
        logits_of: Callable[[jt.Var], Sequence[jt.Var]],
        real: jt.Var,
        fake: jt.Var,
        index: Sequence[int],
        name="gp",
    ) -> Dict[str, jt.Var]:
        """D's gradient penalty under this name, if it weighs anything. Arguments as of `losses.gradient_penalty`."""
        if not self.weights["gp"]:
            return {}
        alpha = self.noise.uniform(name, index, (1, 1, 1))
        return {name: losses.gradient_penalty(logits_of, real, fake, alpha)}


def _add(totals: Dict[str, jt.Var], values: Mapping[str, jt.Var], weight: float) -> None:
    for name, value in values.items():
        value = value if weight == 1 else value * weight
        totals[name] = totals[name] + value if name in totals else value
