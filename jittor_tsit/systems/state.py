"""Networks and optimizers of a system, and their arrays by name."""

import copy
from typing import Any, Dict, Mapping

import jittor as jt
from jittor import nn

from jittor_tsit.config import OptimConfig
from jittor_tsit.optim import Optimizer, update_average

AVERAGED = "G_ema"  # name of the network that holds the averaged weights of G


def with_averaged_weights(arrays: Mapping[str, Any]) -> Dict[str, Any]:
    """Return a checkpoint's arrays in which G has its averaged weights, if there are any."""
    averaged = {name: array for name, array in arrays.items() if name.startswith(f"{AVERAGED}.")}
    others = {name: array for name, array in arrays.items() if name not in averaged}
    return {**others, **{f"G.{name[len(AVERAGED) + 1 :]}": array for name, array in averaged.items()}}


class SystemState:
    """Networks, optimizers and everything else that a checkpoint of a run holds.

    Args:
        optim: Options of the optimizers and of the average.
    """

    def __init__(self, optim: OptimConfig):
        self.optim = optim
        self.networks: Dict[str, nn.Module] = {}  # by the names that a checkpoint gives them
        self.optimizers: Dict[str, Optimizer] = {}
        self.extras: Dict[str, Any] = {}  # other things with a state_dict(), such as image pools

    @property
    def inference_G(self) -> nn.Module:
        """G with averaged weights, or G itself if the run has no averaged weights."""
        return self.networks.get(AVERAGED, self.networks["G"])

    def add_average(self) -> None:
        """Add a copy of G that will hold its averaged weights, unless their half-life is 0."""
        if self.optim.ema_halflife_nimg:
            self.networks[AVERAGED] = copy.deepcopy(self.networks["G"])

    def update_average(self, batch_size: int, nimg: int) -> None:
        """Move the averaged weights towards the weights of G, if there are averaged weights.

        Args:
            batch_size: Number of images of the step.
            nimg: Number of images seen so far.
        """
        if AVERAGED in self.networks:
            halflife = self.optim.ema_halflife_nimg
            update_average(self.networks[AVERAGED], self.networks["G"], batch_size, nimg, halflife)

    def state_dict(self) -> Dict[str, jt.Var]:
        """Return every array that a resumed run needs, by name: "G.…", "optimizer_G.mean.…"."""
        parts = {**self.networks, **self.extras}
        parts.update({f"optimizer_{name}": optimizer for name, optimizer in self.optimizers.items()})
        return {f"{part}.{name}": var for part, holder in parts.items() for name, var in holder.state_dict().items()}

    def load_state_dict(self, state: Mapping[str, Any], num_steps: int) -> None:
        """Replace all arrays. Their names and shapes are those of `state_dict`.

        Args:
            num_steps: Number of steps that the run has done.
        """
        self.put_arrays({name: state[name] for name in self.state_dict()})
        for name, optimizer in self.optimizers.items():
            optimizer.num_steps = self.updates_of(name, num_steps)

    def put_arrays(self, arrays: Mapping[str, Any]) -> None:
        """Replace the arrays of these names by new values, in place. Names and shapes are those of `state_dict`."""
        state = self.state_dict()
        for name, array in arrays.items():
            state[name].update(jt.array(array))
        jt.sync_all()  # Jittor 1.3.11 cannot fuse a pending jt.array into a broadcast

    def parameter_name(self, optimizer: str, name: str) -> str:
        """Return the name that a checkpoint gives to the parameter `name` of an optimizer.

        An optimizer of one network leaves the network's name out.
        """
        return name if name.partition(".")[0] in self.networks else f"{optimizer}.{name}"

    def updates_of(self, name: str, num_steps: int) -> int:
        """Return how often the optimizer `name` has updated its parameters after `num_steps` steps of a run."""
        return num_steps
