"""Two processes give the results of one: batch norm, whole steps, initial weights, noise and exchanged texts."""

import sys

import numpy as np
import pytest

from helpers import members
from helpers.rounding_spread import FLOOR, assert_within_spread, spread_of
from helpers.started import ROOT, finished, needs_mpi
from jittor_tsit.runtime import mpirun

pytestmark = [pytest.mark.mpi, needs_mpi]


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    """The results of two processes. All cases run in one start, because a start takes seconds."""
    folder = tmp_path_factory.mktemp("ranks")
    command = mpirun.mpirun_command(2, None, use_gpu=False)
    script = ROOT / "tests/helpers/members.py"
    result = finished([*command, sys.executable, script, folder], ROOT, **mpirun.ENVIRONMENT, **mpirun.AS_ROOT)
    assert result.status == 0, result.stderr
    return [np.load(folder / f"{rank}.npz") for rank in range(2)]


def of_case(arrays, case):
    """The arrays of a case by name."""
    return {name.partition(":")[2]: arrays[name] for name in arrays.files if name.startswith(f"{case}:")}


def both(ranks, case):
    """The results of both processes: the parts that differ from both, and common parts from the first."""
    first, second = (of_case(rank, case) for rank in ranks)
    return {
        name: np.concatenate([array, second[name]]) if name.startswith("own/") else array
        for name, array in first.items()
    }


def before(arrays):
    """The arrays of a step except for the weights after it."""
    return {name: array for name, array in arrays.items() if not name.startswith("after/")}


@pytest.mark.parametrize("case", ["norm-even", "norm-uneven", "norm-idle"])
def test_batch_norm_and_its_gradient_are_those_of_the_whole_batch(ranks, case):
    alone = members.CASES[case]()
    for name, array in both(ranks, case).items():
        # a chain of some ten operations on sums of up to 140 values: 32 roundings of 6e-8
        bound = 32 * 2.0**-24 * np.abs(alone[name]).max()
        np.testing.assert_allclose(array, alone[name], rtol=0, atol=bound, err_msg=name)


STEPS = ["tsit-even", "tsit-uneven", "spade-even", "spade-uneven", "spade-idle", "oasis-uneven", "oasis-idle"]
STEPS += [
    f"{name}-uneven" for name in ("pix2pix", "cyclegan", "bicyclegan", "simgan", "unit", "unit_digits", "stargan")
]


@pytest.mark.parametrize("case", STEPS)
def test_a_step_is_that_of_the_whole_batch(ranks, case):
    """G has learning rate 0: Adam's first update is +-lr even for rounding noise, and it changes D's input."""
    compute = members.CASES[case]
    alone = before(compute())
    spread = spread_of(lambda seed: before(compute(seed=seed)), alone)
    assert_within_spread(before(both(ranks, case)), alone, spread)


@pytest.mark.parametrize("case", [*STEPS, "initial"])
def test_all_processes_hold_the_same_bits(ranks, case):
    first, second = (of_case(rank, case) for rank in ranks)
    assert any(".weight" in name for name in first)
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)


def test_images_by_their_own_statistics_need_no_other_process(ranks):
    ours, alone = both(ranks, "apart"), members.images_of_their_own()
    np.testing.assert_allclose(ours["own/images"], alone["own/images"], rtol=0, atol=FLOOR)


def test_initial_weights_are_one_processs(ranks):
    alone = members.initial_weights()
    for name, array in both(ranks, "initial").items():
        np.testing.assert_array_equal(array, alone[name], err_msg=name)


def test_noise_follows_the_image_wherever_it_is_computed(ranks):
    np.testing.assert_array_equal(both(ranks, "noise")["own/eps"], members.noise()["own/eps"])


@pytest.mark.parametrize("rank", range(2))
def test_every_process_learns_the_same_of_all(ranks, rank):
    texts = {name: str(text) for name, text in of_case(ranks[rank], "exchanged").items()}
    assert texts == {
        "gather": " | üüü",
        "on one": "process 1 of 2: faulty",
        "on all": "faulty",
        "on none": "0",
        "same": "0",
        "differs": "process 1 has other values than process 0: b",
        "lacks": "process 1 has other values than process 0: their number",
        "any": "False True True",
        "first's": "[0 0 0]",
    }
