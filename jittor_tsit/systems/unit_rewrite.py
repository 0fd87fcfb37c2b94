"""UNIT in its authors' later form: no shared weights, VGG-16 features as a loss (mingyuliutw/UNIT, branch master).

The training step of both forms is in latent_translation.py, the options are in unit_options.py.
"""

from pathlib import Path
from typing import Container, Dict

import jittor as jt

from data_tools.basics.errors import InputError
from jittor_tsit import losses
from jittor_tsit.networks.unit_rewrite import SeparateGenerator, SidesDiscriminator
from jittor_tsit.networks.vgg import ContentFeatures
from jittor_tsit.systems.latent_translation import LatentTranslation
from jittor_tsit.systems.unit_options import CONTENT_LOSS_NEEDS, UNITConfig


class UNITRewriteSystem(LatentTranslation):
    """UNIT with a separate encoder and decoder for each domain."""

    def __init__(self, config: UNITConfig, in_channels: int, height: int, width: int, seed: int):
        super().__init__(config, in_channels, height, width, seed)
        # D's smallest scale needs two pixels in its last but one layer, for the reflection padding.
        least = 4 * 2**config.num_layers_D
        if min(height, width) < least:
            raise InputError(
                f"image size {width}x{height}: num_layers_D={config.num_layers_D} needs sides of at least {least}"
            )

    def make_generator(self) -> SeparateGenerator:
        """Build the network of both encoders and both decoders."""
        return SeparateGenerator(self.config.width, self.config.num_blocks)

    def make_discriminator(self) -> SidesDiscriminator:
        """Build the discriminator of both domains."""
        return SidesDiscriminator(self.config.width_D, self.config.num_layers_D)

    def prepare_training(self, terms: Container[str]) -> None:
        super().prepare_training(terms)
        if "vgg" in terms:
            if not self.config.perceptual_weights:
                raise InputError(CONTENT_LOSS_NEEDS)
            self.content = ContentFeatures(Path(self.config.perceptual_weights))

    def divergence(self, code: jt.Var, noisy: jt.Var) -> jt.Var:
        """Compute twice the KL divergence of N(code, 1) from N(0, 1), up to a constant.

        It is the mean square of `code`. `noisy` is not used.
        """
        return losses.mean(code.sqr())

    def own_terms(self, image: jt.Var, fake: jt.Var, there: str) -> Dict[str, jt.Var]:
        """Compute the squared distance of VGG-16's features of an image and its translation."""
        if not self.weights["vgg"]:
            return {}
        return {f"vgg_{there}": losses.mean((self.content(fake) - self.content(image)).sqr())}
