"""Loss terms without weights. Each is reduced to a number as in the official code of its paper."""

from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

import jittor as jt

from jittor_tsit.layers.elementary import absolute, positive_part, softplus, sqrt
from jittor_tsit.layers.image_layouts import Image, all_values, nchw_layout, to_nchw
from jittor_tsit.layers.reductions import mean, total


class GANLoss(NamedTuple):
    """Three functions of D's logits that give the terms of an adversarial loss. Their argument has one Var a scale."""

    real: Callable[[Sequence[jt.Var]], jt.Var]  # D's loss on photographs
    fake: Callable[[Sequence[jt.Var]], jt.Var]  # D's loss on generated images
    gen: Callable[[Sequence[jt.Var]], jt.Var]  # G's loss on its images


def _mean_over_scales(pixel_loss):
    """Return a function from logits, one Var a scale, to the mean of `pixel_loss` over logits, then over scales."""
    return lambda logits: sum(mean(pixel_loss(x)) for x in logits) / len(logits)


GAN_LOSSES: Dict[str, GANLoss] = {
    # Lim & Ye, arXiv 1705.02894; Miyato et al., ICLR 2018
    "hinge": GANLoss(
        real=_mean_over_scales(lambda x: positive_part(1 - x)),
        fake=_mean_over_scales(lambda x: positive_part(1 + x)),
        gen=_mean_over_scales(lambda x: -x),
    ),
    # Mao et al., ICCV 2017
    "lsgan": GANLoss(
        real=_mean_over_scales(lambda x: (x - 1).sqr()),
        fake=_mean_over_scales(lambda x: x.sqr()),
        gen=_mean_over_scales(lambda x: (x - 1).sqr()),
    ),
    # Goodfellow et al., NIPS 2014, with G's non-saturating form: cross-entropy of the logits
    "vanilla": GANLoss(
        real=_mean_over_scales(lambda x: softplus(-x)),
        fake=_mean_over_scales(lambda x: softplus(x)),
        gen=_mean_over_scales(lambda x: softplus(-x)),
    ),
    # Arjovsky et al., ICML 2017
    "wgan": GANLoss(
        real=_mean_over_scales(lambda x: -x),
        fake=_mean_over_scales(lambda x: x),
        gen=_mean_over_scales(lambda x: -x),
    ),
}


def over_scales(loss: Callable[[Sequence[jt.Var]], jt.Var], logits: Sequence[jt.Var]) -> jt.Var:
    """Return `loss(logits)` times the number of scales: the sum over scales of a loss that averages over scales.

    BicycleGAN and UNIT use the sum.
    """
    return loss(logits) * len(logits)


def l1(x: jt.Var, y: jt.Var) -> jt.Var:
    """Return the mean absolute difference of two Vars of the same shape."""
    return mean(absolute(x - y))


def feature_matching(fake_feats: List[List[Image]], real_feats: List[List[Image]]) -> jt.Var:
    """Return the mean L1 distance of D's hidden activations, summed over layers and averaged over scales.

    Args:
        fake_feats: For each scale the activations of D's hidden layers for a generated image, [N, C, h, w] each.
        real_feats: The same for a photograph; they get no gradient.

    Source: pix2pixHD (Wang et al., CVPR 2018).
    """
    total = 0
    for fakes, reals in zip(fake_feats, real_feats):
        total = total + sum(l1(all_values(x), all_values(y).detach()) for x, y in zip(fakes, reals))
    return total / len(fake_feats)


PERCEPTUAL_WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)  # of relu1_1 … relu5_1, pix2pixHD's values


def perceptual(features: Callable[[jt.Var], List[jt.Var]], image: jt.Var, target: jt.Var) -> jt.Var:
    """Return the weighted sum of the mean L1 distances of five VGG features. The target gets no gradient.

    Args:
        features: Network from images [N, 3, H, W] in [-1, 1] to five feature maps, shallow to deep.

    Source: Johnson et al., ECCV 2016, as in pix2pixHD, without ImageNet's mean and deviation.
    """
    with jt.no_grad():
        target_feats = features(target)
    distances = [l1(x, y.detach()) for x, y in zip(features(image), target_feats)]
    return sum(weight * distance for weight, distance in zip(PERCEPTUAL_WEIGHTS, distances))


def kl_divergence(mu: jt.Var, logvar: jt.Var) -> jt.Var:
    """Return the KL divergence of N(mu, e^logvar) from N(0, 1), summed over dimensions, averaged over images."""
    return -0.5 * total(1 + logvar - mu.sqr() - jt.exp(logvar)) / mu.shape[0]


def gradient_penalty(
    logits_of: Callable[[jt.Var], Sequence[jt.Var]], real: jt.Var, fake: jt.Var, alpha: jt.Var
) -> jt.Var:
    """Return the mean of (length of D's gradient by the image - 1)^2, between photographs and generated images.

    Args:
        logits_of: Function from images to logits, one Var for each scale. The gradient is that of their sum.
        alpha: Share of the photograph in the image where the gradient is taken, uniform in [0, 1], [N, 1, 1, 1].

    Source: Gulrajani et al., NIPS 2017, as in StarGAN: the length over all pixels, without epsilon.
    """
    between = (alpha * real + (1 - alpha) * fake).detach().start_grad()
    with nchw_layout():
        gradient = jt.grad(sum(map(total, logits_of(between))), between, retain_graph=True)
    length = sqrt(total(gradient.sqr(), range(1, gradient.ndim)))
    return mean((length - 1).sqr())


