"""The interface of a system: everything that the rest of the program calls."""

from typing import Any, Container, Dict, List, Mapping, Sequence, Tuple

import jittor as jt

from data_tools.basics.errors import InputError
from jittor_tsit.config import OptimConfig
from jittor_tsit.data.batch_kinds import BatchKind
from jittor_tsit.systems.draws import Noise
from jittor_tsit.systems.updates import Updates


class System(Updates):
    """Networks, optimizers and one training step.

    A subclass is made by `Subclass(config, in_channels, height, width, seed)`: options, channels of a label map in
    one-hot form, size of the images in pixels, seed of the random draws. It sets the attributes below, puts the
    networks that make images into `self.networks` in `__init__` and everything else in `prepare_training`, and writes
    `train_step` and `generate`. `Updates` and `SystemState` give it the rest.
    """

    Config: type  # the dataclass of its options
    batch_kind: BatchKind  # what it learns from
    inference_networks: Tuple[str, ...] = ("G",)  # names of the networks that `generate` and its like need
    former_names: Mapping[str, str] = {}  # network's name in older checkpoints -> its name
    wants_other = False  # whether its batches also hold the targets of other samples
    has_code = False  # whether it can take the style of a photo
    decays_weights = False  # whether it reads optim.weight_decay
    has_way_back = False  # whether it has `generate_back`
    back_network = ""  # the inference network that only the way back needs
    style_network = ""  # the inference network that only finds the style of a photo; styles can also be drawn
    cycle = 0, 1  # (number of warm-up steps, length of one cycle of steps); used to estimate a run's duration

    def __init__(self, optim: OptimConfig, weights: Mapping[str, float], seed: int):
        if optim.weight_decay and not self.decays_weights:
            raise InputError(f"optim.weight_decay={optim.weight_decay}: this system has none; must be 0")
        super().__init__(optim, weights, seed)

    def prepare_training(self, terms: Container[str]) -> None:
        """Add what only training needs: discriminators, frozen networks, optimizers, image pools, averaged weights.

        Args:
            terms: Names of the loss terms that have a weight in some phase of the run.

        Raises:
            InputError: A weight file is missing or wrong, or a term does not go with the options.
        """
        raise NotImplementedError

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        """Update the networks once.

        Args:
            parts: Batches that together are this process's images of the step.
            step: Number of the step in the run, from 0.

        Returns:
            The unweighted loss terms by name, such as "G/gan", detached.
        """
        raise NotImplementedError

    def generate(self, batch: Any, noise: Noise) -> jt.Var:
        """Return images [N, 3, H, W] in [-1, 1], made with the averaged weights where there are any."""
        raise NotImplementedError

    def generate_back(self, batch: Any, noise: Noise) -> jt.Var:
        """Translate from b to a, as `generate` does from a to b. Only systems with `has_way_back` have it."""
        raise NotImplementedError

    def columns(self, batch: Any, noise: Noise) -> List[jt.Var]:
        """Return the images that the sample grid shows, one Var [N, 3, H, W] in [-1, 1] for each column."""
        return [self.generate(batch, noise)]

    def draws_at_test(self, has_references: bool) -> bool:
        """Return whether another seed makes `generate` give another image.

        Args:
            has_references: Whether styles are taken from photos.
        """
        return False

    @property
    def optional_networks(self) -> List[str]:
        """Inference networks that `generate` can do without; published models may lack them."""
        return [name for name in (self.back_network, self.style_network) if name]

    def forget(self, name: str) -> None:
        """Remove an optional network, and the abilities that need it."""
        del self.networks[name]
        self.has_way_back = self.has_way_back and name != self.back_network
        self.has_code = self.has_code and name != self.style_network


def named(**groups: Mapping[str, jt.Var]) -> Dict[str, jt.Var]:
    """Join groups of loss terms under one name each, detached: {"G": {"gan": x}} -> {"G/gan": x}."""
    return {f"{group}/{name}": term.detach() for group, terms in groups.items() for name, term in terms.items()}
