"""What the CPU's kernels have in common. In oneDNN's layout a vector is one pixel's values of a block of channels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Container, List, Sequence

import jittor as jt

from jittor_tsit.kernels import cuda

# Values of DNNL_MAX_CPU_ISA with which oneDNN 2.2 has no fast kernels for blocks of 16 channels, and of 8. With AVX it
# computes forward in blocks of 8, but not backward.
ISAS_WITHOUT_16 = ("SSE41", "AVX", "AVX2", "AVX2_VNNI")
ISAS_WITHOUT_8 = ("SSE41", "AVX")


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


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""


BLOCK = block_size(_cpuinfo(), os.environ.get("DNNL_MAX_CPU_ISA", ""))

# Jittor's arrays are aligned to single numbers only. Lanes beyond the last channel are 0.
HEADER = f"""
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>
namespace {{
const int64_t K = {BLOCK};
typedef float V __attribute__((vector_size({4 * (BLOCK or 1)}), aligned(4), may_alias));
typedef double Wide __attribute__((vector_size({8 * (BLOCK or 1)}), aligned(8), may_alias));  // for sums

inline Wide widened(V values) {{ return __builtin_convertvector(values, Wide); }}

// A value for each channel of a block, of an array [C].
template <class Number> inline V of_block(const Number* values, int64_t block, int64_t C) {{
    V result = {{}};
    if (C >= (block + 1) * K)  // its number of rounds known, the compiler writes vectors
        for (int64_t c = 0; c < K; c++) result[c] = values[block * K + c];
    else
        for (int64_t c = 0; c < C - block * K; c++) result[c] = values[block * K + c];
    return result;
}}

// What float32 leaves of float64 values.
inline V rest_of_block(const double* values, int64_t block, int64_t C) {{
    const V near = of_block(values, block, C);
    V result = {{}};
    if (C >= (block + 1) * K)
        for (int64_t c = 0; c < K; c++) result[c] = values[block * K + c] - near[c];
    else
        for (int64_t c = 0; c < C - block * K; c++) result[c] = values[block * K + c] - near[c];
    return result;
}}
}}
"""


def runs_on(x: jt.Var) -> bool:
    """Whether there are kernels for this array where operators run now, on the CPU or on a GPU."""
    return x.dtype == "float32" and (cuda.is_used() or not jt.flags.use_cuda)


def for_rows(body: str, image: str = "in0") -> str:
    """C++ that runs `body` for every `row` of every block of this image, rows shared among the cores.

    It knows N, B, H, W of the image, and n, b, h of the row.
    """
    return f"""
    const int64_t N = {image}_shape0, B = {image}_shape1, H = {image}_shape2, W = {image}_shape3;
    #pragma omp parallel for collapse(3)
    for (int64_t n = 0; n < N; n++)
    for (int64_t b = 0; b < B; b++)
    for (int64_t h = 0; h < H; h++) {{
        const int64_t row = (n * B + b) * H + h;
        {body}
    }}
"""


def kernel(
    shapes: Sequence[Sequence[int]],
    inputs: Sequence[jt.Var],
    source: str,
    header: str = "",
    wide: Container[int] = (),
    **data: float,
) -> List[jt.Var]:
    """Arrays of these shapes, float32, as C++ computes them of others.

    Args:
        wide: Places of the arrays that are float64 instead.
        header: C++ in front of the function that `source` becomes.
        data: Numbers that it reads by name.
    """
    shapes = [list(shape) for shape in shapes]
    numbers = {name: float(value) for name, value in data.items()}
    types, header = cuda.types(shapes, wide), HEADER + header
    return list(jt.code(shapes, types, list(inputs), cpu_header=header, cpu_src=source, data=numbers))
