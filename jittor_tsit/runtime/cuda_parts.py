"""Find the parts of CUDA that Jittor links: beside nvcc, in the system, or in pip packages. Standard library only."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator, NamedTuple, Optional

MACHINE = "x86_64" if platform.machine() in ("x86_64", "AMD64") else "aarch64"  # as in the system's folder names
TARGETS = ("x86_64-linux",) if MACHINE == "x86_64" else ("sbsa-linux", "aarch64-linux")  # as in a toolkit's


class Place(NamedTuple):
    """A folder of headers (`include`) and the folder with the libraries that belong to them (`lib`)."""

    include: Path
    lib: Path


class Part(NamedTuple):
    """A part of CUDA: its library lib<library>.so and one of its headers."""

    title: str
    library: str  # "" for a part that has headers only
    header: str
    has_cuda_number: bool  # whether the number in the library's name is the major version of CUDA
    is_needed: bool = True


SYSTEM_PLACES = (  # two for Debian's packages, one for Red Hat's
    Place(Path("/usr/include"), Path(f"/usr/lib/{MACHINE}-linux-gnu")),
    Place(Path(f"/usr/include/{MACHINE}-linux-gnu"), Path(f"/usr/lib/{MACHINE}-linux-gnu")),
    Place(Path("/usr/include"), Path("/usr/lib64")),
)
CUDART = Part("the CUDA runtime", "cudart", "cuda_runtime.h", True)
CUDNN = Part("cuDNN", "cudnn", "cudnn.h", False)
CUB = Part("CUB", "", "cub/cub.cuh", False)
PARTS = (
    CUDART,
    Part("cuBLAS", "cublas", "cublas_v2.h", True),
    CUDNN,
    Part("cuRAND", "curand", "curand.h", False),
    Part("cuFFT", "cufft", "cufftXt.h", False),
    Part("cuSPARSE", "cusparse", "cusparse.h", False),
    CUB,
    Part("nvJitLink", "nvJitLink", "nvJitLink.h", True, is_needed=False),  # cuSPARSE of CUDA 12 and later loads it
    Part("NVRTC", "nvrtc", "nvrtc.h", True, is_needed=False),  # cuDNN compiles some of its kernels with it
    Part("NCCL", "nccl", "nccl.h", False, is_needed=False),
)
OLDEST_WITH_CUB = (11, 0)  # for older versions Jittor brings its own CUB
CUDNN_HEADERS = ("cudnn_version.h", "cudnn.h")  # cuDNN 7 defines its version in the second


class Toolkit(NamedTuple):
    """An nvcc, the folder whose headers and libraries it uses, and its CUDA version."""

    nvcc: str
    top: Path
    version: tuple[int, int]


def find_nvccs() -> list[str]:
    """Return the existing nvcc of $CUDA_HOME, of PATH, of /usr/local/cuda, and of pip packages, in this order."""
    candidates = [str(Path(os.environ["CUDA_HOME"], "bin/nvcc"))] if os.environ.get("CUDA_HOME") else []
    candidates += ["nvcc", "/usr/local/cuda/bin/nvcc"]
    candidates += [str(nvcc) for site in pip_sites() for nvcc in sorted(site.glob("nvidia/cu[0-9]*/bin/nvcc"))]
    return list(dict.fromkeys(filter(None, map(shutil.which, candidates))))


def read_toolkit(nvcc: str) -> Toolkit:
    """Run an nvcc to learn its version and its folder. It may be a script that calls another nvcc.

    Raises:
        OSError: It does not run, or prints no version.
    """
    command = [nvcc, "--dryrun", "-x", "cu", "-c", os.devnull, "-o", os.devnull]
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    version = re.search(r"__CUDACC_VER_MAJOR__=(\d+) .*__CUDACC_VER_MINOR__=(\d+)", output)
    if version is None:
        raise OSError(f"{nvcc} prints no version: {' '.join(output.split())[:100]}")
    top = re.search(r"^#\$ TOP=(.+)$", output, re.MULTILINE)
    folder = Path(top[1].strip()) if top else Path(nvcc).resolve().parent.parent
    return Toolkit(nvcc, folder.resolve(), (int(version[1]), int(version[2])))


def find_parts(toolkit: Toolkit) -> dict[Part, Place]:
    """Return for each installed part of CUDA the first place in which it is found."""
    installed = list(_installed_places(toolkit))
    found = {}
    for part in PARTS:
        fits_nvcc = part in (CUDART, CUB)  # nvcc uses its own headers of these two
        places = installed if fits_nvcc else [*_loader_places(), *installed]
        place = next((place for place in places if _holds(place, part, toolkit.version[0])), None)
        if place is not None:
            found[part] = place
    return found


def missing_parts(toolkit: Toolkit, found: dict[Part, Place]) -> str:
    """Return which parts are missing and the pip command that installs them; "" if nothing is missing."""
    missing = [part for part in PARTS if part.is_needed and part not in found]
    if toolkit.version < OLDEST_WITH_CUB and CUB in missing:
        missing.remove(CUB)
    if not missing:
        return ""
    major, minor = toolkit.version
    extras = ",".join(part.library or "cccl" for part in missing if part is not CUDNN)
    packages = [f"'cuda-toolkit[{extras}]=={major}.{minor}.*'"] if extras else []
    packages += [f"nvidia-cudnn-cu{major}"] if CUDNN in missing else []
    titles = ", ".join(part.title for part in missing)
    return f"no {titles} for CUDA {major}.{minor} (pip install {' '.join(packages)})"


def cudnn_version(place: Place) -> tuple[int, ...]:
    """Return cuDNN's version as its header defines it, such as (9, 19, 1)."""
    headers = [place.include / name for name in CUDNN_HEADERS if (place.include / name).exists()]
    text = "".join(header.read_text(errors="replace") for header in headers)
    numbers = (re.search(rf"#define\s+CUDNN_{name}\s+(\d+)", text) for name in ("MAJOR", "MINOR", "PATCHLEVEL"))
    return tuple(int(number[1]) for number in numbers if number)


