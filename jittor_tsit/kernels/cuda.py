"""What the GPU's kernels have in common. Their images lie as Jittor's do, [N, C, H, W].

Sums are made of parts of one size: each block of threads adds up a part, a second kernel the parts, always in one
order and without atomic operations, so that the result is the same every time.
"""

from __future__ import annotations

import os
from typing import Container, Dict, List, Optional, Sequence

import jittor as jt

IS_ALLOWED = os.environ.get("JTSIT_CUDA_KERNELS", "1") != "0"  # 0: Jittor's own operators instead
THREADS = 256  # of a block; a power of two, for block_sum
CHUNK = 2048  # values of a part: 8 for each thread

# A kernel's blocks go on with every MOST_BLOCKS-th piece of work until all is done: a grid has a largest size.
HEADER = f"""
#include <cmath>
#include <cstdint>
#ifndef LAUNCH
#define LAUNCH(kernel, blocks, threads, ...) kernel<<<blocks, threads>>>(__VA_ARGS__)
#define MOST_BLOCKS 65536
#endif
#define FOR_EACH_BLOCK(i, count) for (int64_t i = blockIdx.x; i < (count); i += gridDim.x)
#define FOR_EACH_THREAD(i, begin, end) for (int64_t i = (begin) + threadIdx.x; i < (end); i += blockDim.x)
namespace {{
typedef const float* __restrict__ Given;
typedef float* __restrict__ Made;
typedef const double* __restrict__ GivenWide;
typedef double* __restrict__ MadeWide;
const int THREADS = {THREADS}, FEW_THREADS = 32;  // of a block, of one that adds up a few numbers
const int64_t CHUNK = {CHUNK};

__host__ __device__ inline int64_t least(int64_t a, int64_t b) {{ return a < b ? a : b; }}
__host__ __device__ inline int64_t most(int64_t a, int64_t b) {{ return a > b ? a : b; }}
__host__ __device__ inline int64_t ceil_div(int64_t a, int64_t b) {{ return (a + b - 1) / b; }}
__host__ __device__ inline int64_t chunks_of(int64_t size) {{ return ceil_div(size, CHUNK); }}

inline unsigned blocks_for(int64_t count) {{ return (unsigned)most(1, least(count, MOST_BLOCKS)); }}

// Of planes of `size` values, the part of this number: from `first` to `last`. No part is of two planes.
struct Part {{
    int64_t plane, first, last;
    __device__ Part(int64_t number, int64_t size) {{
        const int64_t chunk = number % chunks_of(size);
        plane = number / chunks_of(size);
        first = plane * size + chunk * CHUNK;
        last = plane * size + least((chunk + 1) * CHUNK, size);
    }}
}};

// The sum of what the threads of a block have, for each of them; all must call it.
template <class Number> __device__ inline Number block_sum(Number value) {{
    __shared__ Number sums[THREADS];
    __syncthreads();  // until all have read the sum before this one
    sums[threadIdx.x] = value;
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {{
        __syncthreads();
        if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    }}
    __syncthreads();
    return sums[0];
}}
}}
"""


def is_used() -> bool:
    """Whether operators are to take the kernels of CUDA."""
    return bool(jt.flags.use_cuda) and IS_ALLOWED


def takes(x: jt.Var) -> bool:
    """Whether the GPU's kernels take this array."""
    return is_used() and x.dtype == "float32"


def num_chunks(size: int) -> int:
    """How many parts a plane of so many values has."""
    return -(-size // CHUNK)


def cuda_kernel(
    shapes: Sequence[Sequence[int]],
    inputs: Sequence[jt.Var],
    header: str,
    launches: str,
    scratch: Optional[int] = None,
    wide: Container[int] = (),
    **data: float,
) -> List[jt.Var]:
    """Arrays of these shapes, float32, as kernels of CUDA compute them of others.

    Args:
        header: The kernels.
        launches: What starts them.
        scratch: Numbers that they need room for: the array behind the last of `shapes`.
        wide: Places of the arrays, the scratch included, that are float64 instead.
        data: Numbers that `launches` reads by name.
    """
    room = [] if scratch is None else [[scratch]]
    numbers = {name: float(value) for name, value in data.items()}
    all_shapes = [*(list(shape) for shape in shapes), *room]
    results = _run(all_shapes, types(all_shapes, wide), list(inputs), HEADER + header, launches, numbers)
    return results[: len(shapes)]


def types(shapes: Sequence[Sequence[int]], wide: Container[int]) -> List[str]:
    """Return the type of each array: float64 at the places in `wide`, else float32."""
    return ["float64" if place in wide else "float32" for place in range(len(shapes))]


def _run(
    shapes: List, types: List[str], inputs: List[jt.Var], header: str, launches: str, numbers: Dict[str, float]
) -> List[jt.Var]:
    return list(jt.code(shapes, types, inputs, cuda_header=header, cuda_src=launches, data=numbers))
