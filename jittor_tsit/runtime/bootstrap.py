"""Set the environment variables that Jittor reads at import: CUDA, oneDNN, MPI, compiler options.

Jittor 1.3.11 downloads oneDNN and a CUDA toolkit by itself and stops where there is no network. It also crashes on an
nvcc without libraries and on recent CUDA versions. `configure()` therefore installs oneDNN from its PyPI wheels, and
shows Jittor a CUDA toolkit only if it is usable, if necessary through a folder of links (`cuda_home`). Variables that
the user has set are never changed. Standard library only.
"""

import ctypes
import os
import shutil
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import NamedTuple, Optional

from jittor_tsit.runtime.cuda_home import CudaHome, make_home, plan_home
from jittor_tsit.runtime.cuda_parts import find_nvccs
from jittor_tsit.runtime.jittor_home import jittor_cache
from jittor_tsit.runtime.jittor_patches import kernel_flags

ONEDNN_FOLDER = "dnnl_lnx_2.2.0_cpu_gomp"  # the name that Jittor 1.3.11 looks for
ONEDNN_WHEELS = ("onednn-cpu-gomp", "onednn-devel-cpu-gomp")  # libraries; headers
# Names of the driver library: the usual one, then the paths in containers and in WSL, which the loader may not search.
# Once the driver is loaded, the CUDA runtime finds it in this process by its name.
DRIVERS = ("libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1")
OUR_VARIABLES = ("nvcc_path", "nccl_lib_path", "nccl_include_path")  # may point into a CUDA home that we made
MPI_LOCAL_RANK = "OMPI_COMM_WORLD_LOCAL_RANK"  # set by mpirun: number of a process on its machine


JITTOR_MODULES = ("jittor", "jittor_utils")


class Cuda(NamedTuple):
    """What was found of CUDA: the number of GPUs, and the plan of a CUDA home for Jittor."""

    num_gpus: int
    home: CudaHome


class ConfigureFirst:
    """Importer that finds nothing, but calls `configure` just before Jittor is imported.

    Copying oneDNN, compiling a header and asking the driver for GPUs take seconds. Help, and the refusal of a wrong
    option, must not wait for them.
    """

    def find_spec(self, name, path=None, target=None):
        """Return None. Called by Python for each module that is imported for the first time."""
        if name.partition(".")[0] in JITTOR_MODULES and self in sys.meta_path:
            sys.meta_path.remove(self)
            configure()


def configure_before_jittor() -> None:
    """Let the first import of Jittor call `configure`."""
    if not any(isinstance(finder, ConfigureFirst) for finder in sys.meta_path):
        sys.meta_path.insert(0, ConfigureFirst())


def configure() -> None:
    """Set the variables that Jittor reads at import, unless the user has set them."""
    os.environ.setdefault("cache_name", "jittor_tsit")  # a cache of our own: our compiler options differ
    os.environ.setdefault("log_silent", "1")  # our commands print their own progress; errors are still raised
    os.environ.setdefault("gdb_path", "")  # searching for a debugger takes longer than the rest of the import
    started_by_mpi = MPI_LOCAL_RANK in os.environ
    os.environ.setdefault("use_mpi", "0")  # a single process need not compile the MPI part
    if started_by_mpi:
        os.environ["use_mpi"] = "1"  # the process that called mpirun had set 0, for itself
        _choose_gpu(int(os.environ[MPI_LOCAL_RANK]))
    _configure_python_config()
    if not install_onednn():
        os.environ.setdefault("use_mkl", "0")
    for name in OUR_VARIABLES:  # set by the parent process, perhaps on another machine
        if os.environ.get(name, "").startswith(str(cuda_homes())):
            del os.environ[name]
    if "nvcc_path" not in os.environ:
        _configure_cuda(find_cuda())
    if not os.environ["nvcc_path"] and "kernel_flags" not in os.environ:
        os.environ["kernel_flags"] = kernel_flags()


