"""Ctrl-C at a terminal, which reaches every process of a command, and the terminate signal, which reaches one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data_tools.rendering.write_set import write_set
from jittor_tsit.runs.checkpoint import checkpoint_paths
from jittor_tsit.training.interrupt import stop_between_steps

ROOT = Path(__file__).parents[2]
SIZE = ["width=2", "width_D=2", "image_width=256", "image_height=128"]


SECONDS = 10  # from the signal to the checkpoint and the end, as promised


def test_the_second_signal_ends_at_once():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with stop_between_steps() as asked_to_stop:
        assert not asked_to_stop()
        os.kill(os.getpid(), signal.SIGTERM)
        assert asked_to_stop()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)  # a handler runs between two lines
    assert {number: signal.getsignal(number) for number in before} == before


@pytest.mark.slow
@pytest.mark.parametrize("kill, number", [(os.killpg, signal.SIGINT), (os.kill, signal.SIGTERM)])
def test_a_signal_saves_and_ends(kill, number, tmp_path):
    write_set(tmp_path / "set", 4, 0, 256, 128)
    run_dir = tmp_path / "run"
    options = [*SIZE, "status_nimg=1", "total_nimg=100000"]
    command = [sys.executable, "-m", "jittor_tsit", "train", "--data", tmp_path / "set", "--run-dir", run_dir]
    experiment = ["--experiment", ROOT / "experiments/tsit_small.py", "--device", "cpu", *options]
    with open(tmp_path / "out", "wb") as out:
        process = subprocess.Popen([*command, *experiment], cwd=ROOT, stdout=out, stderr=out, start_new_session=True)
        try:
            while not (run_dir / "stats.jsonl").exists():  # compiling may take minutes
                assert process.poll() is None, (tmp_path / "out").read_text()
                time.sleep(0.2)
            kill(process.pid, number)
            assert process.wait(timeout=SECONDS) == 130, (tmp_path / "out").read_text()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert "run the same command again to resume" in (tmp_path / "out").read_text()
    assert len(checkpoint_paths(run_dir)) == 1
