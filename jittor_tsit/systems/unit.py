"""UNIT in the form of the paper: unpaired translation through a shared latent space (Liu et al., NIPS 2017).

The training step of both forms is in latent_translation.py, the options are in config/systems/unit.py.
"""

import jittor as jt

from jittor_tsit import losses
from jittor_tsit.config.systems.unit import FORMS, REWRITE_WEIGHTS, UNITConfig, UNITWeights
from jittor_tsit.networks.unit import DISCRIMINATORS, SharedLatentGenerator
from jittor_tsit.systems.latent_translation import LatentTranslation

__all__ = ["FORMS", "REWRITE_WEIGHTS", "UNITConfig", "UNITSystem", "UNITWeights"]


class UNITSystem(LatentTranslation):
    """UNIT whose encoders and decoders of both domains share their innermost layers."""

    def make_generator(self) -> SharedLatentGenerator:
        """Build the network of both encoders and both decoders."""
        return SharedLatentGenerator(self.config.width, self.config.num_blocks, self.config.has_norms, self.channels)

    def make_discriminator(self):
        """Build the discriminator of both domains."""
        return DISCRIMINATORS[self.config.discriminator](self.config.width_D, self.config.num_layers_D, self.channels)

    def divergence(self, code: jt.Var, noisy: jt.Var) -> jt.Var:
        """Estimate twice the KL divergence of N(code, 1) from N(0, 1), up to a constant.

        The estimate is the mean square of `noisy`, a sample of N(code, 1). `code` is not used.
        """
        return losses.mean(noisy.sqr())
