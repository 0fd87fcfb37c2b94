"""Make a CUDA home that Jittor can use: a folder of links to the installed parts of CUDA. Standard library only.

Jittor 1.3.11 supports CUDA up to 12 with cuDNN 8, and expects all parts in the folder above nvcc's. A machine may have
something else: cuDNN 9, CUDA 13, or libraries in pip packages. In that case a folder in Jittor's cache holds links to
the headers and libraries, headers that define the names that newer versions removed, and a script in place of nvcc.
Installed files are not changed.

At run time the libraries are found as follows. Jittor opens some of them by their full path in this folder, and links
operators with this folder as run path. NVIDIA's libraries look for each other in their own folder. LD_LIBRARY_PATH
therefore needs no change. Where the user has set it, the loader searches it before the run path, and so does
`find_parts`.

The search begins in `find_cuda` of bootstrap.py. `find_parts` is in cuda_parts.py.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import Mapping, NamedTuple, Optional, Union

from data_tools.basics.files import file_version
from jittor_tsit.runtime.cuda_parts import (
    CUB,
    CUDART,
    CUDNN,
    MACHINE,
    SYSTEM_PLACES,
    Part,
    Place,
    Toolkit,
    cudnn_version,
    find_parts,
    libraries,
    missing_parts,
    read_toolkit,
)

DEVICE_RUNTIME = "libcudadevrt.a"  # nvcc always links it, and does not find the one in pip packages
CUDNN_8_NAMES = {"ops_infer": "ops", "ops_train": "ops", "cnn_infer": "cnn", "cnn_train": "cnn"}  # Jittor opens these
REMOVED_IN_CUDNN_9 = (  # used by Jittor's LSTM only, which then raises an error; convolutions use none of them
    "cudnnSetRNNDescriptor_v6",
    "cudnnGetRNNParamsSize",
    "cudnnGetRNNWorkspaceSize",
    "cudnnGetRNNTrainingReserveSize",
    "cudnnGetRNNLinLayerMatrixParams",
    "cudnnGetRNNLinLayerBiasParams",
    "cudnnRNNForwardInference",
    "cudnnRNNForwardTraining",
    "cudnnRNNBackwardData",
    "cudnnRNNBackwardWeights",
)
CUDNN_SHIM = """#pragma once
#include "{real}"
{removed}
"""
REMOVED_FUNCTION = (
    "template <class... Arguments> inline cudnnStatus_t {name}(Arguments...) {{ return CUDNN_STATUS_NOT_SUPPORTED; }}"
)
RUNTIME_SHIM = """#pragma once
#include "{real}"
// Fields of cudaDeviceProp that CUDA 13 removed. They are read only in functions that Jittor never calls.
#define clockRate multiProcessorCount
#define computeMode integrated
"""
CUB_SHIM = """#pragma once
#include "{real}"
#include <cstddef>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>
// CUB's own iterators, which CCCL 3 removed. Those of Thrust do the same.
CUB_NAMESPACE_BEGIN
template <class Value, class Offset = std::ptrdiff_t>
using CountingInputIterator = THRUST_NS_QUALIFIER::counting_iterator<Value>;
template <class Value, class Function, class Iterator, class Offset = std::ptrdiff_t>
using TransformInputIterator = THRUST_NS_QUALIFIER::transform_iterator<Function, Iterator, Value>;
CUB_NAMESPACE_END
"""
NPP_SHIM = """#pragma once
// Jittor uses only the integer limits of NPP.
#define NPP_MIN_32U (0)
#define NPP_MAX_32U (4294967295U)
#define NPP_MIN_32S (-2147483647 - 1)
#define NPP_MAX_32S (2147483647)
#define NPP_MIN_64U (0)
#define NPP_MAX_64U (18446744073709551615ULL)
#define NPP_MIN_64S (-9223372036854775807LL - 1)
#define NPP_MAX_64S (9223372036854775807LL)
"""
NVCC_SCRIPT = """#!/bin/sh
exec {nvcc} "$@"
"""
NVCC_17_SCRIPT = """#!/bin/sh
# Jittor asks for C++14; CCCL 3 needs C++17.
for word do
    shift
    if [ "$word" = -std=c++14 ]; then word=-std=c++17; fi
    set -- "$@" "$word"
