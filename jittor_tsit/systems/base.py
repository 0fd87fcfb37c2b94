"""What the loop may ask of a system."""

import copy
from typing import Any, Dict, Mapping

import jittor as jt
from jittor import nn

from jittor_tsit.config import OptimConfig
from jittor_tsit.noise import Noise
from jittor_tsit.optim import Adam, linear_decay, update_average


class System:
    """Networks, optimizers and one training step.

    A subclass sets `Config` and `batch_kind`, fills `self.networks` in `__init__` and the rest in
    `prepare_training`, and writes `train_step` and `generate`.

    Args:
        optim: Rates, decay and averaging.
        seed: Of all random draws while training.
    """

    Config: type  # the dataclass of its options
    batch_kind: str  # what its batches are: "paired" or "unpaired"

    def __init__(self, optim: OptimConfig, seed: int):
        self.optim = optim
        self.noise = Noise(seed)
        self.networks: Dict[str, nn.Module] = {}  # those that a checkpoint holds
        self.optimizers: Dict[str, Adam] = {}
        self.rates: Dict[str, float] = {}  # full learning rate of each optimizer

    def train_step(self, batch: Any, step: int) -> Dict[str, jt.Var]:
        """Update every network once; returns the unweighted terms by name, such as "G/gan"."""
        raise NotImplementedError

    def generate(self, batch: Any, noise: Noise) -> jt.Var:
        """Images [N, 3, H, W] in [-1, 1], by the averaged weights where there are any."""
        raise NotImplementedError

    def add_average(self) -> None:
        """Keep averaged weights of G, unless the half-life is 0."""
        if self.optim.ema_halflife_nimg:
            self.networks["G_ema"] = copy.deepcopy(self.networks["G"])

    def update_average(self, batch_size: int, nimg: int) -> None:
        """Move the averaged weights, after `nimg` images."""
        if "G_ema" in self.networks:
            halflife = self.optim.ema_halflife_nimg
            update_average(self.networks["G_ema"], self.networks["G"], batch_size, nimg, halflife)

    def set_learning_rate(self, nimg: int) -> None:
        """The rates that hold after `nimg` images."""
        optim = self.optim
        factor = linear_decay(nimg, optim.constant_nimg, optim.decay_nimg, optim.epoch_nimg)
        for name, optimizer in self.optimizers.items():
            optimizer.lr = self.rates[name] * factor

    def state_dict(self) -> Dict[str, jt.Var]:
        """Every array that a run needs to go on, by name: "G.…", "optimizer_G.mean.…"."""
        parts = dict(self.networks)
        parts.update({f"optimizer_{name}": optimizer for name, optimizer in self.optimizers.items()})
        return {f"{part}.{name}": var for part, holder in parts.items() for name, var in holder.state_dict().items()}

    def load_state_dict(self, state: Mapping[str, Any], num_steps: int) -> None:
        """Take over arrays named and shaped as `state_dict` has them.

        Args:
            num_steps: Steps that the optimizers have done.
        """
        for name, var in self.state_dict().items():
            var.update(jt.array(state[name]))
        jt.sync_all()  # Jittor 1.3.11 cannot fuse a pending jt.array into a broadcast
        for optimizer in self.optimizers.values():
            optimizer.num_steps = num_steps


def named(**groups: Mapping[str, jt.Var]) -> Dict[str, jt.Var]:
    """{"G": {"gan": x}} -> {"G/gan": x}, detached."""
    return {f"{group}/{name}": term.detach() for group, terms in groups.items() for name, term in terms.items()}
