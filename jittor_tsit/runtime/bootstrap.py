"""The environment that Jittor reads at import: CUDA, oneDNN, MPI, compiler options. Standard library only.

Jittor 1.3.11 downloads oneDNN and a CUDA toolkit by itself and stops where there is no network, and it dies
on an nvcc without its libraries and on those of today. `configure()` puts oneDNN in place from its PyPI wheels, and
lets Jittor see CUDA only when it is usable, through a folder made for it where it needs one (`cuda_home`). It sets
defaults only: the caller's variables win.
"""

import ctypes
import json
import os
import shutil
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import NamedTuple, Optional

from jittor_tsit.runtime.cuda_home import CudaHome, make_home, plan_home
from jittor_tsit.runtime.cuda_parts import find_nvccs
from jittor_tsit.runtime.precompiled_header import install_kernel_headers

ONEDNN_FOLDER = "dnnl_lnx_2.2.0_cpu_gomp"  # the name that Jittor 1.3.11 looks for
ONEDNN_WHEELS = ("onednn-cpu-gomp", "onednn-devel-cpu-gomp")  # libraries; headers
# The driver by its name, and where containers and WSL have it when the loader does not know. Once loaded, CUDA's
# runtime finds it by its name in this process.
DRIVERS = ("libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1")
FOUND_HERE = ("nvcc_path", "nccl_lib_path", "nccl_include_path")  # they may name a CUDA home of our own
MPI_LOCAL_RANK = "OMPI_COMM_WORLD_LOCAL_RANK"  # set by mpirun: the number of a process on its machine


class Cuda(NamedTuple):
    """What was found: GPUs, and CUDA for them."""

    num_gpus: int
    home: CudaHome


def configure() -> None:
    """Set the variables that Jittor reads at import, where the caller has not."""
    os.environ.setdefault("cache_name", "jittor_tsit")  # other programs' operators are compiled with other options
    os.environ.setdefault("log_silent", "1")  # our commands say what is going on; errors are raised all the same
    os.environ.setdefault("gdb_path", "")  # looking for a debugger takes longer than the rest of the import
    started_by_mpi = MPI_LOCAL_RANK in os.environ
    os.environ.setdefault("use_mpi", "0")  # spares one process the compile of MPI
    if started_by_mpi:
        os.environ["use_mpi"] = "1"  # the process that called mpirun has said 0, for itself
        _choose_gpu(int(os.environ[MPI_LOCAL_RANK]))
    _configure_python_config()
    if not install_onednn():
        os.environ.setdefault("use_mkl", "0")
    for name in FOUND_HERE:  # by a process before this one, perhaps on another machine
        if os.environ.get(name, "").startswith(str(cuda_homes())):
            del os.environ[name]
    if "nvcc_path" not in os.environ:
        _configure_cuda(find_cuda())
    if not os.environ["nvcc_path"] and "kernel_flags" not in os.environ:
        os.environ["kernel_flags"] = f" {install_kernel_headers(jittor_home() / '.cache/jittor/kernel_headers')} "


def _configure_python_config() -> None:
    name = f"python3.{sys.version_info.minor}-config"
    path = Path(sys.base_prefix, "bin", name)
    if path.exists():
        os.environ.setdefault("python_config_path", str(path))