done
exec {nvcc} "$@" -isystem {cccl}
"""


class CudaHome(NamedTuple):
    """Plan of a folder that shows Jittor a CUDA toolkit in the form it expects. `make_home` writes the folder."""

    nvcc: str  # the path to give to Jittor; "" if CUDA cannot be used
    problem: str  # why CUDA cannot be used; "" if it can
    versions: str = ""
    adapted: tuple[str, ...] = ()  # what the home changes, in words; empty if Jittor can use nvcc's own home
    files: Mapping[str, Union[Path, str]] = {}  # name in the home -> path to link to, or text to write


def plan_home(nvcc: str, homes: Path, driver_major: Optional[int] = None) -> CudaHome:
    """Plan the home for an nvcc: its own home if Jittor can use it unchanged, otherwise a new one in `homes`.

    Args:
        driver_major: The newest major version of CUDA that the driver supports, if known.
    """
    try:
        toolkit = read_toolkit(nvcc)
    except OSError as error:
        return CudaHome("", f"nvcc cannot be used: {error}")
    major = toolkit.version[0]
    if driver_major is not None and driver_major < major:
        return CudaHome("", f"{nvcc} is of CUDA {major}, the driver runs programs of CUDA {driver_major}")
    found = find_parts(toolkit)
    problem = missing_parts(toolkit, found)
    if problem:
        return CudaHome("", problem)
    cudnn = cudnn_version(found[CUDNN])
    versions = f"CUDA {'.'.join(map(str, toolkit.version))}, cuDNN {'.'.join(map(str, cudnn))}"
    script = NVCC_SCRIPT.format(nvcc=shlex.quote(os.path.abspath(nvcc)))
    files: dict[str, Union[Path, str]] = {"bin/nvcc": script, **_links(found)}
    are_found = all(_jittor_finds(nvcc, part, place) for part, place in found.items() if part.is_needed)
    adapted = [] if are_found else ["folders joined"]
    for adapt in (_adapt_cudnn, _adapt_cub, _adapt_runtime, _adapt_npp):
        adapted += adapt(files, found, toolkit)
    if not adapted:
        return CudaHome(nvcc, "", versions)
    return CudaHome(str(homes / _digest(files) / "bin/nvcc"), "", versions, tuple(adapted), files)


def make_home(home: CudaHome) -> None:
    """Write the planned home, unless it exists. It appears whole or not at all, even if two processes write it.

    Raises:
        OSError: It cannot be written.
    """
    folder = Path(home.nvcc).parent.parent
    if not home.files or folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        for name, content in home.files.items():
            path = staging / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                path.symlink_to(content)
            else:
                path.write_text(content)
        (staging / "bin/nvcc").chmod(0o755)
        staging.chmod(0o755)
        staging.rename(folder)
    except OSError:
        shutil.rmtree(staging, ignore_errors=True)
        if not folder.exists():  # otherwise another process has written it meanwhile
            raise


def _links(found: dict[Part, Place]) -> dict[str, Path]:
    """Return the links of a CUDA home: name in the home -> path of a header or library of one of the parts.

    Each library is also listed as lib<name>.so, the name that the linker looks for.
    """
    files: dict[str, Path] = {}
    for part, place in found.items():
        headers = "*" if part is CUDART and _is_for_cuda_only(place) else f"{part.library or 'cub'}*"
        for path in filter(Path.exists, sorted(place.include.glob(headers))):  # not a link that leads nowhere
            files.setdefault(f"include/{path.name}", path)
        for path in libraries(place.lib, f"{part.library}*") if part.library else []:  # highest number first
            files.setdefault(f"lib64/{path.name}", path)
            files.setdefault(f"lib64/{path.name.split('.so')[0]}.so", path)
    for path in filter(Path.exists, [found[CUDART].lib / DEVICE_RUNTIME]):
        files[f"lib64/{path.name}"] = path
    return files


def _is_for_cuda_only(place: Place) -> bool:
    """Return whether a folder of headers is none of the system's folders, which the compiler searches by itself."""
    return place.include not in [system.include for system in SYSTEM_PLACES]


