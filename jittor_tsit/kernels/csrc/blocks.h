// Images in oneDNN's blocked layout [N, B, H, W, K]: channel c of an image is value c % K of block c / K.
//
// A vector `V` holds the K values of one pixel. The last block is filled up with channels of zeros.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>
#include "arrays.h"

#ifndef BLOCK_CHANNELS
#define BLOCK_CHANNELS 16  // `kernels/call.py` defines the size for the processor
#endif

// Loop over the rows of all blocks, shared among the cores.
// clang-format off
#define FOR_EACH_ROW(n, b, h, N, B, H) \
    _Pragma("omp parallel for collapse(3)") \
    for (int64_t n = 0; n < (N); n++) \
    for (int64_t b = 0; b < (B); b++) \
    for (int64_t h = 0; h < (H); h++)
// clang-format on

namespace {
const int64_t K = BLOCK_CHANNELS;
// Jittor aligns its arrays to single numbers only.
typedef float V __attribute__((vector_size(4 * BLOCK_CHANNELS), aligned(4), may_alias));
typedef double VDouble __attribute__((vector_size(8 * BLOCK_CHANNELS), aligned(8), may_alias));  // for sums

inline VDouble to_double(V values) { return __builtin_convertvector(values, VDouble); }

// Values [C] of the channels of one block, as float32; 0 beyond the last channel.
template <class Number>
inline V of_block(const Number* values, int64_t block, int64_t C) {
    V result = {};
    if (C >= (block + 1) * K)  // a constant number of iterations: the compiler vectorises this loop
        for (int64_t c = 0; c < K; c++) result[c] = values[block * K + c];
    else
        for (int64_t c = 0; c < C - block * K; c++) result[c] = values[block * K + c];
    return result;
}

// The rounding errors of `of_block`: the float64 values minus their float32 values.
inline V rest_of_block(const double* values, int64_t block, int64_t C) {
    const V rounded = of_block(values, block, C);
    V result = {};
    if (C >= (block + 1) * K)
        for (int64_t c = 0; c < K; c++) result[c] = values[block * K + c] - rounded[c];
    else
        for (int64_t c = 0; c < C - block * K; c++) result[c] = values[block * K + c] - rounded[c];
    return result;
}
}
