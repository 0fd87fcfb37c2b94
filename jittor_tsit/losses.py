"""Loss terms, unweighted, each as its paper's official code reduces it."""

from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

import jittor as jt

from jittor_tsit.layers.elementary import absolute, positive_part, softplus, sqrt
from jittor_tsit.layers.image_layouts import Image, plain, plain_layout, plain_values
from jittor_tsit.layers.reductions import mean, total


class GANLoss(NamedTuple):
    """Three terms of an adversarial loss. Each takes D's logits, one Var a scale, and averages over scales."""

    real: Callable[[Sequence[jt.Var]], jt.Var]  # D's loss on photographs
    fake: Callable[[Sequence[jt.Var]], jt.Var]  # D's loss on generated images
    gen: Callable[[Sequence[jt.Var]], jt.Var]  # G's loss on its images


def _over_scales(pixel_loss):
    """From a loss per logit to its mean over pixels, then over scales."""
    return lambda logits: sum(mean(pixel_loss(x)) for x in logits) / len(logits)


GAN_LOSSES: Dict[str, GANLoss] = {
    # Lim & Ye, arXiv 1705.02894; Miyato et al., ICLR 2018
    "hinge": GANLoss(
        real=_over_scales(lambda x: positive_part(1 - x)),
        fake=_over_scales(lambda x: positive_part(1 + x)),
        gen=_over_scales(lambda x: -x),
    ),
    # Mao et al., ICCV 2017
    "lsgan": GANLoss(
        real=_over_scales(lambda x: (x - 1).sqr()),
        fake=_over_scales(lambda x: x.sqr()),
        gen=_over_scales(lambda x: (x - 1).sqr()),
    ),
    # Goodfellow et al., NIPS 2014, with G's non-saturating form: cross-entropy of the logits
    "vanilla": GANLoss(
        real=_over_scales(lambda x: softplus(-x)),
        fake=_over_scales(lambda x: softplus(x)),
        gen=_over_scales(lambda x: softplus(-x)),
    ),
    # Arjovsky et al., ICML 2017
    "wgan": GANLoss(
        real=_over_scales(lambda x: -x),
        fake=_over_scales(lambda x: x),
        gen=_over_scales(lambda x: -x),
    ),
}


def over_scales(loss: Callable[[Sequence[jt.Var]], jt.Var], logits: Sequence[jt.Var]) -> jt.Var:
    """The sum over the scales, as BicycleGAN and UNIT have it, of a loss that takes the mean."""
    return loss(logits) * len(logits)


def l1(x: jt.Var, y: jt.Var) -> jt.Var:
    """Mean absolute distance of two Vars of one shape."""
    return mean(absolute(x - y))


def feature_matching(fake_feats: List[List[Image]], real_feats: List[List[Image]]) -> jt.Var:
    """Mean L1 distance of D's hidden activations, summed over layers, averaged over scales.

    Source: pix2pixHD (Wang et al., CVPR 2018). The photograph's side takes no gradient.
    """
    total = 0
    for fakes, reals in zip(fake_feats, real_feats):
        total = total + sum(l1(plain_values(x), plain_values(y).detach()) for x, y in zip(fakes, reals))
    return total / len(fake_feats)


PERCEPTUAL_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)  # of relu1_1 … relu5_1, as pix2pixHD has them


def perceptual(features: Callable[[jt.Var], List[jt.Var]], image: jt.Var, target: jt.Var) -> jt.Var:
    """Weighted mean L1 distance of VGG features; the target takes no gradient.

    Args:
        features: Five feature maps, shallow to deep, of images [N, 3, H, W] in [-1, 1].

    Source: Johnson et al., ECCV 2016, in pix2pixHD's form: no ImageNet mean and deviation.
    """
    with jt.no_grad():
        target_feats = features(target)
    distances = [l1(x, y.detach()) for x, y in zip(features(image), target_feats)]
    return sum(weight * distance for weight, distance in zip(PERCEPTUAL_WEIGHTS, distances))


