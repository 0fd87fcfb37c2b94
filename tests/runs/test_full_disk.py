"""A disk that is full at any point of a save: nothing made is lost, and the same command goes on when there is room."""

import os
import subprocess
import sys

import numpy as np
import pytest

from data_tools.basics.errors import exit_status
from data_tools.rendering.write_set import write_set
from helpers.file_limit import files_of_at_most
from helpers.tiny import HEIGHT, WIDTH, make_experiment
from jittor_tsit.runs.checkpoint import (
    Checkpoint,
    Progress,
    checkpoint_path,
    checkpoint_paths,
    load_checkpoint,
    save_checkpoint,
)
from jittor_tsit.runs.log import RunLog
from jittor_tsit.training import session

PAGE = 4096  # tmpfs gives room by the page


def make(nimg):
    """About ten pages."""
    return Checkpoint({"G.weight": np.full(10_000, nimg, np.float32)}, Progress(nimg, nimg), {"system": "tsit"})


def save_and_see_it_fail(run_dir):
    """A second checkpoint for which there is no room."""
    with pytest.raises(OSError, match="state-000000020.safetensors: cannot be written"):
        save_checkpoint(checkpoint_path(run_dir, 20), make(20))
    assert os.listdir(run_dir) == ["state-000000010.safetensors"]
    assert load_checkpoint(checkpoint_path(run_dir, 10)).arrays["G.weight"][0] == 10


@pytest.fixture
def disk(tmp_path):
    """A small file system in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={100 * PAGE}", "tmpfs", str(place)]
    mounted = subprocess.run(words, capture_output=True, text=True) if sys.platform == "linux" else None
    if mounted is None or mounted.returncode:
        pytest.skip(f"a tmpfs cannot be mounted: {mounted.stderr.strip() if mounted else 'no Linux'}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_save_that_ends_at_any_byte_loses_nothing(tmp_path):
    path = checkpoint_path(tmp_path, 10)
    save_checkpoint(path, make(10))
    size = path.stat().st_size
    for nbytes in (0, 1, 8, 9, 100, *range(500, size, 1500), size - 1):
        with files_of_at_most(nbytes):
            save_and_see_it_fail(tmp_path)
    save_checkpoint(checkpoint_path(tmp_path, 20), make(20))
    assert load_checkpoint(checkpoint_path(tmp_path, 20)).arrays["G.weight"][0] == 20


def test_a_save_on_a_disk_that_is_full_at_any_page_loses_nothing(disk, tmp_path):
    save_checkpoint(checkpoint_path(disk, 10), make(10))
    pages = -(-checkpoint_path(disk, 10).stat().st_size // PAGE)
    ballast = tmp_path / "disk" / "ballast"
    for free in range(pages):
        room = os.statvfs(disk).f_bavail
        ballast.write_bytes(bytes((room - free) * PAGE))
        assert os.statvfs(disk).f_bavail == free
        with pytest.raises(OSError, match="No space left"):
            save_checkpoint(checkpoint_path(disk, 20), make(20))
        ballast.unlink()
        assert os.listdir(disk) == ["state-000000010.safetensors"]
        assert load_checkpoint(checkpoint_path(disk, 10)).arrays["G.weight"][0] == 10
    save_checkpoint(checkpoint_path(disk, 20), make(20))
    assert load_checkpoint(checkpoint_path(disk, 20)).arrays["G.weight"][0] == 20


def status_of_run(run_dir, experiment, nbytes):
    """Exit status of a run none of whose files may grow beyond a size."""
    with files_of_at_most(nbytes):
        return exit_status(lambda: session.run_training(experiment, run_dir))


def test_a_run_ends_with_a_line_and_goes_on_when_there_is_room(tmp_path, capsys):
    write_set(tmp_path / "set", 4, 0, WIDTH, HEIGHT)
    experiment, run_dir = make_experiment(tmp_path / "set", total_nimg=9, snapshot_nimg=9), tmp_path / "run"
    assert session.run_training(experiment, tmp_path / "whole") == 0
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "whole").iterdir()}
    assert sizes["checked.txt"] < 200 and sizes["options.json"] > 500
    assert sizes["log.txt"] < sizes["stats.jsonl"] > sizes["options.json"] + 200
    assert sizes["state-000000009.safetensors"] > 5 * sizes["stats.jsonl"]
    limits = {
        "checked.txt": 100,  # in the middle of a line
        "options.json": 500,  # what is left of that line makes the file grow by two more
        "stats.jsonl": sizes["options.json"] + 200,  # in the middle of a line
        "state-000000009.safetensors": 4 * sizes["stats.jsonl"],  # log.txt has lines of more than one start
    }
    for name, nbytes in limits.items():
        before = checkpoint_paths(run_dir)
        capsys.readouterr()
        assert status_of_run(run_dir, experiment, nbytes) == 2, name
        errors = [line for line in capsys.readouterr().err.splitlines() if "error: " in line]
        assert len(errors) == 1 and "File too large" in errors[0] and str(run_dir / name) in errors[0], (name, errors)
        assert checkpoint_paths(run_dir) == before
    assert session.run_training(experiment, run_dir) == 0
    first, second = (load_checkpoint(checkpoint_path(tmp_path / name, 9)).arrays for name in ("whole", "run"))
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)
    assert not list(run_dir.glob("*.part")) and not list(run_dir.glob(".*.tmp"))


def test_lines_that_were_cut_short_harm_no_other(tmp_path):
    (tmp_path / "log.txt").write_text("first\nsec")
    lines = ['{"nimg": 2, "G/gan": 1}', '{"nimg": 4, "G/g', "\0\0\0", '{"nimg": 6}', '{"nimg": 2}']
    (tmp_path / "stats.jsonl").write_text("\n".join(lines))
    log = RunLog(tmp_path, 8, 4)
    log.line("third")
    log.close()
    first, second, third = (tmp_path / "log.txt").read_text().splitlines()
    assert (first, second, third[-6:]) == ("first", "sec", " third")
    assert (tmp_path / "stats.jsonl").read_text() == lines[0] + "\n"
