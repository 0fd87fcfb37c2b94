"""One optimizer update: gradients summed over the parts of a batch and all processes, loss scaling, clipping."""

from contextlib import nullcontext
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence

import jittor as jt

from jittor_tsit import losses
from jittor_tsit.config import OptimConfig
from jittor_tsit.config.phases import PlannedPhase
from jittor_tsit.layers.precision import FLOAT32, computing_in, require_precision
from jittor_tsit.layers.train_mode import holding_vectors
from jittor_tsit.optim import LossScale, clipped, linear_decay, scaled, squared_norms
from jittor_tsit.runtime import parallel
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.state import SystemState


class Update(NamedTuple):
    """Record of one update by an optimizer in a step: its loss terms and the sizes of its gradients."""

    optimizer: str  # name of the optimizer
    terms: Dict[str, jt.Var]  # loss terms by name
    squared_norms: jt.Var  # `optim.squared_norms` of the gradients before clipping


class Updates(SystemState):
    """A system state that can be trained.

    Args:
        optim: Learning rates, their decay, and averaging.
        weights: Weights of the loss terms by name.
        seed: Seed of all random draws during training.
    """

    rate_options: Mapping[str, str] = {"G": "lr_G", "D": "lr_D"}  # optimizer -> option with its learning rate

    def __init__(self, optim: OptimConfig, weights: Mapping[str, float], seed: int):
        super().__init__(optim)
        self.weights, self.noise = weights, Noise(seed)
        self.updates: List[Update] = []  # records since the last call of `begin`
        self.precision = FLOAT32  # of convolutions in `update`

    def begin(self, phase: PlannedPhase, nimg: int) -> None:
        """Begin a step: set the loss weights of the phase and the learning rates after `nimg` images."""
        self.updates = []
        self.weights, optim = phase.weights, self.optim
        factor = linear_decay(nimg, optim.constant_nimg, optim.decay_nimg, optim.epoch_nimg)
        for name, optimizer in self.optimizers.items():
            optimizer.lr = phase.rates[self.rate_options[name]] * factor

    def set_precision(self, precision: str) -> None:
        """Set the precision of the convolutions in training steps, one of config.PRECISIONS.

        Call it after `prepare_training`, because fp16 needs a loss scale for each optimizer.

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
        """Update an optimizer's parameters once, with the weighted sum of loss terms over all parts and processes.

        The gradient equals that of one pass over all images. The exception is batch norm, whose statistics are those of
        one part.

        Args:
            name: Name of the optimizer.
            parts: Parts of this process's batch, computed one after the other.
            terms_of: Computes the loss terms of a part, each a mean over its images.
            weights: Weights of the loss terms by name.

        Returns:
            The loss terms, each the mean over all images of all processes.
        """
        optimizer = self.optimizers[name]
        gradients: Dict[str, jt.Var] = {}
        totals: Dict[str, jt.Var] = {}
        scale = self.extras.get(f"loss_scale_{name}")
        for number, part in enumerate(parts):
            # Spectral norm updates its vectors once a step, as in one pass over all images.
            held = holding_vectors(*self.networks.values()) if number else nullcontext()
            with parallel.use_share(part.share), held, computing_in(self.precision):
                terms = terms_of(part)
                loss = losses.weighted_sum(terms, weights)
                # Applied before the backward pass, because batch norm exchanges gradients between the processes.
                factor = part.share.weight * (scale.factor if scale else 1)
                _add(gradients, optimizer.gradients(loss if factor == 1 else loss * factor), 1)
            _add(totals, {key: term.detach() for key, term in terms.items()}, part.share.weight)
            if len(parts) > 1:
                jt.sync(
                    [*gradients.values(), *totals.values()]
                )  # so that only one part's activations are in memory at a time
        gradients = {key: parallel.sum_over_processes(gradient) for key, gradient in gradients.items()}
        if scale:
            gradients = scaled(gradients, 1 / scale.factor)
        squared = squared_norms(gradients)
        if scale and not scale.accepts(squared):
            optimizer.num_steps += 1  # a skipped step counts; a resumed run counts it, too
            squared = jt.zeros_like(squared)  # the gradients of this step are not used
        else:
            if self.optim.clip_norm:
                gradients = clipped(gradients, squared, self.optim.clip_norm)
            optimizer.apply(gradients)
        jt.sync([squared])  # computed now, because a pending `squared` would keep all gradients in memory
        totals = {key: parallel.sum_over_processes(total) for key, total in totals.items()}
        self.updates.append(Update(name, totals, squared))
        return totals

    def penalty_terms(
        self,
        logits_of: Callable[[jt.Var], Sequence[jt.Var]],
        real: jt.Var,
        fake: jt.Var,
        index: Sequence[int],
        name="gp",
    ) -> Dict[str, jt.Var]:
        """Compute D's gradient penalty as the term `name`; no term if weights.gp is 0.

        See `losses.gradient_penalty` for the other arguments.
        """
        if not self.weights["gp"]:
            return {}
        alpha = self.noise.uniform(name, index, (1, 1, 1))
        return {name: losses.gradient_penalty(logits_of, real, fake, alpha)}


def _add(totals: Dict[str, jt.Var], values: Mapping[str, jt.Var], weight: float) -> None:
    for name, value in values.items():
        value = value if weight == 1 else value * weight
        totals[name] = totals[name] + value if name in totals else value
