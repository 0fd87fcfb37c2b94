"""Every reduction against float64 on inputs that cost digits: the error is at most that of PyTorch's float32.

fixtures/reduction_errors.json holds PyTorch's errors; fixtures/make_reduction_errors.py wrote it.
"""

import ast
import json
from pathlib import Path
from types import SimpleNamespace

import jittor as jt
import numpy as np
import pytest

from helpers.cuda_on_cpu import emulate
from helpers.reduction_cases import CASES, CLASSES, FAMILIES, SHAPE, error, widened
from jittor_tsit import losses
from jittor_tsit.kernels import backend
from jittor_tsit.kernels.spectral import spectral_normalize
from jittor_tsit.layers import norm as norms
from jittor_tsit.layers import spectral_conv
from jittor_tsit.layers.conv import conv2d
from jittor_tsit.layers.image_layouts import label_image, nchw_layout, to_fast_layout, to_nchw
from jittor_tsit.layers.norm import BatchNorm, InstanceNorm, normalize
from jittor_tsit.optim import squared_norms

PYTORCH = json.loads((Path(__file__).parents[1] / "fixtures/reduction_errors.json").read_text())
# Smallest bound, for cases in which PyTorch rounds less by chance. After its reductions a result takes up to four
# float32 operations, each with an error of up to 6e-8, and its scale is rounded once.
LEAST = 3e-7


def image(function):
    """Return a case that applies a function to one image."""
    return lambda x, g, **others: {"y": to_nchw(function(to_fast_layout(x), **others))}


def moments(over_batch):
    norm = BatchNorm(SHAPE[1]) if over_batch else InstanceNorm(SHAPE[1])
    return lambda x, g: dict(zip(("mean", "var"), norm.moments(to_fast_layout(x))[1:]))


def modulated(norm):
    def run(x, g, gamma, beta):
        x, gamma, beta = map(to_fast_layout, (x, gamma, beta))
        if hasattr(gamma, "blocks"):
            gamma.blocks = jt.concat([gamma.blocks, beta.blocks], 1)
            return {"y": to_nchw(normalize(*norm.moments(x), gamma))}
        return {"y": normalize(*norm.moments(x), gamma, beta)}

    return run


def affine(module):
    def run(x, g, weight, bias):
        module.weight, module.bias = weight, bias
        return {"y": module(x)}

    return run


def bias_of_conv(x):
    """The gradient of the bias is the sum of the gradient of the result, here of x."""
    bias, weight = jt.zeros(SHAPE[1]), jt.zeros(SHAPE[1], SHAPE[1], 1, 1)
    y = to_nchw(conv2d(to_fast_layout(jt.zeros(x.shape)), weight, bias))
    return {"by_bias": jt.grad((y * x).sum(), bias)}


def conv_of_label_map(x, ids):
    segmap = label_image(ids, CLASSES)
    weight, bias = jt.zeros(SHAPE[1], CLASSES, 3, 3), jt.zeros(SHAPE[1])
    y = to_nchw(conv2d(segmap, weight, bias, padding=1))
    return dict(zip(("by_weight", "by_bias"), jt.grad((y * x).sum(), [weight, bias])))


def spectral(x, g, u, v):
    form = spectral_normalize if backend.runs_fused(x) else spectral_conv.reference_spectrally_normalized
    return {"y": form(x, u, v, False)[0]}


UNIT_SCALE = SimpleNamespace(gamma=jt.ones(SHAPE[1]), beta=jt.zeros(SHAPE[1]))  # in place of a LayerNorm

