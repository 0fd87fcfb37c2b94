"""Activations and other elementary functions from 0 to 1e4, subnormal and infinite, against float64."""

import ast
import math
import re
from pathlib import Path
from typing import Callable, NamedTuple

import jittor as jt
import numpy as np
import pytest
from jittor import nn

from jittor_tsit import losses
from jittor_tsit.kernels import backend, maps_blocked
from jittor_tsit.layers import elementary

PACKAGE = Path(elementary.__file__).parents[1]
EPS = 2.0**-24  # half a unit in the last place of float32
SIZES = (1, 7, 64, 1000)  # Jittor's loops are scalar, with a scalar rest, of vectors, and of many
POSITIVE = [2e-38, 1e-30, 1e-20, 1e-10, 1e-7, 1e-4, 0.01, 0.1, 0.5, 1, 2, 3, 5, 6, 9, 15, 16.5, 20]
POSITIVE += [30, 43, 44, 45, 50, 62, 80, 87, 88, 89, 100, 103, 104, 200, 1e3, 1e4]
SUBNORMAL = np.uint32([1, 71362, 2**31 + 1, 2**31 + 71362]).view(np.float32)  # 1e-45, 1e-40 and their negatives, by
# given as bits: once Jittor is loaded, the processor may treat such numbers as 0, in NumPy too
VALUES = np.append(np.float32([0, *POSITIVE, *(-value for value in POSITIVE), np.inf, -np.inf]), SUBNORMAL)


class Case(NamedTuple):
    """A function of Vars, the same in float64, and its first and second derivative there."""

    ours: Callable
    value: Callable
    slope: Callable
    curvature: Callable
    takes: Callable = np.isfinite  # values at which PyTorch's value and gradient are finite
    ulps: float = 16  # allowed, in units of EPS: Jittor's vector functions promise 4 units in the last place, 8 EPS
    cancels: float = 0  # as many EPS more, of the largest number that the formula of PyTorch and ours subtracts


def normal(x):
    """Density of N(0, 1)."""
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def below(x):
    """Distribution function of N(0, 1)."""
    return np.vectorize(math.erfc)(-x / math.sqrt(2)) / 2


def share(x):
    """1 / (1 + e^-x)"""
    return np.exp(-np.logaddexp(0, -x))


def with_infinities(x):
    return np.ones(x.shape, bool)


def zeros(x):
    return 0 * np.where(np.isfinite(x), x, 0)


CASES = {
    # PyTorch's gradient is 1 - y^2 too: of y near 1, it has the rounding error of y, 8 EPS, twice
    "tanh": Case(
        elementary.tanh,
        np.tanh,
        lambda x: 1 - np.tanh(x) ** 2,
        lambda x: -2 * np.tanh(x) * (1 - np.tanh(x) ** 2),
        with_infinities,
        cancels=32,
    ),
    "absolute": Case(elementary.absolute, np.abs, np.sign, zeros, with_infinities),
    "positive part": Case(
        elementary.positive_part, lambda x: np.maximum(x, 0), lambda x: np.heaviside(x, 0.5), zeros, with_infinities
    ),
    "softplus": Case(
        elementary.softplus,
        lambda x: np.logaddexp(0, x),
        share,
        lambda x: share(x) * share(-x),
        with_infinities,
        ulps=64,  # two such functions and seven operations; the curvature is a sum of products of them
    ),
    "sqrt": Case(
        elementary.sqrt,
        np.sqrt,
        lambda x: np.where(x > 0, 0.5 / np.sqrt(np.where(x > 0, x, 1)), 0),
        lambda x: np.where(x > 0, -0.25 / np.where(x > 0, x, 1) ** 1.5, 0),
        lambda x: (x == 0) | (x > 1e-25) & np.isfinite(x),  # of less, the curvature is beyond float32
    ),
    # Jittor's own, which are right where we use them
    "exp": Case(jt.exp, np.exp, np.exp, np.exp, lambda x: x < 88.5),
    "log": Case(jt.log, np.log, lambda x: 1 / x, lambda x: -1 / x**2, lambda x: (x > 1e-18) & np.isfinite(x)),
    "power": Case(  # of a class's share of the pixels, from the floor on
        lambda x: x**-0.5,
        lambda x: x**-0.5,
        lambda x: -0.5 * x**-1.5,
        lambda x: 0.75 * x**-2.5,
        lambda x: (x > 1e-12) & (x <= 1),
    ),
    "relu": Case(nn.relu, lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0, zeros, with_infinities),
    "leaky relu": Case(
        lambda x: nn.leaky_relu(x, 0.2),
        lambda x: np.where(x > 0, x, x * np.float32(0.2)),
        lambda x: np.where(x > 0, 1, np.float32(0.2)),
        zeros,
        with_infinities,
    ),
    "relu6": Case(nn.relu6, lambda x: np.clip(x, 0, 6), lambda x: ((x > 0) & (x < 6)) * 1.0, zeros, with_infinities),
    # PyTorch's is x / 2 (1 + erf) too: of a negative x, the sum has the rounding error of erf, 8 EPS
    "gelu": Case(
        nn.gelu,
        lambda x: x * below(x),
        lambda x: below(x) + x * normal(x),
        lambda x: (2 - x * x) * normal(x),
        cancels=16,
        ulps=600,  # the exponent of e^(-x^2/2), at most 87, is rounded three times, and the products with x twice
    ),
    "erf": Case(
        jt.erf,
        np.vectorize(math.erf),
        lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x),
        lambda x: -4 / math.sqrt(math.pi) * x * np.exp(-x * x),
        ulps=200,  # the exponent, at most 87, is rounded once
    ),
}