def kl_divergence(mu: jt.Var, logvar: jt.Var) -> jt.Var:
    """KL divergence of N(mu, e^logvar) from N(0, 1), summed over all dimensions, mean over the images."""
    return -0.5 * total(1 + logvar - mu.sqr() - jt.exp(logvar)) / mu.shape[0]


def gradient_penalty(
    logits_of: Callable[[jt.Var], Sequence[jt.Var]], real: jt.Var, fake: jt.Var, alpha: jt.Var
) -> jt.Var:
    """How far the slope of D is from 1 between photographs and generated images: mean of (slope - 1)^2.

    Args:
        logits_of: From images to logits, one Var a scale; the slope is that of their sum.
        alpha: [N, 1, 1, 1], share of the photograph in the point between; uniform in [0, 1].

    Source: Gulrajani et al., NIPS 2017, as StarGAN has it: the length over all pixels, without epsilon.
    """
    between = (alpha * real + (1 - alpha) * fake).detach().start_grad()
    with plain_layout():
        gradient = jt.grad(sum(map(total, logits_of(between))), between, retain_graph=True)
    length = sqrt(total(gradient.sqr(), range(1, gradient.ndim)))
    return mean((length - 1).sqr())


def binary_cross_entropy(logits: jt.Var, label: jt.Var) -> jt.Var:
    """Of yes-or-no labels [N, K], zeros and ones; summed over them, mean over the images."""
    return mean(total(softplus(logits) - logits * label, [1]))


def cross_entropy(logits: jt.Var, label: jt.Var) -> jt.Var:
    """Of one class among several, label [N, K] one-hot; mean over the images."""
    return -mean(total(label * _log_probability(logits), [1]))


def patch_cross_entropy(logits: jt.Var, answer: int) -> jt.Var:
    """Of the same right answer for every patch, mean over patches and images. logits [N, K, H, W]"""
    return -mean(_log_probability(logits)[:, answer])


def weighted_sum(terms: Dict[str, jt.Var], weights: Dict[str, float]) -> jt.Var:
    """Sum of weight times term.

    Raises:
        KeyError: A term has no weight.
    """
    return sum(weights[name] * term for name, term in terms.items())


def balanced_cross_entropy(logits: jt.Var, segmap: Image, balance: float) -> jt.Var:
    """Mean cross-entropy of the pixels, those of rare classes weighing more.

    Args:
        balance: Power of the inverse of a class's share of the pixels; the weights' mean over the pixels is 1.

    Shapes:
        logits [N, K, H, W], segmap [N, K, H, W] one-hot

    Source: class-balanced loss as OASIS has it (Sushko et al., ICLR 2021), there with balance 1.
    """
    segmap = plain(segmap)
    share = mean(segmap, [0, 2, 3])  # [K]
    weight = (share > 0).float32() * jt.maximum(share, 1e-12) ** -balance  # the floor is for absent classes only
    weight = weight / total(share * weight)
    return -mean(total(segmap * weight.reshape(1, -1, 1, 1) * _log_probability(logits), [1]))


def lack_of_score(logits: jt.Var, segmap: Image, rating: Optional[jt.Var] = None) -> jt.Var:
    """1 minus the contest's 2022 formula, mean over the images, as far as one image tells it.

    Pixels count by the probability that the segmenter gives the label's class. Of the second factor there is the
    aesthetic's half, for the whole, or 1 without a rating: a set's Frechet distance has no gradient by one image.

    Shapes:
        logits [N, K, H, W], segmap [N, K, H, W] one-hot, rating [N], 1 to 10
    """
    score = mean(total(plain(segmap) * jt.exp(_log_probability(logits)), [1]), [1, 2])  # [N]
    if rating is not None:
        score = score * rating / 10
    return 1 - mean(score)


def _log_probability(logits: jt.Var) -> jt.Var:
    above = logits - logits.max(1, keepdims=True)
    return above - jt.log(total(jt.exp(above), [1], keepdims=True))
