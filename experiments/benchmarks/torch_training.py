"""A training step of TSIT and SPADE in plain PyTorch. It computes the same as `SynthesisSystem.train_step`."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PERCEPTUAL_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)  # of relu1_1 … relu5_1, from pix2pixHD
Terms = Dict[str, Tensor]


class Trainer:
    """Networks and their optimizers, which do training steps and generate images.

    Args:
        networks: G, D and, if the system has a latent code, E.
        vgg: Network for the perceptual loss; None leaves this term out.
        weights: Weights of G's loss terms.
        rates: Learning rates of G (with E) and D.
        autocast: Type in which convolutions are computed; None: the type of the weights.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        vgg: Optional[nn.Module],
        weights: Mapping[str, float],
        rates: Tuple[float, float],
        betas: Tuple[float, float],
        autocast: Optional[torch.dtype] = None,
    ):
        self.networks, self.vgg, self.weights = dict(networks), vgg, weights
        self.G, self.D, self.E = networks["G"], networks["D"], networks.get("E")
        params_G = [p for name, network in networks.items() if name != "D" for p in network.parameters()]
        # fused: one kernel updates all parameters
        self.optimizer_G = torch.optim.Adam(params_G, rates[0], betas, fused=True)
        self.optimizer_D = torch.optim.Adam(self.D.parameters(), rates[1], betas, fused=True)
        self.autocast = autocast

    def train_step(self, segmap: Tensor, image: Tensor, eps: Tensor) -> Terms:
        """Update G, then D. Return the unweighted loss terms by name, such as "G/gan".

        Shapes:
            segmap [N, K, H, W] one-hot, image [N, 3, H, W] in [-1, 1], eps [2, N, z_dim] N(0, 1) draws for the codes
        """
        self.D.requires_grad_(False)  # G's step does not need the gradients of D's weights
        g_terms = self._update(self.optimizer_G, self.weights, self.generator_terms, segmap, image, eps[0])
        self.D.requires_grad_(True)
        even = {"real": 1.0, "fake": 1.0}
        d_terms = self._update(self.optimizer_D, even, self.discriminator_terms, segmap, image, eps[1])
        groups = {"G": g_terms, "D": d_terms}
        return {f"{group}/{name}": term.detach() for group, terms in groups.items() for name, term in terms.items()}

    def _update(self, optimizer, weights: Mapping[str, float], terms_of, segmap, image, eps) -> Terms:
        optimizer.zero_grad()
        with self._autocast(image):
            terms = terms_of(segmap, image, eps)
            loss = sum(weights[name] * term for name, term in terms.items())
        loss.backward()
        optimizer.step()
        return terms

    def generator_terms(self, segmap: Tensor, image: Tensor, eps: Tensor) -> Terms:
        """G's loss terms: adversarial, feature matching, perceptual, and divergence of the code from N(0, 1)."""
        fake, code = self.synthesize(segmap, image, eps)
        fake_out = self.D(torch.cat([segmap, fake], 1))
        self.D.eval()  # the pass of the photo must not update the singular vectors again
        with torch.no_grad():
            real_out = self.D(torch.cat([segmap, image], 1))
        self.D.train()
        terms = {"gan": _over_scales([-x for x in fake_out.logits])}
        terms["feat"] = feature_matching(fake_out.feats, real_out.feats)
        if self.vgg is not None:
            terms["vgg"] = perceptual(self.vgg, fake, image)
        if code is not None:
            mu, logvar = code
            terms["kld"] = -0.5 * (1 + logvar - mu.square() - logvar.exp()).sum()
        return terms

    def discriminator_terms(self, segmap: Tensor, image: Tensor, eps: Tensor) -> Terms:
        """D's hinge loss terms for real and fake images, in one pass. The updated G makes a new fake image."""
        with torch.no_grad():
            fake, _ = self.synthesize(segmap, image, eps)
        both = torch.cat([torch.cat([segmap, fake], 1), torch.cat([segmap, image], 1)])
        fake_logits, real_logits = zip(*(x.chunk(2) for x in self.D(both).logits))
        return {
            "real": _over_scales([F.relu(1 - x) for x in real_logits]),
            "fake": _over_scales([F.relu(1 + x) for x in fake_logits]),
        }

    def synthesize(self, segmap: Tensor, image: Tensor, eps: Tensor):
        """Make an image of G. Return it, and the mean and log-variance of the code (None without E)."""
        if self.E is None:
            return self.G(segmap, segmap), None
        mu, logvar = self.E(image)
        return self.G(segmap, mu + eps * torch.exp(0.5 * logvar)), (mu, logvar)

    @torch.inference_mode()
    def generate(self, segmap: Tensor, z: Tensor) -> Tensor:
        """Images [N, 3, H, W] in [-1, 1] in evaluation mode, from codes z [N, z_dim] if the system has codes."""
        self.G.eval()
        with self._autocast(segmap):
            image = self.G(segmap, segmap if self.E is None else z)
        self.G.train()
        return image

    def gradients(self) -> Dict[str, Tensor]:
        """The gradients of the last step, with our optimizers' names: "gradient G/E.…", "gradient D/scales.…"."""
        found = {}
        for name, network in self.networks.items():
            optimizer, prefix = (self.optimizer_D, "D/") if name == "D" else (self.optimizer_G, f"G/{name}.")
            for key, parameter in network.named_parameters():
                ours = key.replace("weight_orig", "weight")
                mean = optimizer.state[parameter]["exp_avg"]  # equals the gradient, because beta1 is 0
                found[f"gradient {prefix}{ours}"] = mean
        return found

    def _autocast(self, example: Tensor):
        return torch.autocast(example.device.type, self.autocast, enabled=self.autocast is not None)


def _over_scales(values: List[Tensor]) -> Tensor:
    """The mean over pixels, then over scales."""
    return sum(x.mean() for x in values) / len(values)


def feature_matching(fake_feats: List[List[Tensor]], real_feats: List[List[Tensor]]) -> Tensor:
    """Mean L1 distance of D's hidden activations, summed over layers, averaged over scales."""
    pairs = [pair for fakes, reals in zip(fake_feats, real_feats) for pair in zip(fakes, reals)]
    return sum(F.l1_loss(fake, real) for fake, real in pairs) / len(fake_feats)


def perceptual(vgg: nn.Module, image: Tensor, target: Tensor) -> Tensor:
    """Weighted mean L1 distance of VGG features. No gradient is computed for the target."""
    with torch.no_grad():
        target_feats = vgg(target)
    distances = (F.l1_loss(x, y) for x, y in zip(vgg(image), target_feats))
    return sum(weight * distance for weight, distance in zip(PERCEPTUAL_WEIGHTS, distances))