def _jittor_finds(nvcc: str, part: Part, place: Place) -> bool:
    """Return whether Jittor, given the path of nvcc, finds this part of CUDA by itself in the place where it lies."""
    home = Path(nvcc).resolve().parent.parent
    target = home / f"targets/{MACHINE}-linux"
    includes = [home / "include", target / "include", Path("/usr/include")]
    if not part.library:
        return place.include.resolve() in [path.resolve() for path in (*includes, home / "include/cccl")]
    libs = [home / "lib64"]
    if part is not CUDART or nvcc == "/usr/bin/nvcc":
        libs += [target / "lib", Path(f"/usr/lib/{MACHINE}-linux-gnu"), Path("/usr/lib")]
    if not (place.lib / f"lib{part.library}.so").exists():
        return False
    return all(
        folder.resolve() in [path.resolve() for path in folders]
        for folder, folders in ((place.include, includes), (place.lib, libs))
    )


def _adapt_cudnn(files, found: dict[Part, Place], toolkit: Toolkit) -> list[str]:
    if cudnn_version(found[CUDNN])[:1] < (9,):
        return []
    for old, new in CUDNN_8_NAMES.items():
        if f"lib64/libcudnn_{new}.so" in files:
            files[f"lib64/libcudnn_{old}.so"] = files[f"lib64/libcudnn_{new}.so"]
    removed = "\n".join(REMOVED_FUNCTION.format(name=name) for name in REMOVED_IN_CUDNN_9)
    files["include/cudnn.h"] = CUDNN_SHIM.format(real=found[CUDNN].include / "cudnn.h", removed=removed)
    return ["cuDNN 8's names"]


def _adapt_cub(files, found: dict[Part, Place], toolkit: Toolkit) -> list[str]:
    if CUB not in found:
        return []
    include = found[CUB].include
    if (include / "cub/iterator/counting_input_iterator.cuh").exists():
        return []
    files.pop("include/cub", None)
    files["include/cub/cub.cuh"] = CUB_SHIM.format(real=include / "cub/cub.cuh")
    nvcc = shlex.quote(os.path.abspath(toolkit.nvcc))
    files["bin/nvcc"] = NVCC_17_SCRIPT.format(nvcc=nvcc, cccl=shlex.quote(str(include)))
    return ["C++17 and CUB's iterators"]


def _adapt_runtime(files, found: dict[Part, Place], toolkit: Toolkit) -> list[str]:
    include = found[CUDART].include
    types = include / "driver_types.h"
    if not types.exists() or re.search(r"\bclockRate\b", types.read_text(errors="replace")):
        return []
    files["include/cuda_runtime.h"] = RUNTIME_SHIM.format(real=include / "cuda_runtime.h")
    return ["fields of cudaDeviceProp"]


def _adapt_npp(files, found: dict[Part, Place], toolkit: Toolkit) -> list[str]:
    if (found[CUDART].include / "npp.h").exists():
        return []
    files["include/npp.h"] = NPP_SHIM
    return ["NPP's limits"]


def _digest(files: dict[str, Union[Path, str]]) -> str:
    """Return a digest of the content of a CUDA home. The name of its folder contains it.

    Jittor compiles its operators again when the path of nvcc changes, which is necessary after a change of CUDA.
    """
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        stamp = "{} {}".format(*file_version(content)) if isinstance(content, Path) else ""
        digest.update(f"{name}\0{content}\0{stamp}\0".encode())
    return digest.hexdigest()[:16]  # 64 bits are enough to tell a few folders apart
