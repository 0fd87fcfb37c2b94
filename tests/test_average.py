"""Averages of checkpoints."""

import numpy as np
import pytest

from data_tools.errors import InputError
from jittor_tsit.average import run_average
from jittor_tsit.training.checkpoint import Checkpoint, Progress, checkpoint_path, load_checkpoint, save_checkpoint

OPTIONS = {"system": "tsit", "config": {"width": 1}}


def save(run_dir, nimg, weight, options=OPTIONS):
    u = np.array([1.0, 0.0], np.float32)
    arrays = {
        "G.conv.weight": np.asarray(weight, np.float32),
        "G.conv.u": u,
        "G.conv.v": u,
        "D.x": np.ones(1, np.float32),
    }
    save_checkpoint(checkpoint_path(run_dir, nimg), Checkpoint(arrays, Progress(nimg, nimg), options))


def test_the_average_of_the_last_ones_has_their_mean_and_its_singular_vectors(tmp_path, capsys):
    for nimg, weight in ((1, [[9, 9], [9, 9]]), (2, [[1, 0], [0, 3]]), (3, [[3, 0], [2, 3]])):
        save(tmp_path, nimg, weight)
    assert run_average([], tmp_path, last=2, out=None) == 0
    found = load_checkpoint(tmp_path / "average-000000003.safetensors")
    np.testing.assert_allclose(found.arrays["G.conv.weight"], [[2, 0], [1, 3]])
    largest = np.linalg.svd(found.arrays["G.conv.weight"])[1][0]
    sigma = found.arrays["G.conv.u"] @ found.arrays["G.conv.weight"] @ found.arrays["G.conv.v"]
    assert sigma == pytest.approx(largest, rel=1e-4)
    assert found.progress.nimg == 3 and "D.x" not in found.arrays


def test_an_average_of_one_or_of_different_models_is_refused(tmp_path):
    save(tmp_path, 1, [[1, 0], [0, 1]])
    with pytest.raises(InputError, match="at least two"):
        run_average([], tmp_path, last=3, out=None)
    save(tmp_path, 2, [[1, 0], [0, 1]], {"system": "tsit", "config": {"width": 2}})
    with pytest.raises(InputError, match="state-000000001.safetensors: was trained with other options"):
        run_average([], tmp_path, last=2, out=None)
