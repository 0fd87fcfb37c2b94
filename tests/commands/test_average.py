"""Averages of checkpoints."""

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from jittor_tsit.__main__ import main
from jittor_tsit.commands.average import run_average
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, checkpoint_path, load_checkpoint, save_checkpoint

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


def test_every_file_counts_alike_however_many_there_are(tmp_path):
    for nimg, value in ((1, 1.0), (2, 3.0), (3, 8.0), (4, 20.0)):
        save(tmp_path, nimg, [[value, 0], [0, 0.5]])
    for last, mean in ((2, 14.0), (3, 31 / 3), (4, 8.0), (9, 8.0)):
        out = tmp_path / f"{last}.safetensors"
        assert run_average([], tmp_path, last, out) == 0
        np.testing.assert_allclose(load_checkpoint(out).arrays["G.conv.weight"], [[mean, 0], [0, 0.5]], rtol=1e-7)


def test_an_average_of_one_or_of_different_models_is_refused(tmp_path):
    save(tmp_path, 1, [[1, 0], [0, 1]])
    with pytest.raises(InputError, match="at least two"):
        run_average([], tmp_path, last=3, out=None)
    save(tmp_path, 2, [[1, 0], [0, 1]], {"system": "tsit", "config": {"width": 2}})
    with pytest.raises(InputError, match="state-000000001.safetensors: was trained with other options"):
        run_average([], tmp_path, last=2, out=None)


def flip_a_bit(data):
    place = data.index(np.float32([7, 0, 0, 7]).tobytes())
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


DAMAGES = {"a flipped bit": flip_a_bit, "cut short": lambda data: data[:-1], "empty": lambda data: b""}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("which", [1, 2, 3])
def test_a_damaged_checkpoint_is_named_and_nothing_is_written(tmp_path, capsys, which, damage):
    for nimg in (1, 2, 3):
        save(tmp_path, nimg, [[7, 0], [0, 7]])
    path = checkpoint_path(tmp_path, which)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    before = sorted(tmp_path.iterdir())
    assert main(["average", "--run-dir", str(tmp_path)]) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if "error: " in line]
    assert len(said) == 1 and f"{path}: " in said[0]
    assert said[0].endswith("to average the others, name them in place of --run-dir")
    assert sorted(tmp_path.iterdir()) == before
    others = [checkpoint_path(tmp_path, nimg) for nimg in (1, 2, 3) if nimg != which]
    assert main(["average", *map(str, others)]) == 0


def test_a_checkpoint_with_made_up_options_or_vectors_is_refused(tmp_path):
    save(tmp_path, 1, [[1, 0], [0, 1]], {})
    save(tmp_path, 2, [[1, 0], [0, 1]])
    with pytest.raises(InputError, match="was trained with other options"):
        run_average([], tmp_path, last=2, out=None)
    for nimg in (3, 4):
        save(tmp_path, nimg, [[1, 0], [0, 1], [0, 0]])
    with pytest.raises(InputError, match=r"G.conv.u has shape \(2,\), and there is no weight"):
        run_average([], tmp_path, last=2, out=None)
