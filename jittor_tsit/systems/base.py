"""The base class of all systems: everything that the rest of the program calls."""

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

    Config: type  # dataclass of the system's options
    batch_kind: BatchKind  # kind of the training data
    inference_networks: Tuple[str, ...] = ("G",)  # names of the networks that `generate` needs
    former_names: Mapping[str, str] = {}  # network's name in older checkpoints -> its name
    wants_other = False  # whether its batches also hold the targets of other samples
    has_code = False  # whether a latent code gives the style, so that the style of a photo can be used
    draws_by_class = False  # whether the pixels of a class can have noise of their own
    decays_weights = False  # whether it reads optim.weight_decay
    translates_back = False  # whether it has `generate_back`
    back_network = ""  # the inference network that only `generate_back` needs
    style_network = ""  # the inference network that encodes the style of a photo; random styles work without it
    image_multiple = 1  # the sides of the images that `generate` takes are multiples of this, in pixels
    label_network = ""  # the inference network that finds the labels of a photo; photos with labels work without it
    known_classes = 0  # classes of label maps, without "no class" and borders of instances; 0: all their channels
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
            InputError: A weight file is missing or wrong, or a term and an option exclude each other.
        """
        raise NotImplementedError

    def prepare_test(self) -> None:
        """Add networks that training adds in `prepare_training` and that inference needs, too. Here there are none."""

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        """Update the networks once.

        Args:
            parts: Batches that together hold this process's images of the step.
            step: Number of the step in the run, from 0.

        Returns:
            The unweighted loss terms by name, such as "G/gan", as detached copies.
        """
        raise NotImplementedError

    def generate(self, batch: Any, noise: Noise) -> jt.Var:
        """Generate images [N, 3, H, W] in [-1, 1]. Use the averaged weights if there are any.

        Args:
            noise: Random draws of the latent codes and of dropout.
        """
        raise NotImplementedError

    def generate_back(self, batch: Any, noise: Noise) -> jt.Var:
        """Translate images of domain B to domain A. They are in `batch.a`, as inputs always are.

        Only systems with `translates_back` define this method.
        """
        raise NotImplementedError

    def columns(self, batch: Any, noise: Noise) -> List[jt.Var]:
        """Return the images that the sample grid shows, one Var [N, 3, H, W] in [-1, 1] for each column."""
        return [self.generate(batch, noise)]

    def column_heads(self) -> List[str]:
        """Return a name for each of `columns`; empty where there is one column, which the kind of data names."""
        return []

    def is_random_at_test(self, has_references: bool) -> bool:
        """Return whether `generate` depends on the seed.

        Args:
            has_references: Whether reference photos give the styles.
        """
        return False

    @property
    def optional_networks(self) -> List[str]:
        """Names of the inference networks that `generate` does not need. Published models may lack them."""
        return [name for name in (self.back_network, self.style_network, self.label_network) if name]

    def remove_network(self, name: str) -> None:
        """Remove an optional network (see `optional_networks`), and mark the methods that need it as missing."""
        del self.networks[name]
        self.translates_back = self.translates_back and name != self.back_network
        self.has_code = self.has_code and name != self.style_network


def flatten_terms(**groups: Mapping[str, jt.Var]) -> Dict[str, jt.Var]:
    """Join groups of loss terms into one dict of detached copies: G={"gan": x} -> {"G/gan": x}."""
    return {f"{group}/{name}": term.detach() for group, terms in groups.items() for name, term in terms.items()}
