"""Which kernels compute an operator: the only place that decides it.

| where | images | convolutions | norms, leaky ReLU, changes of size |
|---|---|---|---|
| CPU, if `runs_blocked` | blocked | oneDNN, conv_blocked.py | csrc/*.h |
| CPU, other images | [N, C, H, W] | oneDNN, conv_library.py | Jittor's operators |
| GPU | [N, C, H, W] | cuDNN, conv_library.py | norms csrc/*.cuh, others Jittor's operators |
| GPU with JTSIT_CUDA_KERNELS=0 | [N, C, H, W] | cuDNN, conv_library.py | Jittor's operators |

Averages, spectral norms, Adam's steps and sums of squares run csrc/*.h on a CPU and csrc/*.cuh on a GPU where
`runs_fused` says so. Arrays that are not float32, and installations without oneDNN, use Jittor's operators.

`context` holds the switches. `using` changes them for a block of code.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Iterator

import jittor as jt

FLOAT32 = "float32"
# Values of DNNL_MAX_CPU_ISA for which oneDNN 2.2 has no fast kernels for blocks of 16 channels, and of 8. With AVX it
# computes the forward pass in blocks of 8, but not the backward pass.
ISAS_WITHOUT_16 = ("SSE41", "AVX", "AVX2", "AVX2_VNNI")
ISAS_WITHOUT_8 = ("SSE41", "AVX")
FEW_CHANNELS = 4  # an image with so few channels stays [N, C, H, W]: a block would be mostly zeros


def block_size(cpuinfo: str, max_isa: str) -> int:
    """Return the number of channels in a block of oneDNN's fastest layout, 0 if that is [N, C, H, W].

    Args:
        cpuinfo: Content of /proc/cpuinfo.
        max_isa: Value of DNNL_MAX_CPU_ISA. oneDNN ignores values that it does not know, lower-case ones included.
    """
    flags = set(cpuinfo.split())
    if "avx512f" in flags and max_isa not in ISAS_WITHOUT_16:
        return 16
    return 8 if "avx2" in flags and max_isa not in ISAS_WITHOUT_8 else 0


def _read_cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""


@dataclass
class Context:
    """Switches that choose kernels.

    Args:
        block: Channels in a block of the blocked layout; 0 where the processor has none.
        cuda_kernels: Use this project's CUDA kernels on a GPU.
        nchw: Keep images [N, C, H, W] and use only operators with gradients of any order.
        precision: Format of the factors and results of convolutions: float32, bf16 or fp16.
    """

    block: int
    cuda_kernels: bool
    nchw: bool = False
    precision: str = FLOAT32


context = Context(
    block=block_size(_read_cpuinfo(), os.environ.get("DNNL_MAX_CPU_ISA", "")),
    cuda_kernels=os.environ.get("JTSIT_CUDA_KERNELS", "1") != "0",
)


@contextmanager
def using(**switches: Any) -> Iterator[None]:
    """Change fields of the global `context` (see `Context`) inside a `with` block, and restore them afterwards."""
    before = vars(context).copy()
    vars(context).update(vars(replace(context, **switches)))  # raises TypeError for an unknown switch
    try:
        yield
    finally:
        vars(context).update(before)


def uses_cuda_kernels() -> bool:
    """Return whether operators run this project's CUDA kernels."""
    return bool(jt.flags.use_cuda) and context.cuda_kernels


def runs_fused(x: jt.Var) -> bool:
    """Return whether this project's kernels take x: for averages, spectral norms, Adam's updates, sums of squares."""
    return x.dtype == FLOAT32 and (uses_cuda_kernels() or not jt.flags.use_cuda)


def runs_fused_norm(x: jt.Var) -> bool:
    """Return whether this project's kernels normalise the image x [N, C, H, W]. Blocked images always use them."""
    return x.dtype == FLOAT32 and uses_cuda_kernels() and not context.nchw


def has_blocked_layout() -> bool:
    """Return whether operators run in oneDNN's blocked layout."""
    return bool(context.block) and has_onednn()


def runs_blocked(x: jt.Var) -> bool:
    """Return whether converting the image x [N, C, H, W] to the blocked layout makes convolutions faster."""
    return has_blocked_layout() and x.dtype == FLOAT32 and x.shape[1] > FEW_CHANNELS


def has_onednn() -> bool:
    """Return whether operators run on the CPU and oneDNN is installed."""
    return not jt.flags.use_cuda and jt.compile_extern.mkl_ops is not None


def has_conv_library(x: jt.Var, weight: jt.Var) -> bool:
    """Return whether cuDNN or oneDNN can convolve x by this weight: cuDNN any floating type, oneDNN float32."""
    if jt.flags.use_cuda:
        return jt.compile_extern.cudnn is not None
    return has_onednn() and x.dtype == weight.dtype == FLOAT32


def has_matmul_library(a: jt.Var, b: jt.Var) -> bool:
    """Return whether cuBLAS or oneDNN can multiply the matrices: cuBLAS any floating type, oneDNN float32."""
    if jt.flags.use_cuda:
        return jt.compile_extern.cublas_ops is not None and a.dtype == b.dtype
    return has_onednn() and a.dtype == b.dtype == FLOAT32


def has_batched_matmul(a: jt.Var, b: jt.Var) -> bool:
    """Return whether oneDNN can multiply two batches of small matrices. It is False on a GPU.

    There Jittor's own operator calls cuBLAS.
    """
    return has_onednn() and a.dtype == b.dtype == FLOAT32