def _loader_places() -> list[Place]:
    """Return a place for each folder of LD_LIBRARY_PATH. They come first, because the loader searches them first.

    The headers are assumed to lie in the folder `include` beside it.
    """
    folders = [Path(name) for name in os.environ.get("LD_LIBRARY_PATH", "").split(":") if name]
    return [Place(folder.parent / "include", folder) for folder in folders]


def _installed_places(toolkit: Toolkit) -> Iterator[Place]:
    for top in [str(toolkit.top), os.environ.get("CUDA_HOME", "")]:
        if top:
            yield from _places_below(Path(top))
    yield from SYSTEM_PLACES
    major = toolkit.version[0]
    for site in pip_sites():
        yield from _places_below(site / f"nvidia/cu{major}")
        for folder in sorted(site.glob("nvidia/*")):  # "nvidia_cudnn_cu13-9.1.dist-info" names the CUDA version
            if any(site.glob(f"nvidia_{folder.name}_cu{major}-*.dist-info")):
                yield from _places_below(folder)


def _places_below(top: Path) -> Iterator[Place]:
    """Yield the pairs of header folder and library folder that a toolkit in the folder `top` may have.

    Nothing checks whether they exist. CUB's headers may lie in include/cccl.
    """
    folders = [top / "targets" / target for target in TARGETS] + [top]
    for folder in folders:
        for lib in ("lib64", "lib"):
            yield Place(folder / "include", folder / lib)
            yield Place(folder / "include/cccl", folder / lib)


def pip_sites() -> list[Path]:
    """Return the site-packages folders that hold NVIDIA packages.

    Searched are those of this interpreter and, in a virtual environment, those of its base interpreter.
    """
    base = Path(sys.base_prefix)
    of_base = [path for folder in ("lib", "local/lib") for path in sorted(base.glob(f"{folder}/python3*/*-packages"))]
    sites = [Path(entry) for entry in sys.path if entry] + of_base
    return [site for site in dict.fromkeys(sites) if (site / "nvidia").is_dir()]


def _holds(place: Place, part: Part, cuda_major: int) -> bool:
    if not (place.include / part.header).exists():
        return False
    return not part.library or bool(libraries(place.lib, part.library, cuda_major if part.has_cuda_number else None))


def libraries(folder: Path, name: str, number: Optional[int] = None) -> list[Path]:
    """Return lib<name>.so and lib<name>.so.<numbers> in a folder, highest numbers first.

    Args:
        number: If given, only libraries whose first number this is.
    """
    end = ".so*" if number is None else f".so.{number}*"
    return sorted(filter(Path.exists, folder.glob(f"lib{name}{end}")), key=_numbers, reverse=True)


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\.(\d+)", path.name)]
