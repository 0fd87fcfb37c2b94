"""Every system's step at full size on real label maps and photographs, against float64 results of our PyTorch twins.

The results in fixtures/full_size are our own (make_full_size.py there): PyTorch after the papers, held to the official
vectors, not the official code. Weights are drawn by rule and put in by their official names.
"""

import numpy as np
import pytest

from helpers.full_size_cases import CASES, DATA, FIXTURES, NUM_SAMPLES, OUTPUT_SAMPLES, checksum, sketch
from helpers.full_size_systems import run_step

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no label maps and photographs in {DATA} (set JTSIT_DATA)"),
]

EPS = 2.0**-24  # float32's rounding, relative
# `error` is the largest of four or more evaluations (float32 by two libraries of convolutions, float64 on weights moved
# by four roundings). Ours is one more, whose sums have another order; it exceeds the largest of the others by more than
# this only where another value passes a kink of ReLU or |x|, and for those the cases' weights were chosen.
FACTOR = 4
USUAL = 0.9  # an error counts as at least that of 90 % of its network's gradients: few runs may agree by chance
FLOOR = 64 * EPS  # of the largest value: a chain of 64 roundings, for results that the others happen to hit exactly
# A gradient below this share of its network's is what cancelling terms leave, as of a convolution of a map with two
# classes in front of a norm, which takes out all but the map's signs. Its terms are rounded by their own size, not by
# the sum's: some 1e4 in TSIT's first block, where the largest gradient has length 20 and a rounding of 1e4 is 6e-4.
CANCELLING, CANCELLING_FLOOR = 1e-3, 512 * EPS


@pytest.mark.parametrize("name", CASES)
def test_a_full_size_step_on_real_inputs_is_that_of_float64(name, tmp_path):
    case = CASES[name]
    x, expected = case.inputs(case), np.load(FIXTURES / f"{name}.npz")
    assert checksum(x) == expected["checksum"], "the images decode to other pixels than those of the stored results"
    ours = run_step(case, x, tmp_path)
    assert set(ours) >= set(expected["names"]), sorted(set(expected["names"]) - set(ours))
    faults = [fault for result in results_of(expected) for fault in faults_of(result, ours[result["names"]])]
    assert not faults, "\n".join(faults)


def results_of(expected):
    """What a file holds of each result, one dict each."""
    keys = "names", "scale", "norm", "error", "error_norm", "zero", "projections"
    columns, ends = {key: expected[key] for key in keys}, np.cumsum(expected["sizes"])
    samples = np.split(expected["samples"], ends[:-1])
    networks = np.array([network_of(name) for name in expected["names"]])
    for k, own in enumerate(samples):
        together = (networks == networks[k]) & ~expected["zero"]
        result = {key: column[k] for key, column in columns.items()}
        result["largest"] = {key: columns[key][networks == networks[k]].max() for key in ("scale", "norm")}
        for error, size in (("error", "scale"), ("error_norm", "norm")):
            if together.any():
                shares = columns[error][together] / columns[size][together]
                result[error] = max(result[error], np.quantile(shares, USUAL) * result[size])
        yield {"samples": own, **result}


def network_of(name):
    """ "gradient/netG/conv.weight" -> "gradient/netG"; another result is alone."""
    return "/".join(name.split("/")[:2]) if name.startswith("gradient/") else name


def faults_of(result, array):
    """Lines on samples and projections out of bounds.

    Of a difference with deviation d, a sum with random signs is within 4 times its length (1 of 16,000 is not). A
    gradient that is zero in exact arithmetic, as a bias's before a norm, is not compared: it is rounding alone.
    """
    if result["zero"]:
        return
    count = OUTPUT_SAMPLES if result["names"].startswith("output/") else NUM_SAMPLES
    samples, projections = sketch(result["names"], array, count)
    is_left_over = result["norm"] < CANCELLING * result["largest"]["norm"]
    floor = CANCELLING_FLOOR if is_left_over else 0
    bounds = [
        FACTOR * result[error] + FLOOR * result[size] + floor * result["largest"][size]
        for error, size in (("error", "scale"), ("error_norm", "norm"))
    ]
    bounds[1] *= 4
    pairs = ("value", samples, result["samples"]), ("sum", projections, result["projections"])
    for (kind, own, stored), bound in zip(pairs, bounds):
        off = np.abs(own - stored).max()
        if not off <= bound:
            largest = f"largest {result['scale']:.3g}"
            yield f"{result['names']}: a {kind} is off by {off:.3g}, allowed are {bound:.3g}, {largest}"
