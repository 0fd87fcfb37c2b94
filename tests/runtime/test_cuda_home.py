"""A CUDA home for Jittor from installed parts: only where it is needed, complete or not at all, with clear messages."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from helpers.cuda_trees import (
    OLD_CUDNN,
    make_cudnn,
    make_libraries,
    make_library,
    make_runtime,
    make_site,
    make_toolkit,
    write,
)
from jittor_tsit.commands import doctor
from jittor_tsit.runtime import bootstrap, cuda_home, cuda_parts
from jittor_tsit.runtime.cuda_home import make_home, plan_home


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch):
    """Hide the machine's own CUDA, so that only the files of a test are found."""
    monkeypatch.setattr(cuda_parts, "SYSTEM_PLACES", ())
    monkeypatch.setattr(cuda_parts, "pip_sites", list)
    for name in ("LD_LIBRARY_PATH", "CUDA_HOME"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def made(nvcc, homes):
    home = plan_home(nvcc, homes)
    assert not home.problem
    make_home(home)
    return home, Path(home.nvcc).parent.parent


@pytest.mark.parametrize("version", [(10, 2), (11, 8), (12, 4)])
def test_a_cuda_that_jittor_can_use_stays_as_it_is(tmp_path, nothing_installed, version):
    nvcc = make_toolkit(tmp_path / "cuda", version, cudnn=(8, 9, 7))
    if version < (11, 0):
        shutil.rmtree(tmp_path / "cuda/include/cub")  # Jittor brings its own
    make_library(tmp_path / "other/lib", "nccl", 2)  # what only some use need not lie beside nvcc
    write(tmp_path / "other/include/nccl.h")
    nothing_installed.setenv("LD_LIBRARY_PATH", f"{tmp_path}/other/lib")
    home, _ = made(nvcc, tmp_path / "homes")
    assert (home.nvcc, home.adapted) == (nvcc, ())
    assert not (tmp_path / "homes").exists()


def test_cudnn_9_gets_the_names_of_cudnn_8(tmp_path):
    home, folder = made(make_toolkit(tmp_path / "cuda", (12, 4), cudnn=(9, 1, 0)), tmp_path / "homes")
    assert home.adapted == ("cuDNN 8's names",)
    assert home.versions == "CUDA 12.4, cuDNN 9.1.0"
    for name in OLD_CUDNN:
        target = (folder / f"lib64/lib{name}.so").resolve()
        assert target == tmp_path / f"cuda/lib64/lib{name.rsplit('_', 1)[0]}.so.9"
    header = (folder / "include/cudnn.h").read_text()
    assert f'#include "{tmp_path}/cuda/include/cudnn.h"' in header and "cudnnRNNForwardTraining" in header
    assert (folder / "include/cudnn_version.h").resolve() == tmp_path / "cuda/include/cudnn_version.h"


def test_everything_new_is_adapted_in_cuda_13(tmp_path):
    home, folder = made(make_toolkit(tmp_path / "cuda", (13, 0), cudnn=(9, 19, 1)), tmp_path / "homes")
    adapted = ("cuDNN 8's names", "C++17 and CUB's iterators", "fields of cudaDeviceProp", "NPP's limits")
    assert home.adapted == adapted
    for name in ("cudnn.h", "cuda_runtime.h", "cub/cub.cuh", "npp.h"):
        assert not (folder / "include" / name).is_symlink(), name
    for name in ("include/driver_types.h", "include/cublas_v2.h", "lib64/libcudadevrt.a"):
        assert (folder / name).resolve() == tmp_path / "cuda" / name


def test_nvcc_is_asked_for_cpp_17_and_its_other_words_stay(tmp_path):
    home, _ = made(make_toolkit(tmp_path / "cuda", (13, 0), cudnn=(9, 19, 1)), tmp_path / "homes")
    given = subprocess.run([home.nvcc, "-std=c++14", "a b.cu", '-DX="1"'], stdout=subprocess.PIPE, check=True).stdout
    assert f'given: -std=c++17 a b.cu -DX="1" -isystem {tmp_path}/cuda/include/cccl\n' in given.decode()


def test_pip_packages_are_joined_and_get_plain_names(tmp_path, nothing_installed):
    nvcc = make_runtime(tmp_path / "cuda", (13, 0))
    make_site(tmp_path / "site", 13)
    nothing_installed.setattr(cuda_parts, "pip_sites", lambda: [tmp_path / "site"])
    home, folder = made(nvcc, tmp_path / "homes")
    assert "folders joined" in home.adapted
    for name, place in (("cublas", "cu13"), ("cudnn", "cudnn"), ("cudnn_ops", "cudnn")):
        assert (folder / f"lib64/lib{name}.so").resolve().parent == tmp_path / f"site/nvidia/{place}/lib"
    assert (folder / "lib64/libcudart.so").resolve() == tmp_path / "cuda/lib64/libcudart.so.13"


def test_packages_for_another_cuda_are_passed_over(tmp_path, nothing_installed):
    nvcc = make_runtime(tmp_path / "cuda", (13, 0))
    make_site(tmp_path / "site", 12)
    nothing_installed.setattr(cuda_parts, "pip_sites", lambda: [tmp_path / "site"])
    problem = plan_home(nvcc, tmp_path / "homes").problem
    assert "cuBLAS, cuDNN, cuRAND, cuFFT, cuSPARSE" in problem


def test_what_is_missing_is_named_with_the_command_that_brings_it(tmp_path):
    nvcc = make_runtime(tmp_path / "cuda", (13, 0))
    make_libraries(tmp_path / "cuda/include", tmp_path / "cuda/lib64", 13)
    home = plan_home(nvcc, tmp_path / "homes")
    assert home.nvcc == ""
    assert home.problem == "no cuDNN for CUDA 13.0 (pip install nvidia-cudnn-cu13)"
    (tmp_path / "cuda/include/cusparse.h").unlink()
    problem = plan_home(nvcc, tmp_path / "homes").problem
    assert problem.endswith("(pip install 'cuda-toolkit[cusparse]==13.0.*' nvidia-cudnn-cu13)")


def test_libraries_that_the_loader_would_take_come_first(tmp_path, nothing_installed):
    nvcc = make_toolkit(tmp_path / "cuda", (13, 0), cudnn=(9, 1, 0))
    make_cudnn(tmp_path / "other/include", tmp_path / "other/lib", (9, 19, 1))
    nothing_installed.setenv("LD_LIBRARY_PATH", f"/nowhere:{tmp_path}/other/lib")
    home, folder = made(nvcc, tmp_path / "homes")
    assert home.versions.endswith("cuDNN 9.19.1")
    assert (folder / "lib64/libcudnn.so").resolve().parent == tmp_path / "other/lib"


def test_an_older_driver_is_named(tmp_path):
    nvcc = make_toolkit(tmp_path / "cuda", (13, 0), cudnn=(9, 19, 1))
    assert "the driver runs programs of CUDA 12" in plan_home(nvcc, tmp_path / "homes", driver_major=12).problem
    assert plan_home(nvcc, tmp_path / "homes", driver_major=13).problem == ""


@pytest.mark.parametrize("text", ["#!/bin/sh\necho no such option\n", "not a program"])
def test_an_nvcc_that_says_nothing_is_named(tmp_path, text):
    nvcc = write(tmp_path / "bin/nvcc", text)
    nvcc.chmod(0o755)
    home = plan_home(str(nvcc), tmp_path / "homes")
    assert home.nvcc == "" and home.problem.startswith("nvcc cannot be used") and "\n" not in home.problem


def test_a_home_is_made_once_and_anew_when_something_changes(tmp_path, nothing_installed):
    nvcc = make_toolkit(tmp_path / "cuda", (13, 0), cudnn=(9, 19, 1))
    _first, folder = made(nvcc, tmp_path / "homes")
    with nothing_installed.context() as patch:
        patch.setattr(cuda_home.tempfile, "mkdtemp", lambda **_: pytest.fail("a home was made"))
        assert made(nvcc, tmp_path / "homes")[1] == folder
    write(tmp_path / "cuda/lib64/libcudnn.so.9", "another")
    assert made(nvcc, tmp_path / "homes")[1] != folder


def test_several_at_once_make_one_home(tmp_path):
    home = plan_home(make_toolkit(tmp_path / "cuda", (13, 0), cudnn=(9, 19, 1)), tmp_path / "homes")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make_home, [home] * 8))
    assert [path.name for path in (tmp_path / "homes").iterdir()] == [Path(home.nvcc).parent.parent.name]
    assert {str(path.relative_to(Path(home.nvcc).parent.parent)) for path in files_of(home)} == set(home.files)


