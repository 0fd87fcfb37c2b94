"""The command `doctor`: report what was found on this machine, and what each missing part is needed for."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

from jittor_tsit.commands.shared_options import add_command
from jittor_tsit.runtime.bootstrap import configure, find_cuda, onednn_path
from jittor_tsit.runtime.import_jittor import start_jittor

PACKAGES = ("jittor_tsit", "jittor", "numpy", "pillow", "tqdm", "safetensors")


def add(commands) -> None:
    """Add the command `doctor` to the parsers `commands`. It has no options."""
    add_command(commands, "doctor", run, "say what was found on this machine", "python -m jittor_tsit doctor")


def run(args: argparse.Namespace) -> int:
    """Print the report of this machine. Return the exit status of `report`."""
    configure()
    return report()


def report() -> int:
    """Print one line for each part that training needs. Return 0 if training can run on this machine, otherwise 1."""
    lines = [("Python", f"{platform.python_version()} at {sys.executable}"), ("packages", _versions())]
    compiler = _first_line("g++", "--version", gives="nothing works without it: apt-get install g++")
    lines += [("cores", str(len(os.sched_getaffinity(0)))), ("g++", compiler)]
    lines += [("Python headers", _headers()), ("oneDNN", _onednn())]
    lines += [("short compiles", _kernel_headers()), *cuda_lines(), ("MPI", _mpi())]
    for name, finding in lines:
        print(f"{name:15} {finding}", flush=True)
    works, finding = check_jittor()
    print(f"{'Jittor':15} {finding}", flush=True)
    if works and uses_gpu():
        works, finding = cuda_kernels()
        print(f"{'CUDA kernels':15} {finding}")
    return 0 if works else 1


def _versions() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)


def _first_line(program: str, option: str, gives: str) -> str:
    path = shutil.which(program)
    if path is None:
        return f"not found; {gives}"
    output = subprocess.run([path, option], capture_output=True, text=True).stdout
    return f"{output.splitlines()[0] if output else ''} at {path}"


def _headers() -> str:
    path = Path(sysconfig.get_paths()["include"], "Python.h")
    return str(path) if path.exists() else f"no {path}; nothing works without it: apt-get install python3-dev"


def _onednn() -> str:
    path = onednn_path()
    if (path / "lib/libmkldnn.so").exists() and os.environ.get("use_mkl", "1") == "1":
        return f"2.2.0 at {path}"
    return "not used; fast convolutions on the CPU come with the packages onednn-cpu-gomp and onednn-devel-cpu-gomp"


def _kernel_headers() -> str:
    option = os.environ.get("kernel_flags", "").strip()
    return option or "no; g++ on Linux, without CUDA, would compile operators behind a precompiled header"


def cuda_lines() -> list[tuple[str, str]]:
    cuda = find_cuda()
    home, chosen = cuda.home, os.environ.get("nvcc_path", "")
    if not home.nvcc:
        return [("CUDA", f"not used: {home.problem}; a GPU trains the full-width model in days rather than months")]
    if chosen != home.nvcc:
        return [("CUDA", f"nvcc_path says {chosen}" if chosen else "found, and switched off by nvcc_path")]
    program = shutil.which("nvidia-smi")
    names = ""
    if program:
        names = subprocess.run([program, "--list-gpus"], capture_output=True, text=True).stdout
    folder = Path(home.nvcc).parent.parent
    adapted = f"made for Jittor: {', '.join(home.adapted)}" if home.adapted else "as it is installed"
    return [
        ("CUDA", f"{' '.join(names.split()) or f'{cuda.num_gpus} GPU(s)'}, {home.versions}"),
        ("CUDA home", f"{folder}, {adapted}"),
    ]


def _mpi() -> str:
    return _first_line("mpirun", "--version", gives="it would let several processes train together (Open MPI)")


def check_jittor() -> tuple[bool, str]:
    try:
        jt = start_jittor()
        total = float((jt.ones(2, 3) @ jt.ones(3, 2)).sum().item())
    except Exception as error:  # report every error of Jittor
        return False, f"does not work: {' '.join(str(error).split())[-300:] or type(error).__name__}"
    device = f"on {jt.get_device_count()} GPU(s)" if jt.flags.use_cuda else "on the CPU"
    return total == 12.0, f"{jt.__version__} computes {device}; compiled operators lie in {jt.flags.cache_path}"


def uses_gpu() -> bool:
    """Return whether Jittor computes on a GPU. Jittor must be imported already."""
    import jittor as jt

    return bool(jt.flags.use_cuda)


def cuda_kernels() -> tuple[bool, str]:
    """Compare this project's CUDA kernels with Jittor's operators. Return whether they agree, and a sentence.

    If they are switched off, they count as agreeing.
    """
    from jittor_tsit.commands import doctor_kernels
    from jittor_tsit.kernels.backend import context

    if not context.cuda_kernels:
        return True, "switched off by JTSIT_CUDA_KERNELS=0"
    try:
        agrees, finding = doctor_kernels.verdict()
    except Exception as error:  # report every error of the compiler, the driver and Jittor
        agrees, finding = False, f"do not work: {' '.join(str(error).split())[-300:] or type(error).__name__}"
    return agrees, finding if agrees else f"{finding}; JTSIT_CUDA_KERNELS=0 goes on with Jittor's operators"