def _configure_python_config() -> None:
    name = f"python3.{sys.version_info.minor}-config"
    path = Path(sys.base_prefix, "bin", name)
    if path.exists():
        os.environ.setdefault("python_config_path", str(path))


def _choose_gpu(local_rank: int) -> None:
    """Let this process see only one GPU of the machine: the one with the number of the process on the machine."""
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
        for name in ("use_cutt", "use_cutlass"):  # Jittor would download them
            os.environ.setdefault(name, "0")
        if home.adapted:
            os.environ.setdefault("FIX_TORCH_ERROR", "0")  # Jittor would import torch and then use torch's libraries
        _configure_nccl(Path(home.nvcc).resolve().parent.parent)
    elif cuda.num_gpus:
        print(
            f"jittor_tsit: {cuda.num_gpus} GPU(s) found but not usable: {home.problem}; using the CPU", file=sys.stderr
        )


def _configure_nccl(cuda_home: Path) -> None:
    """Use the installed NCCL; Jittor would download one. Without NCCL, processes exchange data through main memory."""
    library = _find_library(cuda_home, "libnccl.so")
    header = next((path for path in (cuda_home / "include", Path("/usr/include")) if (path / "nccl.h").exists()), None)
    if library and header:
        os.environ.setdefault("nccl_lib_path", str(library.parent))
        os.environ.setdefault("nccl_include_path", str(header))
    os.environ.setdefault("use_nccl", str(int("nccl_lib_path" in os.environ)))


def find_cuda() -> Cuda:
    """Look for a driver with a GPU, for nvcc, and for the CUDA libraries that Jittor needs. Write nothing."""
    num_gpus = count_gpus()
    if not num_gpus:
        return Cuda(0, CudaHome("", "no NVIDIA driver with a GPU"))
    problems = []
    for nvcc in find_nvccs():
        home = plan_home(nvcc, cuda_homes(), driver_major())
        if not home.problem:
            return Cuda(num_gpus, home)
        problems.append(home.problem)
    problems.append("no nvcc on PATH or in /usr/local/cuda/bin (install the CUDA toolkit, or pip install '.[cuda]')")
    return Cuda(num_gpus, CudaHome("", problems[0]))


def count_gpus() -> int:
    """Return the number of GPUs that the driver offers; 0 without a driver."""
    driver = _load_driver()
    count = ctypes.c_int(0)
    if driver is None or driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


def driver_major() -> Optional[int]:
    """Return the newest major version of CUDA that the driver supports, or None without a driver."""
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


def cuda_homes() -> Path:
    """Return the folder with the folders of links that show Jittor a CUDA toolkit (see `cuda_home.make_home`)."""
    return jittor_cache() / "cuda_home"


def onednn_path() -> Path:
    """Return the folder in which Jittor looks for oneDNN."""
    return jittor_cache() / "mkl" / ONEDNN_FOLDER


def install_onednn() -> bool:
    """Copy oneDNN from its installed PyPI wheels to the folder in which Jittor looks for it, unless it is there.

    Returns:
        False if oneDNN is neither in the folder nor installed (there are no wheels for ARM).
    """
    target = onednn_path()
    if (target / "lib/libmkldnn.so").exists():  # exists() follows links: a dangling one is replaced
        return True
    try:
        files = [file for wheel in ONEDNN_WHEELS for file in metadata.files(wheel) or []]
    except metadata.PackageNotFoundError:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix="onednn-", dir=target.parent))  # Jittor does not look for such a name
    staging.chmod(0o755)
    _copy_onednn(files, staging)
    _move_into_place(staging, target)
    return (target / "lib/libmkldnn.so").exists()


def _copy_onednn(files, staging: Path) -> None:
    """Copy oneDNN's headers and one copy of its library into the folder `staging`.

    The wheels hold the library six times, once for each of its names.

    Args:
        files: Files of the installed wheels.
    """
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