def _choose_gpu(local_rank: int) -> None:
    """Let this process see one GPU, its own."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    gpus = visible.split(",") if visible else []
    os.environ["CUDA_VISIBLE_DEVICES"] = gpus[local_rank % len(gpus)] if gpus else str(local_rank)


def _configure_cuda(cuda: Cuda) -> None:
    home = cuda.home
    try:
        make_home(home)
    except OSError as error:
        home = CudaHome("", f"no folder can be made for it: {error}")
    os.environ["nvcc_path"] = home.nvcc
    if home.nvcc:
        for name in ("use_cutt", "use_cutlass"):  # each would be downloaded
            os.environ.setdefault(name, "0")
        if home.adapted:
            os.environ.setdefault("FIX_TORCH_ERROR", "0")  # Jittor would import torch, whose libraries would be first
        _configure_nccl(Path(home.nvcc).resolve().parent.parent)
    elif cuda.num_gpus:
        print(
            f"jittor_tsit: {cuda.num_gpus} GPU(s) found but not usable: {home.problem}; using the CPU", file=sys.stderr
        )


def _configure_nccl(cuda_home: Path) -> None:
    """Use the NCCL that is installed; Jittor would download one. Without it processes exchange through memory."""
    library = _find_library(cuda_home, "libnccl.so")
    header = next((path for path in (cuda_home / "include", Path("/usr/include")) if (path / "nccl.h").exists()), None)
    if library and header:
        os.environ.setdefault("nccl_lib_path", str(library.parent))
        os.environ.setdefault("nccl_include_path", str(header))
    os.environ.setdefault("use_nccl", str(int("nccl_lib_path" in os.environ)))


def find_cuda() -> Cuda:
    """Look for a driver with a GPU, nvcc, and what Jittor needs of CUDA; nothing is written."""
    num_gpus = count_gpus()
    if not num_gpus:
        return Cuda(0, CudaHome("", "no NVIDIA driver with a GPU"))
    problems = []
    for nvcc in find_nvccs():
        home = plan_home(nvcc, cuda_homes(), _driver_major())
        if not home.problem:
            return Cuda(num_gpus, home)
        problems.append(home.problem)
    problems.append("no nvcc on PATH or in /usr/local/cuda/bin (install the CUDA toolkit, or pip install '.[cuda]')")
    return Cuda(num_gpus, CudaHome("", problems[0]))


def count_gpus() -> int:
    """GPUs that the driver offers; 0 without a driver."""
    driver = _load_driver()
    count = ctypes.c_int(0)
    if driver is None or driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


def _driver_major() -> Optional[int]:
    """The newest CUDA whose programs the driver runs; those of its later minor versions run, too."""
    driver = _load_driver()
    version = ctypes.c_int(0)
    if driver is None or driver.cuDriverGetVersion(ctypes.byref(version)) != 0:
        return None
    return version.value // 1000  # 13000 is 13.0


def _load_driver() -> Optional[ctypes.CDLL]:
    for name in DRIVERS:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def _find_library(cuda_home: Path, name: str) -> Optional[Path]:
    folders = [cuda_home / "lib64", cuda_home / "lib", cuda_home / "targets/x86_64-linux/lib"]
    folders += [Path("/usr/lib/x86_64-linux-gnu"), Path("/usr/lib/aarch64-linux-gnu")]
    return next((folder / name for folder in folders if (folder / name).exists()), None)


def jittor_home() -> Path:
    """The folder whose .cache/jittor Jittor uses: JITTOR_HOME, the one remembered from before, or home."""
    remembered = Path.home() / ".cache/jittor/config.json"
    default = str(Path.home())
    if remembered.exists():
        default = json.loads(remembered.read_text()).get("JITTOR_HOME", default)
    return Path(os.environ.get("JITTOR_HOME", default)).absolute()


def cuda_homes() -> Path:
    """Where the CUDA homes lie that are made for Jittor."""
    return jittor_home() / ".cache/jittor/cuda_home"


def onednn_path() -> Path:
    """Where Jittor looks for oneDNN."""
    return jittor_home() / ".cache/jittor/mkl" / ONEDNN_FOLDER


def install_onednn() -> bool:
    """Put oneDNN of the PyPI wheels where Jittor looks for it.

    Returns:
        False when it is neither there nor among the installed packages (there are no wheels for ARM).
    """
    target = onednn_path()
    if (target / "lib/libmkldnn.so").exists():  # exists() follows links: a dangling one is replaced
        return True
    try:
        files = [file for wheel in ONEDNN_WHEELS for file in metadata.files(wheel) or []]
    except metadata.PackageNotFoundError:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix="onednn-", dir=target.parent))  # a name Jittor does not take for it
    staging.chmod(0o755)
    _copy_onednn(files, staging)
    _move_into_place(staging, target)
    return (target / "lib/libmkldnn.so").exists()


def _copy_onednn(files, staging: Path) -> None:
    """The headers and one copy of the library; the wheels hold it six times over, under each of its names."""
    (staging / "lib").mkdir()
    for file in files:
        if "include" in file.parts:
            inside = Path(*file.parts[file.parts.index("include") :])
            (staging / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.locate(), staging / inside)
        elif file.name == "libdnnl.so.2":
            shutil.copy(file.locate(), staging / "lib" / file.name)
    for name in ("libdnnl.so", "libmkldnn.so", "libmkldnn.so.2"):
        (staging / "lib" / name).symlink_to("libdnnl.so.2")


def _move_into_place(staging: Path, target: Path) -> None:
    if (target / "lib/libmkldnn.so").exists():  # another process was faster
        shutil.rmtree(staging, ignore_errors=True)
        return
    if target.is_symlink():
        target.unlink()
    elif target.exists():
        shutil.rmtree(target, ignore_errors=True)
    try:
        staging.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(staging, ignore_errors=True)
