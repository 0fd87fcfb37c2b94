"""`--procs`: what is refused, and processes that see different things: one line that says why, and status 2."""

import os
import re
import sys

import pytest

from data_tools.basics.errors import InputError
from data_tools.rendering.write_set import write_set
from helpers.started import finished, needs_mpi, tsit
from helpers.tiny import HEIGHT, WIDTH
from jittor_tsit.runtime import mpirun

# Read by every process, as on machines whose files are not the same.
EXPERIMENT = """
import os

from jittor_tsit.config import DataConfig, Experiment, RunConfig
from jittor_tsit.systems.tsit import TSITConfig, TSITWeights

is_odd = os.environ.get("OMPI_COMM_WORLD_RANK") == "1"
odd = os.environ.get("ODD") if is_odd else None
experiment = Experiment(
    "tsit",
    TSITConfig(width=2, width_D=2, weights=TSITWeights(vgg=0)),
    DataConfig(root={"data": "other", "no data": "absent"}.get(odd, "set"), image_width=256, image_height=128),
    RunConfig(total_nimg=-1 if odd == "file" else 8, batch_size=2, seed=1 if odd == "options" else 0),
)
"""
TRAIN = tsit("train", "--experiment", "differing.py")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two sets of the same names, and an experiment that process 1 may read differently."""
    place = tmp_path_factory.mktemp("place")
    for name, seed in (("set", 0), ("other", 1)):
        write_set(place / name, 4, seed, WIDTH, HEIGHT)
    (place / "differing.py").write_text(EXPERIMENT)
    return place


def error_of(result):
    """The one line of a refused command."""
    assert result.status == 2, result.stderr
    assert "Traceback" not in result.stderr and "mpirun detected" not in result.stderr
    assert len(result.errors) == 1, result.stderr
    return result.errors[0]


@pytest.mark.mpi
@needs_mpi
@pytest.mark.parametrize(
    "odd, message",
    [
        ("options", r"error: process 1 has other inputs than process 0: options"),
        ("data", r"error: process 1 has other inputs than process 0: data"),
        ("no data", r"error: process 1 of 2: .*absent: .*"),
        ("file", r"error: process 1 of 2 on \S+: total_nimg=-1: must be 0 or more"),  # while process 0 waits for it
    ],
)
def test_processes_that_see_different_things_stop_with_one_message(place, odd, message):
    assert re.fullmatch(message, error_of(finished([*TRAIN, "--procs", 2, "--run-dir", "differing"], place, ODD=odd)))
    assert not list((place).glob("differing/state-*"))


@pytest.mark.mpi
@needs_mpi
def test_a_batch_that_does_not_divide_over_the_processes_is_refused(place):
    words = [*TRAIN, "--procs", 2, "--run-dir", "uneven", "batch_size=3"]
    assert error_of(finished(words, place)) == (
        "error: batch_size=3: cannot be divided among 2 processes; take a multiple of 2, or another --procs"
    )


@pytest.mark.parametrize("words", [("train", "--experiment", "differing.py"), ("test", "--data", "set")])
def test_without_open_mpi_its_packages_are_named(place, words):
    python, *rest = tsit(*words, "--procs", 2)
    assert error_of(finished([python, *rest], place, PATH=str(place))) == (
        "error: --procs 2: needs Open MPI (mpirun and mpicxx); on Debian or Ubuntu: "
        "sudo apt-get install openmpi-bin libopenmpi-dev"
    )


@pytest.mark.parametrize("number", ["0", "-1", "two"])
def test_a_number_of_processes_below_one_is_refused(place, number):
    message = error_of(finished([*TRAIN, "--procs", number], place))
    assert "--procs" in message and "whole number of at least 1" in message


@pytest.fixture
def open_mpi(tmp_path, monkeypatch):
    """An mpirun that says it is Open MPI's, and nothing else, on PATH."""
    make_tool(tmp_path / "mpirun", "mpirun (Open MPI) 4.1.4")
    make_tool(tmp_path / "mpicxx", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def make_tool(path, says):
    """A script that prints a line."""
    path.write_text(f"#!{sys.executable}\nprint({says!r})\n")
    path.chmod(0o755)


def test_a_missing_hostfile_is_refused(open_mpi):
    with pytest.raises(InputError, match=r"--hostfile .*absent: no such file; it lists one machine a line"):
        mpirun.mpirun_command(2, open_mpi / "absent", use_gpu=False)


def test_another_mpi_is_refused(open_mpi):
    make_tool(open_mpi / "mpirun", "HYDRA build details:")
    with pytest.raises(InputError, match=r"--procs 2: \S+mpirun is not Open MPI's .*HYDRA"):
        mpirun.mpirun_command(2, None, use_gpu=False)


def test_open_mpi_without_its_compiler_is_refused(open_mpi):
    (open_mpi / "mpicxx").unlink()
    with pytest.raises(InputError, match="needs Open MPI"):
        mpirun.mpirun_command(2, None, use_gpu=False)


def test_every_process_needs_a_gpu_where_there_are_any(open_mpi, monkeypatch):
    for gpus, use_gpu, is_refused in ((1, True, True), (2, True, False), (0, True, False), (1, False, False)):
        monkeypatch.setattr(mpirun, "count_gpus", lambda gpus=gpus: gpus)
        if is_refused:
            with pytest.raises(InputError, match=r"--procs 2: more than the 1 GPU\(s\) here; each process needs one"):
                mpirun.mpirun_command(2, None, use_gpu)
        else:
            mpirun.mpirun_command(2, None, use_gpu)


def test_machines_come_from_the_hostfile_and_get_the_environment(open_mpi, monkeypatch):
    hosts = open_mpi / "hosts"
    hosts.write_text("node1 slots=2\nnode2 slots=2\n")
    monkeypatch.setenv("JITTOR_HOME", "/shared")
    words = mpirun.mpirun_command(4, hosts, use_gpu=True)
    text = " ".join(words)
    assert f"-np 4 --bind-to none --hostfile {hosts}" in text and "--oversubscribe" not in words
    for name in ("PATH", "JITTOR_HOME", "OMPI_MCA_mpi_yield_when_idle"):
        assert f"-x {name}" in text
    assert "-x nccl_lib_path" not in text or "nccl_lib_path" in os.environ  # only what is set