def derivatives(function, values, size):
    """Return values and first and second derivatives, computed in arrays of this size; the last one repeats values."""
    results = []
    for array in np.resize(values, (-(-len(values) // size), size)):
        x = jt.array(array)
        y = function(x)
        slope = jt.grad(y.sum(), x, retain_graph=True)
        curvature = jt.grad(slope.sum(), x, retain_graph=True)
        results.append([var.numpy() for var in (y, slope, curvature)])
    return [np.concatenate(parts)[: max(len(values), size)] for parts in zip(*results)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_of_any_order_are_those_of_float64(name, size):
    case = CASES[name]
    values = VALUES[case.takes(VALUES)]
    exact = np.resize(values, max(len(values), size)).astype(np.float64)
    with np.errstate(all="ignore"):
        expected = [f(exact) for f in (case.value, case.slope, case.curvature)]
    for order, (ours, right) in enumerate(zip(derivatives(case.ours, values, size), expected)):
        summand = np.abs(exact) if name == "gelu" and order == 0 else 1
        allowed = EPS * (case.ulps * np.abs(right) + case.cancels * summand) + 2 * elementary.TINY  # subnormals are 0
        with np.errstate(invalid="ignore"):  # inf - inf
            close = (np.abs(ours - right) <= allowed) | (ours == right)
        assert close.all(), f"order {order}: {[*zip(exact[~close], ours[~close], right[~close])][:5]}"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["tanh", "absolute", "positive part", "softplus", "sqrt"])
def test_not_a_number_stays_so(name, size):
    x = np.ones(size, np.float32)
    x[-1] = np.nan
    assert np.isnan(CASES[name].ours(jt.array(x)).numpy()[-1])


@pytest.mark.skipif(not backend.context.block, reason="this processor has no layout of blocks")
@pytest.mark.parametrize("slope", [0.2, 0.0])
def test_leaky_relu_of_blocked_images(slope):
    values = VALUES if slope else VALUES[np.isfinite(VALUES)]
    x = jt.array(np.resize(values, (1, 2, 3, 40, backend.context.block)))
    y = maps_blocked.activate(x, slope)
    gradient = jt.grad((y * 3).sum(), x).numpy()
    exact, factor = x.numpy().astype(np.float64), np.float64(np.float32(slope))
    np.testing.assert_allclose(y.numpy(), np.where(exact > 0, exact, exact * factor), rtol=EPS, atol=elementary.TINY)
    subnormal = np.abs(exact) < elementary.TINY  # counts as 0, on which side it may be
    expected = np.where(exact > 0, 3, 3 * factor)
    np.testing.assert_allclose(gradient[~subnormal], expected[~subnormal], rtol=EPS)


LOGITS = np.float32([[0, 0, 0], [1e4, 1e4, -1e4], [-1e4, 0, 1e4], [88, 89, -89], [1e-30, -1e-30, 1e-45], [-5, 2, 9]])


def log_softmax(x):
    above = x - x.max(1, keepdims=True)
    return above - np.log(np.exp(above).sum(1, keepdims=True))


def test_softmax_of_large_and_of_equal_logits():
    x, weight = jt.array(LOGITS), np.float32([[3, -1, 2]])
    y = nn.softmax(x, dim=1)
    gradient = jt.grad((y * jt.array(weight)).sum(), x).numpy()
    right = np.exp(log_softmax(LOGITS.astype(np.float64)))
    np.testing.assert_allclose(y.numpy(), right, rtol=32 * EPS, atol=elementary.TINY)  # 8 for e^x, and 4 operations
    slope = right * (weight - (right * weight).sum(1, keepdims=True))
    np.testing.assert_allclose(gradient, slope, rtol=0, atol=3 * 64 * EPS)  # sums of products with up to 3


def test_cross_entropies_of_large_and_of_equal_logits():
    label = np.float32([[0, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0]])
    exact = LOGITS.astype(np.float64)
    right = {
        losses.cross_entropy: (-(label * log_softmax(exact)), np.exp(log_softmax(exact)) - label),
        losses.binary_cross_entropy: (np.logaddexp(0, exact) - label * exact, share(exact) - label),
    }
    for loss, (values, slopes) in right.items():
        x = jt.array(LOGITS)
        y = loss(x, jt.array(label))
        np.testing.assert_allclose(y.item(), values.sum(1).mean(), rtol=64 * EPS)  # as above, and sums
        np.testing.assert_allclose(jt.grad(y, x).numpy(), slopes / len(LOGITS), rtol=0, atol=64 * EPS / len(LOGITS))


@pytest.mark.parametrize("name", ["vanilla", "hinge"])
def test_adversarial_losses_of_large_logits(name):
    """Logits from -1e4 to 1e4, with the sign that the loss rewards and with the other one."""
    loss, x = losses.GAN_LOSSES[name], np.float32([-1e4, -89, -20, -1, 0, 1, 20, 89, 1e4])
    vanilla = {
        "real": (np.logaddexp(0, -x.astype(np.float64)), -share(-x.astype(np.float64))),
        "fake": (np.logaddexp(0, x.astype(np.float64)), share(x.astype(np.float64))),
    }
    hinge = {  # a half at the kink, as PyTorch's minimum of equal values has it
        "real": (np.maximum(1 - x, 0), -np.heaviside(1 - x, 0.5)),
        "fake": (np.maximum(1 + x, 0), np.heaviside(1 + x, 0.5)),
    }
    for term, (values, slopes) in {"vanilla": vanilla, "hinge": hinge}[name].items():
        logits = [jt.array(np.array([value])) for value in x]  # one a scale: each has its own value and gradient
        y = getattr(loss, term)(logits)
        np.testing.assert_allclose(y.item(), values.mean(), rtol=64 * EPS)
        gradients = [gradient.item() for gradient in jt.grad(y, logits)]
        np.testing.assert_allclose(gradients, slopes / len(x), rtol=64 * EPS, atol=elementary.TINY)


def gradient_of(function, value, size=64):
    x = jt.array(np.full(size, value, np.float32))
    return jt.grad(function(x).sum(), x).numpy()[-1]


def value_of(function, value, size=64):
    return function(jt.array(np.full(size, value, np.float32))).numpy()[-1]


FAULTS = {  # in arrays of 64; where one is gone, Jittor's own can be used again
    "the gradient of tanh is not a number from 45 on": lambda: np.isnan(gradient_of(jt.tanh, 50)),
    "the gradient of abs is 1 at 0": lambda: gradient_of(jt.abs, 0) == 1,
    "the gradient of maximum is 0 where both are equal": lambda: gradient_of(lambda x: jt.maximum(x, 0.0), 0) == 0,
    "softplus is 0 below -17": lambda: value_of(nn.softplus, -20) == 0,
    "the gradient of softplus is 0 at 20": lambda: gradient_of(nn.softplus, 20) == 0,
    "sigmoid is the same below -30": lambda: value_of(jt.sigmoid, -40) == value_of(jt.sigmoid, -50) > 1e-14,
    "the gradient of sqrt is not finite at 0": lambda: not np.isfinite(gradient_of(jt.sqrt, 0)),
    "division by more than 2^126 gives 0": lambda: value_of(lambda x: 1e38 / x, 1e38) == 0,
    "division by infinity gives no number": lambda: np.isnan(value_of(lambda x: 1 / x, np.inf)),
    "the gradient by a denominator is not finite": lambda: not np.isfinite(gradient_of(lambda x: 1e-20 / x, 1e-20)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_jittor_has_the_fault_that_our_function_avoids(fault):
    assert FAULTS[fault]()


FAULTY = {"tanh", "Tanh", "abs", "softplus", "Softplus", "sigmoid", "Sigmoid", "log_sigmoid", "sqrt"}
NOT_JITTORS = {"np", "math", "elementary"}


def faulty_calls(source):
    """Return the lines that call a faulty function of `jt`, `nn` or a Var, except `sqrt` of a sum with an epsilon."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in FAULTY:
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id in NOT_JITTORS:
            continue
        text = ast.get_source_segment(source, node)
        if node.func.attr == "sqrt" and re.search(r"[+] (self[.])?eps[)]$", text, re.IGNORECASE):
            continue
        yield f"{node.lineno}: {text}"


@pytest.mark.parametrize("line", ["jt.tanh(x)", "x.tanh()", "nn.Tanh()", "f(x).abs().sum()", "jt.sqrt(x + 1)"])
def test_faulty_calls_are_found(line):
    assert list(faulty_calls(line)) == [f"1: {line.replace('.sum()', '')}"]


@pytest.mark.parametrize("line", ["np.tanh(x)", "tanh(x)", "jt.sqrt(var + EPS)", "jt.sqrt(a * b + self.eps)"])
def test_other_calls_are_not(line):
    assert not list(faulty_calls(line))


SOURCES = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py") if path.name != "elementary.py"}


def test_nobody_calls_a_faulty_function():
    assert len(SOURCES) > 100 and not [f"{path}:{call}" for path in SOURCES for call in faulty_calls(SOURCES[path])]


def test_maximum_and_minimum_are_called_where_no_gradient_at_equal_values_counts():
    """Arguments: the length of a gradient or of a constant vector, a rounded variance, shares of a label map."""
    callers = {path.name for path in SOURCES if re.search(r"\bjt[.](maximum|minimum)[(]", SOURCES[path])}
    assert callers <= {"optim.py", "norm.py", "spectral_conv.py", "losses.py"}
