"""Base of SPADE and TSIT: loss terms, discriminator, style encoder and training step."""

from contextlib import nullcontext
from typing import Any, Container, Dict, NamedTuple, Optional, Sequence, Tuple

import jittor as jt
from jittor import nn

from data_tools.basics.errors import InputError
from jittor_tsit import losses
from jittor_tsit.config.systems.synthesis import SynthesisConfig, SynthesisWeights
from jittor_tsit.data.batch_kinds import LABEL_MAPS_TO_PHOTOS, BatchKind
from jittor_tsit.data.batches import PairedBatch
from jittor_tsit.layers.basic import Image, to_imagenet
from jittor_tsit.layers.diff_augment import NUM_DRAWS, DiffAugment
from jittor_tsit.layers.resize import halved, resize_bilinear, resize_nearest
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.networks.first_tensor import LatentStart, MapStart
from jittor_tsit.networks.nima import SIDE, load_nima, mean_score
from jittor_tsit.networks.patchgan_multiscale import MultiscaleDiscriminator
from jittor_tsit.networks.segformer import SegFormer, load_segformer, upsample
from jittor_tsit.networks.style_encoder import ConvEncoder
from jittor_tsit.networks.vgg import find_vgg
from jittor_tsit.optim import Adam, trainable
from jittor_tsit.systems.base import System, flatten_terms
from jittor_tsit.systems.draws import Noise

__all__ = ["Code", "SynthesisConfig", "SynthesisSystem", "SynthesisWeights", "Targets"]

Code = Tuple[jt.Var, jt.Var]  # mu, logvar


class Targets(NamedTuple):
    """What a generated image is compared with: by D, and by the perceptual loss."""

    real: jt.Var  # real photo for D and the feature-matching loss
    perceptual: jt.Var  # photo for the perceptual loss
    segmap: Optional[Image]  # label map that conditions D; None: D is unconditional