def files_of(home):
    return [path for path in Path(home.nvcc).parent.parent.rglob("*") if path.is_symlink() or path.is_file()]


def test_a_home_that_cannot_be_finished_leaves_nothing(tmp_path):
    home = plan_home(make_toolkit(tmp_path / "cuda", (13, 0), cudnn=(9, 19, 1)), tmp_path / "homes")
    broken = home._replace(files={**home.files, "bin/nvcc/below": "a file cannot hold another"})
    with pytest.raises(OSError):
        make_home(broken)
    assert list((tmp_path / "homes").iterdir()) == []


# What `configure` makes of it


@pytest.fixture
def machine(tmp_path, nothing_installed):
    """A machine with a GPU and CUDA 13, before `configure`."""
    nvcc = make_toolkit(tmp_path / "cuda", (13, 0), cudnn=(9, 19, 1))
    for name in (*bootstrap.OUR_VARIABLES, "use_cutt", "use_cutlass", "use_nccl", "FIX_TORCH_ERROR", "kernel_flags"):
        nothing_installed.setenv(name, "")  # so that what configure sets is taken back
        nothing_installed.delenv(name)
    nothing_installed.setattr(bootstrap, "count_gpus", lambda: 1)
    nothing_installed.setattr(bootstrap, "driver_major", lambda: None)
    nothing_installed.setattr(bootstrap, "cuda_homes", lambda: tmp_path / "homes")
    nothing_installed.setattr(bootstrap, "install_onednn", lambda: True)
    nothing_installed.setenv("CUDA_HOME", str(Path(nvcc).parent.parent))
    return nothing_installed