RUNS = {
    "moments of samples": moments(False),
    "moments of the batch": moments(True),
    "instance norm": image(norms.instance_norm),
    "batch norm": image(BatchNorm(SHAPE[1])),
    "modulated by samples": modulated(InstanceNorm(SHAPE[1])),
    "modulated by the batch": modulated(BatchNorm(SHAPE[1])),
    "affine instance norm": affine(norms.AffineInstanceNorm(SHAPE[1])),
    "affine batch norm": affine(norms.AffineBatchNorm(SHAPE[1])),
    "layer norm": lambda x, g: {"y": norms.LayerNorm.execute(UNIT_SCALE, x)},
    "fadain": lambda x, g, style: {"y": to_nchw(norms.fadain(to_fast_layout(x), to_fast_layout(style)))},
    "bias of a convolution": bias_of_conv,
    "convolution of a label map": conv_of_label_map,
    "spectral norm": spectral,
    "sum of squares": lambda x: {"sum": squared_norms({"x": x})},
    "mean": lambda x: {"loss": losses.mean(x)},
    "L1 distance": lambda x, other: {"loss": losses.l1(x, other)},
    "KL divergence": lambda x, logvar: {"loss": losses.kl_divergence(x, logvar)},
    "gradient penalty": lambda x: {
        "loss": losses.gradient_penalty(lambda y: [y * x], x, x, jt.zeros(len(x), 1, 1, 1)),
    },
    "balanced cross-entropy": lambda x, segmap: {"loss": losses.balanced_cross_entropy(x, segmap, 1.0)},
    "score": lambda x, segmap: {"loss": losses.lack_of_score(x, segmap)},
}
OF_IMAGES = (*tuple(RUNS)[:11], "spectral norm")  # these have kernels on a GPU, too


def results(name, arrays):
    """Return results and gradients by the names of reduction_cases.py."""
    inputs = {key: jt.array(array) for key, array in arrays.items()}
    found = RUNS[name](**inputs)
    if "y" in found:
        targets = {key: var for key, var in inputs.items() if key in ("x", "gamma", "beta", "weight", "bias", "style")}
        loss = (found["y"].reshape(inputs["g"].shape) * inputs["g"]).sum()
        found.update(zip((f"by_{key}" for key in targets), jt.grad(loss, list(targets.values()))))
    return {key: var.numpy() for key, var in found.items()}


def assert_as_exact_as_pytorch(name):
    for family in FAMILIES:
        arrays = CASES[name].inputs(family)
        found = results(name, arrays)
        for key, expected in CASES[name].expected(**widened(arrays)).items():
            off, bound = error(found[key], expected), max(PYTORCH[f"{name}, {key}, {family}"], LEAST)
            assert off <= bound, f"{name}, {key}, {family}: {off:.1e} off float64, PyTorch {bound:.1e}"


PACKAGE = Path(norms.__file__).parents[1]
OF_VARS = [PACKAGE / "losses.py", PACKAGE / "optim.py", PACKAGE / "metrics/lpips.py", PACKAGE / "metrics/features.py"]
OF_VARS += sorted(path for folder in ("layers", "networks", "systems") for path in (PACKAGE / folder).glob("*.py"))


def test_nobody_calls_jittors_float32_sums():
    """Only layers/reductions.py calls Jittor's own .sum() and .mean()."""
    found = []
    for path in OF_VARS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner, name = ast.unparse(node.func.value), node.func.attr
                if name in ("sum", "mean", "var", "std") and owner not in ("np", "losses"):
                    found.append(f"{path.name}:{node.lineno}: {owner}.{name}")
    assert [each for each in found if not each.startswith("reductions.py:")] == []
    assert len(found) == 2


def test_the_gradient_of_a_float64_mean_has_float64s_digits(rng):
    x = jt.array(rng.standard_normal((7, 11, 13))).float64()
    gradient = jt.grad(losses.mean(x), x).numpy()
    np.testing.assert_allclose(gradient, 1 / 1001, rtol=1e-15)  # Jittor's own mean is off by up to 3e-8


def test_every_case_has_its_run_and_pytorchs_error():
    assert set(RUNS) == set(CASES)
    assert {name.split(", ")[0] for name in PYTORCH} == set(CASES)


@pytest.mark.parametrize("name", RUNS)
def test_sums_are_as_exact_as_pytorchs(name):
    assert_as_exact_as_pytorch(name)


@pytest.mark.parametrize("name", OF_IMAGES)
def test_sums_with_jittors_operators_are_as_exact_as_pytorchs(name):
    with nchw_layout():
        assert_as_exact_as_pytorch(name)


@pytest.mark.parametrize("name", (*OF_IMAGES, "sum of squares"))
def test_sums_of_cuda_kernels_are_as_exact_as_pytorchs(monkeypatch, name):
    emulate(monkeypatch)
    assert_as_exact_as_pytorch(name)