def binary_cross_entropy(logits: jt.Var, label: jt.Var) -> jt.Var:
    """Return the cross-entropy of K independent binary labels, summed over labels, averaged over images.

    Shapes:
        logits [N, K], label [N, K] zeros and ones
    """
    return mean(total(softplus(logits) - logits * label, [1]))


def cross_entropy(logits: jt.Var, label: jt.Var) -> jt.Var:
    """Return the cross-entropy of one class among K, averaged over images.

    Shapes:
        logits [N, K], label [N, K] one-hot
    """
    return -mean(total(label * _log_probability(logits), [1]))


def patch_cross_entropy(logits: jt.Var, answer: int) -> jt.Var:
    """Return the mean over patches of the cross-entropy for the class `answer`. logits [N, K, H, W] -> [1]"""
    return -mean(_log_probability(logits)[:, answer])


def weighted_sum(terms: Mapping[str, jt.Var], weights: Mapping[str, float]) -> jt.Var:
    """Return the sum of weight times term over all terms.

    Raises:
        KeyError: A term has no weight.
    """
    return sum(weights[name] * term for name, term in terms.items())


def balanced_cross_entropy(logits: jt.Var, segmap: Image, balance: float) -> jt.Var:
    """Return the mean cross-entropy of the pixels, with larger weights for pixels of rare classes.

    Args:
        balance: The weight of a class is (1 / its share of the pixels)^balance, scaled so that the mean over the pixels
            is 1. 0 weighs all pixels alike.

    Shapes:
        logits [N, K, H, W], segmap [N, K, H, W] one-hot

    Source: class-balanced loss of OASIS (Sushko et al., ICLR 2021), there with balance 1.
    """
    weight = class_weights(mean(to_nchw(segmap), [0, 2, 3]), balance)
    return weighted_cross_entropy(logits, segmap, weight)


def class_weights(share: jt.Var, balance: float) -> jt.Var:
    """Return weights of classes [K], larger for rare ones: (1 / share)^balance, scaled.

    The sum of share * weight is 1. A class that has no pixel gets weight 0.

    Args:
        share: Share of the pixels of each class, [K].
    """
    weight = (share > 0).float32() * jt.maximum(share, 1e-12) ** -balance  # the floor concerns absent classes only
    return weight / jt.maximum(total(share * weight), 1e-12)  # this floor, batches without any class


def weighted_cross_entropy(logits: jt.Var, segmap: Image, weight: jt.Var, first: int = 0) -> jt.Var:
    """Return the mean over all pixels of the cross-entropy times the weight of the pixel's class.

    Args:
        weight: Weight of each of the K classes, [K].
        first: Channel of the logits that belongs to the first channel of `segmap`.

    Shapes:
        logits [N, C, H, W] with C >= first + K; segmap [N, K, H, W] one-hot, all 0 where a pixel does not count
    """
    segmap = to_nchw(segmap)
    log_probability = _log_probability(logits)[:, first : first + segmap.shape[1]]
    return -mean(total(segmap * weight.reshape(1, -1, 1, 1) * log_probability, [1]))


def label_mask(classes: jt.Var, coins: jt.Var) -> jt.Var:
    """Return OASIS's LabelMix mask: for all pixels of a class in an image the coin of that class.

    Shapes:
        classes [N, K, H, W] one-hot, coins [N, K] zeros and ones -> [N, 1, H, W]
    """
    return total(classes * coins.reshape(*coins.shape, 1, 1), [1], keepdims=True)


def mixed(x: jt.Var, y: jt.Var, mask: jt.Var) -> jt.Var:
    """Return x where the mask is 1 and y where it is 0. x, y [N, C, H, W], mask [N, 1, H, W]"""
    return mask * x + (1 - mask) * y


def squared_difference(x: jt.Var, y: jt.Var, weight: jt.Var) -> jt.Var:
    """Return the mean of the squared difference times the pixel's weight. x, y [N, C, H, W], weight [N, 1, H, W]"""
    return mean(weight * (x - y).sqr())


def lack_of_score(logits: jt.Var, segmap: Image, rating: Optional[jt.Var] = None) -> jt.Var:
    """Return 1 minus the differentiable part of the contest's 2022 score, averaged over images.

    The score of an image is the mean probability that the segmenter gives the class of the label, times rating / 10.
    The contest's second factor also contains the Frechet distance of the whole set, which has no gradient by a single
    image and is left out.

    Args:
        logits: Output of the segmenter for the generated images.
        rating: Predicted aesthetic rating; None: the factor is 1.

    Shapes:
        logits [N, K, H, W], segmap [N, K, H, W] one-hot, rating [N], 1 to 10
    """
    score = mean(total(to_nchw(segmap) * jt.exp(_log_probability(logits)), [1]), [1, 2])  # [N]
    if rating is not None:
        score = score * rating / 10
    return 1 - mean(score)


def _log_probability(logits: jt.Var) -> jt.Var:
    """Return the logarithm of the softmax of logits [N, K, ...] over axis 1, of the same shape."""
    above = logits - logits.max(1, keepdims=True)
    return above - jt.log(total(jt.exp(above), [1], keepdims=True))