class SynthesisSystem(System):
    """G generates an image from a label map and, with `use_vae`, a latent style code.

    A subclass builds G and sets `unit_stride_layer`.

    Args:
        in_channels: Number of channels of the one-hot label map.
        stride: Side of the images divided by the side of G's first tensor.
        size: Height and width of the images. G also trains on and makes images of other multiples of the stride.
    """

    batch_kind: BatchKind = LABEL_MAPS_TO_PHOTOS
    inference_networks: Tuple[str, ...] = ("G", "E")

    def __init__(self, config: SynthesisConfig, in_channels: int, stride: int, size: Tuple[int, int], seed: int):
        super().__init__(config.optim, vars(config.weights), seed)
        self.config, self.in_channels, self.image_multiple = config, in_channels, stride
        self.start_size = size[0] // stride, size[1] // stride  # of G's first tensor in training
        self.has_code = config.use_vae
        self.channels_D = in_channels + 3
        self.unit_stride_layer = config.num_layers_D - 1  # the layer of D with stride 1: the last hidden one

    def make_start(self, channels: int) -> nn.Module:
        """Build the module that makes G's first tensor of `channels`, from the latent code or from the label map.

        A code that scales and shifts the normalisations is not needed at the start.
        """
        if self.has_code and not self.config.code_in_norms:
            return LatentStart(self.config.z_dim, channels, *self.start_size)
        return MapStart(self.in_channels, channels)

    def attention_block(self, heights: Sequence[int]) -> Optional[int]:
        """Return the number of the block of G that self-attention follows; None without self-attention.

        Args:
            heights: Height of the features of each block.

        Raises:
            InputError: No block has features of the height `attention_G`.
        """
        height = self.config.attention_G
        if height and height not in heights:
            allowed = ", ".join(map(str, sorted(set(heights))))
            raise InputError(f"attention_G={height}: at this image size allowed are 0, {allowed}")
        return heights.index(height) if height else None

    def set_generator(self, G: nn.Module) -> None:
        """Set the generator, and add the style encoder E if there is a latent code."""
        self.G = self.networks["G"] = G
        if self.has_code:
            self.E = self.networks["E"] = ConvEncoder(self.config.width, self.config.z_dim)

    def prepare_training(self, terms: Container[str]) -> None:
        """Add what only training needs: D, frozen networks, optimizers, averaged weights.

        Args:
            terms: Names of the loss terms that have a weight in some phase of the run.
        """
        config = self.config
        config.weight_files(terms)  # raises if an option is missing
        self.D = self.networks["D"] = MultiscaleDiscriminator(
            self.channels_D,
            config.width_D,
            config.num_layers_D,
            config.num_scales_D,
            self.unit_stride_layer,
            config.attention_D - 1 if config.attention_D else None,
        )
        # Frozen networks, None without their terms. Typed Any: a term asks for its network only if it has a weight.
        self.vgg: Any = find_vgg(config.perceptual, config.perceptual_weights) if "vgg" in terms else None
        self.segmenter: Any = self.find_segmenter() if "segmenter" in terms or "score" in terms else None
        self.nima = load_nima(config.nima) if config.nima and "score" in terms else None
        self.gan_loss = losses.GAN_LOSSES[config.gan_loss]
        self.add_average()
        params_G = trainable(self.G, "G.")
        if self.has_code:
            params_G.update(trainable(self.E, "E."))
        self.optimizers["G"] = Adam(params_G, config.optim.lr_G, config.optim.betas)
        self.optimizers["D"] = Adam(trainable(self.D), config.optim.lr_D, config.optim.betas)

    def find_segmenter(self) -> SegFormer:
        """Load the frozen segmentation network.

        Raises:
            InputError: The file cannot be read, or it has other classes.
        """
        net = load_segformer(self.config.segmenter)
        if net.num_classes != self.in_channels:
            raise InputError(
                f"segmenter={self.config.segmenter}: knows {net.num_classes} classes, the label maps {self.in_channels}"
            )
        return net

    def train_step(self, parts: Sequence[Any], step: int) -> Dict[str, jt.Var]:
        g_terms = self.update("G", parts, self.generator_terms, self.weights)
        d_terms = self.update("D", parts, self.discriminator_terms, {"real": 1, "fake": 1, "gp": self.weights["gp"]})
        return flatten_terms(G=g_terms, D=d_terms)

    def generator_terms(self, batch: Any) -> Dict[str, jt.Var]:
        """Compute G's adversarial, feature-matching, perceptual and KL losses, and the optional terms."""
        targets = self.targets(batch)
        fake, code = self.synthesize(batch, "G")
        fake_out, real_out = self.discriminate(*self.augment(targets, fake, "G", batch.index), for_generator=True)
        terms = {"gan": self.gan_loss.gen(fake_out.logits)}
        if self.weights["feat"]:
            terms["feat"] = losses.feature_matching(fake_out.feats, real_out.feats)
        if self.weights["vgg"]:
            halvings = self.config.perceptual_halvings
            terms["vgg"] = losses.perceptual(self.vgg, halved(fake, halvings), halved(targets.perceptual, halvings))
        if self.weights["segmenter"] or self.weights["score"]:
            terms.update(self.score_terms(fake, batch.segmap))
        terms.update(self.own_terms(batch, fake))
        if code is not None:
            terms["kld"] = losses.kl_divergence(*code) * batch.share.whole  # the official code sums over the batch
        return terms

    def own_terms(self, batch: Any, fake: jt.Var) -> Dict[str, jt.Var]:
        """Return loss terms of G that only this system has, by name. The base class has none."""
        return {}

    def score_terms(self, fake: jt.Var, segmap: Image) -> Dict[str, jt.Var]:
        """Compute the terms "segmenter" and "score" with the frozen segmenter and the frozen NIMA network."""
        resized = resize_bilinear(fake, self.config.segmenter_height, self.config.segmenter_width)
        logits, terms = upsample(self.segmenter(to_imagenet(resized)), *fake.shape[2:]), {}
        if self.weights["segmenter"]:
            terms["segmenter"] = losses.balanced_cross_entropy(logits, segmap, balance=0)
        if self.weights["score"]:
            rating = mean_score(self.nima(resize_bilinear(fake, SIDE, SIDE))) if self.nima else None
            terms["score"] = losses.lack_of_score(logits, segmap, rating)
        return terms

    def discriminator_terms(self, batch: Any) -> Dict[str, jt.Var]:
        """Compute D's adversarial losses for real and generated images, and its gradient penalty.

        The image is generated again by the updated G, as in the official code.
        """
        with jt.no_grad():
            fake, _ = self.synthesize(batch, "D")
        targets, fake = self.augment(self.targets(batch), fake.detach(), "D", batch.index)
        fake_out, real_out = self.discriminate(targets, fake, for_generator=False)
        terms = {"real": self.gan_loss.real(real_out.logits), "fake": self.gan_loss.fake(fake_out.logits)}
        with evaluating(self.D):  # `discriminate` has already updated the singular vectors in this step

            def logits_of(image: jt.Var):
                return self.D(image, targets.segmap).logits

            return {**terms, **self.penalty_terms(logits_of, targets.real, fake, batch.index)}

    def targets(self, batch: Any) -> Targets:
        """Return what the images of a batch are compared with. Here the photo serves D and the perceptual loss."""
        return Targets(batch.image, batch.image, batch.segmap)

    def synthesize(self, batch: Any, purpose: str) -> Tuple[jt.Var, Optional[Code]]:
        """Generate images in training mode. Also return mean and log-variance of their codes; None without codes."""
        segmap = batch.segmap_of_G
        pixels = self.draw_pixels(self.noise, purpose, segmap, batch.index)
        if not self.has_code:
            return self.run_G(self.G, segmap, pixels), None
        mu, logvar = self.E(batch.image)
        eps = self.noise.normal(purpose, batch.index, (self.config.z_dim,))
        return self.run_G(self.G, segmap, pixels, mu + eps * jt.exp(0.5 * logvar)), (mu, logvar)

    def draw_pixels(self, noise: Noise, purpose: str, segmap: Image, index: Sequence[int]) -> Optional[jt.Var]:
        """Draw the noise of each pixel, [N, 1, H, W]; None without `pixel_noise`."""
        if not self.config.pixel_noise:
            return None
        return noise.normal(f"pixels {purpose}", index, (1, *segmap.shape[2:]))

    def run_G(self, G: nn.Module, segmap: Image, pixels: Optional[jt.Var], code: Optional[jt.Var] = None) -> jt.Var:
        """Generate images from label maps.

        Args:
            pixels: What `draw_pixels` returned.
            code: Latent codes [N, z_dim]; None: a system without codes.

        A G without codes, or whose codes only scale and shift normalisations, starts from the label map at 1 / stride
        of its size.
        """
        optional = {} if pixels is None else {"noise": pixels}
        if code is not None and not self.config.code_in_norms:
            return G(segmap, code, **optional)
        if code is not None:
            optional["code"] = code
        start = resize_nearest(segmap, *(side // self.image_multiple for side in segmap.shape[2:]))
        return G(segmap, start, **optional)

    def augment(self, targets: Targets, fake: jt.Var, purpose: str, index: Sequence[int]) -> Tuple[Targets, jt.Var]:
        """Return what D sees of photos, label maps and generated images: changed at random by `diff_augment`.

        Args:
            purpose: Name of the optimizer. Each draws changes of its own, so G's step and D's differ.
            index: Places of the images in the run, which seed the draws.
        """
        policy = self.config.diff_augment
        if not policy:
            return targets, fake
        change = DiffAugment(policy, self.noise.numbers(f"augment {purpose}", index, NUM_DRAWS))
        segmap = None if targets.segmap is None else change.label_map(targets.segmap)
        return targets._replace(real=change.image(targets.real), segmap=segmap), change.image(fake)

    def discriminate(self, targets: Targets, fake: jt.Var, for_generator: bool):
        """Return D's outputs for the generated and the real images.

        The official code makes one pass over both. Two passes give the same result, because D normalises each sample
        separately, and G's step saves the backward pass of the real half. The first pass updates the singular vectors
        of spectral norm, the second uses them unchanged.
        """
        fake_out = self.D(fake, targets.segmap)
        with evaluating(self.D), jt.no_grad() if for_generator else nullcontext():
            return fake_out, self.D(targets.real, targets.segmap)

    def is_random_at_test(self, has_references: bool) -> bool:
        """Return whether `generate` depends on the seed: a code does unless a reference photo gives it."""
        return self.config.pixel_noise or self.has_code and not has_references

    def generate(self, batch: Any, noise: Noise) -> jt.Var:
        """Generate images from label maps, in the style of `batch.image` or, if it is None, of a random code."""
        G = self.inference_G
        with jt.no_grad(), evaluating(*self.networks.values()):
            pixels = self.draw_pixels(noise, "z", batch.segmap, batch.index)
            return self.run_G(G, batch.segmap, pixels, self._code(batch, noise) if self.has_code else None)

    def _code(self, batch: PairedBatch, noise: Noise) -> jt.Var:
        if batch.image is None:
            return noise.normal("z", batch.index, (self.config.z_dim,))
        mu, _ = self.E(batch.image)
        return mu
