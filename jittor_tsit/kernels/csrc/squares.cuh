// Sums of products of two arrays, and the sum of squares of one.
#pragma once
#include "gpu.cuh"

namespace {
__global__ void multiply_chunks(Input a, Input b, Output sums, int64_t size) {
    FOR_EACH_BLOCK(number, chunks_of(size)) {
        const Chunk chunk(number, size);
        double sum = 0;
        FOR_EACH_THREAD(i, chunk.first, chunk.last) sum += (double)a[i] * b[i];
        sum = block_sum(sum);
        if (threadIdx.x == 0) sums[number] = (float)sum;
    }
}

// Runs in one block.
__global__ void add_chunks(Input sums, Output total, int64_t size) {
    double sum = 0;
    FOR_EACH_THREAD(number, 0, chunks_of(size)) sum += sums[number];
    sum = block_sum(sum);
    if (threadIdx.x == 0) total[0] = (float)sum;
}

// `scratch` holds one number for each chunk of x.
inline void sum_of_squares(Array<const float> x, Array<float> result, Array<float> scratch) {
    LAUNCH(multiply_chunks, blocks_for(chunks_of(x.size)), THREADS, x.values, x.values, scratch.values, x.size);
    LAUNCH(add_chunks, 1, THREADS, scratch.values, result.values, x.size);
}
}
