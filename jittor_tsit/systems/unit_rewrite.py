"""UNIT in its authors' later form: no shared weights, VGG-16 features as a loss (mingyuliutw/UNIT, branch master).

The training step of both forms is in latent_translation.py, the options are in config/systems/unit.py.
"""

from pathlib import Path
from typing import Container, Dict

import jittor as jt

from jittor_tsit import losses
from jittor_tsit.networks.unit_rewrite import SeparateGenerator, SidesDiscriminator
from jittor_tsit.networks.vgg import ContentFeatures
from jittor_tsit.systems.latent_translation import LatentTranslation


class UNITRewriteSystem(LatentTranslation):
    """UNIT with a separate encoder and decoder for each domain."""

    def make_generator(self) -> SeparateGenerator:
        """Build the network of both encoders and both decoders."""
        return SeparateGenerator(self.config.width, self.config.num_blocks, self.channels)

    def make_discriminator(self) -> SidesDiscriminator:
        """Build the discriminator of both domains."""
        return SidesDiscriminator(self.config.width_D, self.config.num_layers_D, self.channels)

    def prepare_training(self, terms: Container[str]) -> None:
        super().prepare_training(terms)
        if "vgg" in terms:
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
