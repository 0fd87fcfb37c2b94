"""What the loop may ask of a system."""

import copy
from contextlib import nullcontext
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence

import jittor as jt
from jittor import nn

from data_tools.basics.errors import InputError
from jittor_tsit import losses
from jittor_tsit.config import OptimConfig
from jittor_tsit.config.phases import PlannedPhase
from jittor_tsit.layers.precision import FLOAT32, computing_in, require_precision
from jittor_tsit.layers.train_mode import holding_vectors
from jittor_tsit.optim import LossScale, Optimizer, clipped, linear_decay, scaled, squares, update_average
from jittor_tsit.runtime import parallel
from jittor_tsit.systems.draws import Noise


class Update(NamedTuple):
    """What one use of an optimizer tells of itself."""

    optimizer: str  # its name
    terms: Dict[str, jt.Var]  # of its loss
    squares: jt.Var  # `optim.squares` of its gradients, before they are clipped


class System:
    """Networks, optimizers and one training step.

    A subclass sets `Config` and `batch_kind`, fills `self.networks` in `__init__` and the rest in
    `prepare_training`, and writes `train_step` and `generate`.

    Args:
        optim: Rates, decay and averaging.
        weights: Of the loss terms, by name.
        seed: Of all random draws while training.
    """

    Config: type  # the dataclass of its options
    wants_other = False  # whether its batches hold other pairs' targets, too
    has_code = False  # whether it can take the style of a photo
    decays_weights = False  # whether it reads optim.weight_decay
    cycle = 0, 1  # first step that is like those of most of a run, and how many there are before they repeat
    has_way_back = False  # whether it has `generate_back`
    back_network = ""  # the network that nothing but the way back needs, if there is such a one
    style_network = ""  # the network that only finds the style of a photo, where styles may be drawn instead
    batch_kind: str  # what its batches are: "paired", "segmentation", one of data.WITH_NAMES or of data.IMAGES_ONLY

    def __init__(self, optim: OptimConfig, weights: Mapping[str, float], seed: int):
        if optim.weight_decay and not self.decays_weights:
            raise InputError(f"optim.weight_decay={optim.weight_decay}: this system has none; must be 0")
        self.optim, self.weights = optim, weights
        self.noise = Noise(seed)
        self.networks: Dict[str, nn.Module] = {}  # those that a checkpoint holds
        self.optimizers: Dict[str, Optimizer] = {}
        self.extras: Dict[str, Any] = {}  # what else a checkpoint of a run holds, such as image pools
        self.updates: List[Update] = []  # since `begin`
        self.precision = FLOAT32  # of convolutions in `update`

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        """Update every network once; returns the unweighted terms by name, such as "G/gan".

        Args:
            parts: Batches that together are the step's images in the hands of this process.
        """
        raise NotImplementedError

    def generate(self, batch: Any, noise: Noise) -> jt.Var:
        """Images [N, 3, H, W] in [-1, 1], by the averaged weights where there are any."""
        raise NotImplementedError

    def generate_back(self, batch: Any, noise: Noise) -> jt.Var:
        """As `generate`, for images of b, of a system that has a way back."""
        raise NotImplementedError

    @property
    def optional_networks(self) -> List[str]:
        """Networks that `generate` can do without; published models may lack them."""
        return [name for name in (self.back_network, self.style_network) if name]

    def forget(self, name: str) -> None:
        """Do without an optional network, and without what needs it."""
        del self.networks[name]
        self.has_way_back = self.has_way_back and name != self.back_network
        self.has_code = self.has_code and name != self.style_network

    def columns(self, batch: Any, noise: Noise) -> List[jt.Var]:
        """What the sample grid shows of a batch, one column a Var."""
        return [self.generate(batch, noise)]

    def draws_at_test(self, has_references: bool) -> bool:
        """Whether `generate` makes another image by other noise.

        Args:
            has_references: Styles are taken from photos.
        """
        return False

    def train_in(self, precision: str) -> None:
        """Compute steps in this precision, one of config.PRECISIONS; after `prepare_training`.

        Raises:
            InputError: The GPU does not know it.
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

    def add_average(self) -> None:
        """Keep averaged weights of G, unless the half-life is 0."""
        if self.optim.ema_halflife_nimg:
            self.networks["G_ema"] = copy.deepcopy(self.networks["G"])

    def update_average(self, batch_size: int, nimg: int) -> None:
        """Move the averaged weights, after `nimg` images."""
        if "G_ema" in self.networks:
            halflife = self.optim.ema_halflife_nimg
            update_average(self.networks["G_ema"], self.networks["G"], batch_size, nimg, halflife)

    def begin(self, phase: PlannedPhase, nimg: int) -> None:
        """Take over a phase's loss weights, and the rates that hold in it after `nimg` images."""
        self.updates = []
        self.weights, optim = phase.weights, self.optim
        factor = linear_decay(nimg, optim.constant_nimg, optim.decay_nimg, optim.epoch_nimg)
        for name, optimizer in self.optimizers.items():
            optimizer.lr = phase.rates[name] * factor

    def state_dict(self) -> Dict[str, jt.Var]:
        """Every array that a run needs to go on, by name: "G.…", "optimizer_G.mean.…"."""
        parts = {**self.networks, **self.extras}
        parts.update({f"optimizer_{name}": optimizer for name, optimizer in self.optimizers.items()})
        return {f"{part}.{name}": var for part, holder in parts.items() for name, var in holder.state_dict().items()}

    def load_state_dict(self, state: Mapping[str, Any], num_steps: int) -> None:
        """Take over arrays named and shaped as `state_dict` has them.

        Args:
            num_steps: Steps of the run so far.
        """
        self.put_arrays({name: state[name] for name in self.state_dict()})
        for name, optimizer in self.optimizers.items():
            optimizer.num_steps = self.updates_of(name, num_steps)

    def put_arrays(self, arrays: Mapping[str, Any]) -> None:
        """Take over some arrays, named and shaped as `state_dict` has them."""
        state = self.state_dict()
        for name, array in arrays.items():
            state[name].update(jt.array(array))
        jt.sync_all()  # Jittor 1.3.11 cannot fuse a pending jt.array into a broadcast

    def parameter_name(self, optimizer: str, name: str) -> str:
        """What a checkpoint calls a parameter of an optimizer, which leaves out the network if there is but one."""
        return name if name.partition(".")[0] in self.networks else f"{optimizer}.{name}"

    def updates_of(self, name: str, num_steps: int) -> int:
        """How often an optimizer has been used in a run's first steps."""
        return num_steps


def _add(totals: Dict[str, jt.Var], values: Mapping[str, jt.Var], weight: float) -> None:
    for name, value in values.items():
        value = value if weight == 1 else value * weight
        totals[name] = totals[name] + value if name in totals else value


def named(**groups: Mapping[str, jt.Var]) -> Dict[str, jt.Var]:
    """{"G": {"gan": x}} -> {"G/gan": x}, detached."""
    return {f"{group}/{name}": term.detach() for group, terms in groups.items() for name, term in terms.items()}
