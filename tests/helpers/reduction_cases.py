"""Reductions on inputs that cost digits: the inputs, and the results in float64 by NumPy. Imports neither framework.

fixtures/make_reduction_errors.py runs the same cases in PyTorch's float32 and records how far it is off.
"""

from typing import Callable, Dict, NamedTuple, Tuple

import numpy as np

Arrays = Dict[str, np.ndarray]
SHAPE = (2, 19, 60, 90)  # two samples, a full block of channels and a part of one; planes of three parts in CUDA
CLASSES, EPS = 5, 1e-5
FAMILIES = ("gaussian", "regions", "offset", "outlier")


class Case(NamedTuple):
    """A reduction."""

    inputs: Callable[[str], Arrays]  # from the family
    expected: Callable[..., Arrays]  # from the inputs in float64, by name


def draw(family: str, shape: Tuple[int, ...], seed: int) -> np.ndarray:
    """Values of a family. The last two axes are rows and columns.

    gaussian: N(0, 1). regions: constant over wide regions, other values on the border and in the corners, as
    convolutions of label maps are. offset: a mean of 1000 deviations. outlier: one value 10^6 times the others, in some
    planes the first one.
    """
    rng = np.random.default_rng(seed)
    if family == "gaussian":
        values = rng.standard_normal(shape)
    elif family == "regions":
        planes = (*shape[:-2], 1, 1)
        values = np.broadcast_to(1.3 + 0.1 * rng.standard_normal(planes), shape).copy()
        values[..., : shape[-2] // 3, :] += 1e-3 * rng.standard_normal(planes)
        for border in (np.s_[..., 0, :], np.s_[..., -1, :], np.s_[..., :, 0], np.s_[..., :, -1]):
            values[border] = 1.29
        values[..., :: shape[-2] - 1, :: shape[-1] - 1] = 0.7
    elif family == "offset":
        values = 1000 + rng.standard_normal(shape)
    else:
        values = 1e-2 * rng.standard_normal(shape)
        planes = values.reshape(-1, shape[-2] * shape[-1])
        places = rng.integers(0, planes.shape[1], len(planes))
        places[::3] = 0
        planes[np.arange(len(planes)), places] = 1e4
    return values.astype(np.float32)


def image(family: str, **others: Tuple[int, ...]) -> Arrays:
    """An image `x` of the family, weights `g` for its results, and Gaussian arrays of other shapes."""
    arrays = {"x": draw(family, SHAPE, 0), "g": draw("gaussian", SHAPE, 1)}
    arrays.update({name: draw("gaussian", shape, 2 + k) for k, (name, shape) in enumerate(others.items())})
    return arrays


def moments(axes):
    """Mean and biased variance."""
    return lambda x, g: {"mean": x.mean(axes), "var": x.var(axes)}


def _standardized(x, axes):
    """Values of mean 0 and variance 1, and how their gradient becomes that of x."""
    deviation = np.sqrt(x.var(axes, keepdims=True) + EPS)
    normal = (x - x.mean(axes, keepdims=True)) / deviation

    def backward(g):
        along = (g * normal).mean(axes, keepdims=True)
        return (g - g.mean(axes, keepdims=True) - normal * along) / deviation

    return normal, backward


def norm(axes):
    """Normalisation."""

    def expected(x, g):
        normal, backward = _standardized(x, axes)
        return {"y": normal, "by_x": backward(g)}

    return expected


def modulated(axes):
    """Normalisation, times 1 + gamma, plus beta."""

    def expected(x, g, gamma, beta):
        normal, backward = _standardized(x, axes)
        y = normal * (1 + gamma) + beta
        return {"y": y, "by_x": backward(g * (1 + gamma)), "by_gamma": g * normal, "by_beta": g}

    return expected


def affine(axes):
    """Normalisation with a learned scale and shift."""

    def expected(x, g, weight, bias):
        normal, backward = _standardized(x, axes)
        scale, shift = weight.reshape(1, -1, 1, 1), bias.reshape(1, -1, 1, 1)
        sums = {"by_weight": (g * normal).sum((0, 2, 3)), "by_bias": g.sum((0, 2, 3))}
        return {"y": normal * scale + shift, "by_x": backward(g * scale), **sums}

    return expected


def layer_norm(x, g):
    """UNIT's: over a sample, by the unbiased deviation plus epsilon."""
    count = x[0].size
    centred = x - x.mean((1, 2, 3), keepdims=True)
    deviation = np.sqrt((centred**2).sum((1, 2, 3), keepdims=True) / (count - 1))
    scale = deviation + EPS
    along = (g * centred).sum((1, 2, 3), keepdims=True) / (scale**2 * deviation * (count - 1))
    return {"y": centred / scale, "by_x": (g - g.mean((1, 2, 3), keepdims=True)) / scale - centred * along}


def fadain(x, g, style):
    """The style's mean and unbiased deviation."""

    def of(values):
        count = values[0, 0].size
        centred = values - values.mean((2, 3), keepdims=True)
        return centred, np.sqrt((centred**2).sum((2, 3), keepdims=True) / (count - 1) + EPS), count

    (x_centred, x_std, x_count), (s_centred, s_std, s_count) = of(x), of(style)
    normal = x_centred / x_std
    along = (g * normal).sum((2, 3), keepdims=True)
    by_x = s_std / x_std * (g - g.mean((2, 3), keepdims=True) - normal * along / (x_count - 1))
    by_style = g.sum((2, 3), keepdims=True) / s_count + along * s_centred / ((s_count - 1) * s_std)
    y = normal * s_std + style.mean((2, 3), keepdims=True)
    return {"y": y, "by_x": by_x, "by_style": by_style}


def one_hot_conv(x, ids):
    """Gradients of a 3 x 3 convolution of a map of classes; x is the gradient of its result."""
    ids = np.pad(ids.astype(int), ((0, 0), (1, 1), (1, 1)), constant_values=CLASSES)
    height, width = x.shape[2:]
    by_weight = np.zeros((x.shape[1], CLASSES, 3, 3))
    for i in range(3):
        for j in range(3):
            window = ids[:, i : i + height, j : j + width]
            for k in range(CLASSES):
                by_weight[:, k, i, j] = (x * (window == k)[:, None]).sum((0, 2, 3))
    return {"by_weight": by_weight, "by_bias": x.sum((0, 2, 3))}


def spectral(x, g, u, v):
    """A matrix over u W v."""
    matrix, by_result = x.reshape(len(u), -1), g.reshape(len(u), -1)
    sigma = u @ matrix @ v
    by_matrix = by_result / sigma - (by_result * matrix).sum() / sigma**2 * np.outer(u, v)
    return {"y": matrix / sigma, "by_x": by_matrix}


def spectral_inputs(family):
    """A matrix whose vectors are near its own, so that sigma is no small difference of large sums."""
    matrix = draw(family, (40, 9, 35), 0)
    u, _, v = np.linalg.svd(matrix.reshape(40, -1).astype(np.float64), full_matrices=False)
    judge = draw("gaussian", matrix.shape, 1)
    return {"x": matrix, "g": judge, "u": u[:, 0].astype(np.float32), "v": v[0].astype(np.float32)}


def logits(family):
    """Logits of CLASSES channels and a map of classes."""
    shape = (2, CLASSES, 60, 90)
    label = np.random.default_rng(3).integers(0, CLASSES, (2, 60, 90))
    segmap = (label[:, None] == np.arange(CLASSES)[None, :, None, None]).astype(np.float32)
    return {"x": draw(family, shape, 0), "segmap": segmap}


def _log_probability(x):
    above = x - x.max(1, keepdims=True)
    return above - np.log(np.exp(above).sum(1, keepdims=True))


def balanced(x, segmap):
    """OASIS' class-balanced cross-entropy, power 1."""
    share = segmap.mean((0, 2, 3))
    weight = 1 / share
    weight = weight / (share * weight).sum()
    return {"loss": -(segmap * weight.reshape(1, -1, 1, 1) * _log_probability(x)).sum(1).mean()}


def score(x, segmap):
    """1 minus the mean probability of the right class."""
    return {"loss": 1 - (segmap * np.exp(_log_probability(x))).sum(1).mean()}


def kl(x, logvar):
    """Divergence from N(0, 1), summed over a sample's values."""
    return {"loss": -0.5 * (1 + logvar - x**2 - np.exp(logvar)).sum() / len(x)}


def penalty(x):
    """(length - 1)^2 of a sample's gradient, which is x itself."""
    return {"loss": ((np.sqrt((x**2).sum((1, 2, 3))) - 1) ** 2).mean()}


def only(**shapes):
    """Inputs without weights for the results."""
    return lambda family: {name: value for name, value in image(family, **shapes).items() if name != "g"}


def ids_and_gradient(family):
    """A gradient of the family and a map of classes in wide regions."""
    few = np.random.default_rng(3).integers(0, CLASSES, (2, 2, 3)).astype(np.uint8)
    return {"x": draw(family, SHAPE, 0), "ids": few.repeat(30, 1).repeat(30, 2)}


def channels(family):
    """An image of the family with a scale and a shift a channel."""
    weight, bias = np.random.default_rng(2).standard_normal((2, SHAPE[1])).astype(np.float32)
    return {**image(family), "weight": weight, "bias": bias}


def styled(family):
    """An image and a style of the family and of another size."""
    return {**image(family), "style": draw(family, (2, 19, 30, 45), 4)}


SAMPLE, BATCH = (2, 3), (0, 2, 3)
CASES = {
    "moments of samples": Case(image, moments(SAMPLE)),
    "moments of the batch": Case(image, moments(BATCH)),
    "instance norm": Case(image, norm(SAMPLE)),
    "batch norm": Case(image, norm(BATCH)),
    "modulated by samples": Case(lambda family: image(family, gamma=SHAPE, beta=SHAPE), modulated(SAMPLE)),
    "modulated by the batch": Case(lambda family: image(family, gamma=SHAPE, beta=SHAPE), modulated(BATCH)),
    "affine instance norm": Case(channels, affine(SAMPLE)),
    "affine batch norm": Case(channels, affine(BATCH)),
    "layer norm": Case(image, layer_norm),
    "fadain": Case(styled, fadain),
    "bias of a convolution": Case(only(), lambda x: {"by_bias": x.sum((0, 2, 3))}),
    "convolution of a label map": Case(ids_and_gradient, one_hot_conv),
    "spectral norm": Case(spectral_inputs, spectral),
    "sum of squares": Case(only(), lambda x: {"sum": (x**2).sum()}),
    "mean": Case(only(), lambda x: {"loss": x.mean()}),
    "L1 distance": Case(only(other=SHAPE), lambda x, other: {"loss": np.abs(x - other).mean()}),
    "KL divergence": Case(only(logvar=SHAPE), kl),
    "gradient penalty": Case(only(), penalty),
    "balanced cross-entropy": Case(logits, balanced),
    "score": Case(logits, score),
}


def widened(arrays: Arrays) -> Arrays:
    """The same numbers in float64; ids stay."""
    return {name: array if array.dtype == np.uint8 else array.astype(np.float64) for name, array in arrays.items()}


def error(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference over the largest value; of a few numbers, one a channel, each over its own value."""
    expected = np.asarray(expected)
    difference = np.abs(np.asarray(found, np.float64).reshape(expected.shape) - expected)
    scale = np.abs(expected) if expected.size <= SHAPE[0] * SHAPE[1] else np.abs(expected).max()
    return float((difference / scale).max())
