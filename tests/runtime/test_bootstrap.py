"""The environment before Jittor is imported: the user's values win, nothing is downloaded, broken CUDA is no crash."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jittor_tsit.runtime import bootstrap

ROOT = Path(__file__).parents[2]
VARIABLES = (
    "cache_name",
    "log_silent",
    "gdb_path",
    "use_mpi",
    "use_mkl",
    "nvcc_path",
    "kernel_flags",
    "python_config_path",
)


@pytest.fixture
def bare(monkeypatch):
    """The environment without the variables that `configure` sets; restored afterwards."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


def test_the_callers_values_win(bare):
    for name in VARIABLES:
        bare.setenv(name, "mine")
    bootstrap.configure()
    assert {os.environ[name] for name in VARIABLES} == {"mine"}


def test_configuring_twice_changes_nothing(bare):
    bootstrap.configure()
    first = dict(os.environ)
    bootstrap.configure()
    assert dict(os.environ) == first


def test_without_a_gpu_jittor_sees_no_nvcc(bare):
    bare.setattr(bootstrap, "count_gpus", lambda: 0)
    bootstrap.configure()
    assert os.environ["nvcc_path"] == ""


def test_a_gpu_without_toolkit_falls_back_with_one_line(bare, capsys):
    bare.setattr(bootstrap, "count_gpus", lambda: 2)
    bare.setattr(bootstrap.shutil, "which", lambda name: None)
    bootstrap.configure()
    assert os.environ["nvcc_path"] == ""
    line = capsys.readouterr().err
    assert "2 GPU(s)" in line and "no nvcc" in line and line.count("\n") == 1


def test_an_nvcc_that_cannot_be_used_falls_back(bare, capsys, tmp_path):
    nvcc = tmp_path / "bin/nvcc"
    nvcc.parent.mkdir()
    nvcc.touch()
    bare.setattr(bootstrap, "count_gpus", lambda: 1)
    bare.setattr(bootstrap, "find_nvccs", lambda: [str(nvcc)])
    bootstrap.configure()
    assert os.environ["nvcc_path"] == ""
    assert "nvcc cannot be used" in capsys.readouterr().err


def test_onednn_is_put_in_place_from_its_wheels(bare, tmp_path):
    pytest.importorskip("importlib.metadata").distribution("onednn-cpu-gomp")
    bare.setenv("JITTOR_HOME", str(tmp_path))
    assert bootstrap.install_onednn()
    folder = bootstrap.onednn_path()
    assert folder.is_relative_to(tmp_path) if hasattr(folder, "is_relative_to") else True
    for name in ("lib/libmkldnn.so", "lib/libdnnl.so.2", "include/mkldnn.hpp", "include/oneapi/dnnl/dnnl.hpp"):
        assert (folder / name).exists(), name


def test_a_dangling_onednn_is_replaced(bare, tmp_path):
    bare.setenv("JITTOR_HOME", str(tmp_path))
    folder = bootstrap.onednn_path()
    folder.mkdir(parents=True)
    (folder / "lib").symlink_to(tmp_path / "gone")
    assert bootstrap.install_onednn()
    assert (folder / "lib/libmkldnn.so").exists()


def test_importing_the_package_does_not_import_jittor():
    code = "import jittor_tsit, sys; sys.exit('jittor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_importing_the_package_prepares_nothing_before_jittor_is_imported(tmp_path):
    """A command that ends before, such as --help or a refusal, must not copy and compile anything."""
    code = (
        "import os, sys, jittor_tsit.__main__; first = os.environ.get('cache_name')\n"
        "from jittor_tsit.runtime import bootstrap\n"
        "bootstrap.configure = lambda: print('configured')\n"
        "import importlib.util; importlib.util.find_spec('jittor'); importlib.util.find_spec('jittor_utils')\n"
        "print(first, os.listdir(os.environ['HOME']))"
    )
    environment = {**os.environ, "HOME": str(tmp_path)}
    for name in VARIABLES:
        environment.pop(name, None)
    shown = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert shown.stdout == "configured\nNone []\n", shown.stderr