def test_jittor_is_given_the_home(machine, tmp_path, capsys):
    bootstrap.configure()
    assert Path(os.environ["nvcc_path"]).parents[2] == tmp_path / "homes"
    assert {os.environ[name] for name in ("use_cutt", "use_cutlass", "use_nccl", "FIX_TORCH_ERROR")} == {"0"}
    assert capsys.readouterr().err == ""


def test_another_nvcc_is_taken_when_the_first_cannot_be_used(machine, tmp_path):
    incomplete = make_runtime(tmp_path / "incomplete", (12, 4))
    machine.setattr(bootstrap, "find_nvccs", lambda: [incomplete, str(tmp_path / "cuda/bin/nvcc")])
    assert bootstrap.find_cuda().home.versions == "CUDA 13.0, cuDNN 9.19.1"
    machine.setattr(bootstrap, "find_nvccs", lambda: [incomplete])
    assert "for CUDA 12.4" in bootstrap.find_cuda().home.problem


def test_the_callers_nvcc_means_that_nothing_is_made(machine, tmp_path):
    machine.setenv("nvcc_path", "/mine/nvcc")
    bootstrap.configure()
    assert os.environ["nvcc_path"] == "/mine/nvcc"
    assert not (tmp_path / "homes").exists()


def test_a_home_of_another_process_is_found_anew(machine, tmp_path):
    machine.setenv("nvcc_path", str(tmp_path / "homes/on-another-machine/bin/nvcc"))
    bootstrap.configure()
    assert Path(os.environ["nvcc_path"]).exists()


def test_without_room_the_cpu_is_used_with_one_line(machine, tmp_path, capsys):
    write(tmp_path / "homes")  # a file where the folder should be
    bootstrap.configure()
    assert os.environ["nvcc_path"] == ""
    line = capsys.readouterr().err
    assert "no folder can be made" in line and line.count("\n") == 1


def test_doctor_shows_versions_home_and_what_was_adapted(machine):
    bootstrap.configure()
    (_, cuda), (_, home) = doctor.cuda_lines()
    assert "CUDA 13.0, cuDNN 9.19.1" in cuda
    assert str(Path(os.environ["nvcc_path"]).parents[1]) in home and "cuDNN 8's names" in home


def test_doctor_shows_what_is_missing(machine, tmp_path):
    (tmp_path / "cuda/include/cudnn.h").unlink()
    assert "pip install nvidia-cudnn-cu13" in doctor.cuda_lines()[0][1]


# With a real nvcc

SOURCE = """
#include <cuda_runtime.h>
#include <cub/cub.cuh>
#include <cudnn.h>
#include <npp.h>
struct NonZero { __host__ __device__ bool operator()(float x) const { return x != 0; } };
int count(float* x, int* out, int* num, int n) {
    size_t bytes = 0;
    cub::CountingInputIterator<int> counting(0);
    cub::TransformInputIterator<bool, NonZero, float*> flags(x, NonZero());
    cub::DeviceSelect::Flagged(nullptr, bytes, counting, flags, out, num, n);
    cudaDeviceProp properties = {};
    return properties.clockRate + properties.computeMode + NPP_MAX_32S + (int)cudnnSetRNNDescriptor_v6(n, num);
}
"""


def real_nvcc():
    for nvcc in cuda_parts.find_nvccs():
        try:
            if cuda_parts.read_toolkit(nvcc).version[0] >= 13:
                return nvcc
        except OSError:
            continue
    return None


@pytest.mark.skipif(real_nvcc() is None, reason="no nvcc of CUDA 13 or later, whose headers need adapting")
def test_code_for_older_cuda_compiles_with_a_real_nvcc(tmp_path, nothing_installed):
    nvcc = real_nvcc()
    make_site(tmp_path / "site", cuda_parts.read_toolkit(nvcc).version[0])  # only headers of cuDNN are read
    nothing_installed.setattr(cuda_parts, "pip_sites", lambda: [tmp_path / "site"])
    home, folder = made(nvcc, tmp_path / "homes")
    source = write(tmp_path / "code.cu", SOURCE)
    command = [home.nvcc, f"-I{folder}/include", "-std=c++14", "-w", "-arch=sm_90", "-c", str(source)]
    done = subprocess.run([*command, "-o", str(tmp_path / "code.o")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()[-2000:]
