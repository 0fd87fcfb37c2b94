"""A short form of `experiments.benchmarks.kills`, and its check of the files of a run."""

import numpy as np
import pytest

from experiments.benchmarks.kills import kill_runs
from experiments.benchmarks.run_files import Fault, require_whole
from helpers.started import needs_mpi
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, checkpoint_path, save_checkpoint

TOTAL = 16  # images: eight steps, so that three kills, the last within three saves of a start, come before the end


def assert_survived(records, num_kills):
    (record,) = records
    assert record["kills"] == num_kills == sum(record[f"at {moment}"] for moment in ("any", "training", "save"))
    assert record["runs equal"] >= 1 and record["checkpoints"] >= 1


@pytest.mark.slow
def test_a_training_survives_a_kill_at_any_moment(tmp_path):
    assert_survived(kill_runs(tmp_path, {1: 3}, total_nimg=TOTAL, seed=0), 3)


@pytest.mark.slow
@pytest.mark.mpi
@needs_mpi
def test_a_training_survives_the_kill_of_one_of_two_processes(tmp_path):
    assert_survived(kill_runs(tmp_path, {2: 3}, total_nimg=TOTAL, seed=0), 3)


def test_a_file_that_is_not_whole_is_a_fault(tmp_path):
    checkpoint = checkpoint_path(tmp_path, 10)
    save_checkpoint(checkpoint, Checkpoint({"G": np.ones(9)}, Progress(10, 5), {}))
    require_whole(checkpoint)
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1])
    (tmp_path / "options.json").write_text('{"system": ')
    (tmp_path / "grid-000000010.png").write_bytes(b"\x89PNG\r\n")
    (tmp_path / "stranger").write_text("")
    for path in tmp_path.iterdir():
        with pytest.raises(Fault, match=path.name):
            require_whole(path)
