// What all CUDA kernels use. Their arrays lie as Jittor's do: images are [N, C, H, W].
//
// A sum is computed in chunks of constant size: each block of threads adds up a chunk, and a second kernel adds up the
// chunks in constant order and without atomic operations, so that every run gives the same result.
#pragma once
#include <cmath>
#include "arrays.h"

#ifndef LAUNCH
#define LAUNCH(kernel, blocks, threads, ...) kernel<<<blocks, threads>>>(__VA_ARGS__)
#define MOST_BLOCKS 65536
#endif
// A grid has a largest size: block i of the grid does items i, i + gridDim.x, i + 2 gridDim.x, ...
#define FOR_EACH_BLOCK(i, count) for (int64_t i = blockIdx.x; i < (count); i += gridDim.x)
#define FOR_EACH_THREAD(i, begin, end) for (int64_t i = (begin) + threadIdx.x; i < (end); i += blockDim.x)

namespace {
typedef const float* __restrict__ Input;
typedef float* __restrict__ Output;
typedef const double* __restrict__ InputDouble;
typedef double* __restrict__ OutputDouble;
const int THREADS = 256;     // of a block; a power of two, for block_sum
const int FEW_THREADS = 32;  // of a block that adds up a few numbers
const int64_t CHUNK = 2048;  // values of a chunk, 8 for each thread; `call.py` has the same number

__host__ __device__ inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
__host__ __device__ inline int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
__host__ __device__ inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
__host__ __device__ inline int64_t chunks_of(int64_t size) { return ceil_div(size, CHUNK); }

inline unsigned blocks_for(int64_t count) { return (unsigned)most(1, least(count, MOST_BLOCKS)); }

// Chunk `number` of planes of `size` values: the values from `first` to before `last`. A chunk lies in one plane.
struct Chunk {
    int64_t plane, first, last;
    __device__ Chunk(int64_t number, int64_t size) {
        const int64_t chunk = number % chunks_of(size);
        plane = number / chunks_of(size);
        first = plane * size + chunk * CHUNK;
        last = plane * size + least((chunk + 1) * CHUNK, size);
    }
};

// Return to every thread the sum of the values of the block's threads. All threads must call it.
template <class Number>
__device__ inline Number block_sum(Number value) {
    __shared__ Number sums[THREADS];
    __syncthreads();  // until all threads have read the previous sum
    sums[threadIdx.x] = value;
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    }
    __syncthreads();
    return sums[0];
}
}
