// Round float32 values to 16-bit formats, to nearest and to even between two, as GPUs do; the results are float32.
//
// Written on the bits of the numbers: Jittor compiles with -Ofast, which may remove additions that are there only to
// round, and comparisons with NaN.
#pragma once
#include <cmath>
#include <cstring>
#include "arrays.h"

namespace {
enum Format { BF16, FP16 };

inline uint32_t round_to_bf16(uint32_t bits) { return (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000; }

inline uint32_t round_to_fp16(uint32_t bits, float value) {
    const uint32_t magnitude = bits & 0x7FFFFFFF;
    const uint32_t normal = (magnitude + 0x0FFF + ((magnitude >> 13) & 1)) & 0xFFFFE000;
    const float subnormal = std::nearbyint(value * 16777216.0f) / 16777216.0f;  // steps of 2^-24 below 2^-14
    uint32_t subnormal_bits;
    std::memcpy(&subnormal_bits, &subnormal, 4);
    const uint32_t bounded = normal > 0x477FE000 ? 0x7F800000 : normal;  // infinity beyond 65504
    return (magnitude < 0x38800000 ? subnormal_bits & 0x7FFFFFFF : bounded) | (bits & 0x80000000);
}

template <Format FORMAT>
inline void round_16_bits(Array<const float> x, Array<float> result) {
    const uint32_t* x_bits = (const uint32_t*)x.values;
    uint32_t* result_bits = (uint32_t*)result.values;
    const float* values = x.values;
    const int64_t size = x.size;
    #pragma omp parallel for simd
    for (int64_t i = 0; i < size; i++) {
        const uint32_t bits = x_bits[i];
        const uint32_t rounded = FORMAT == BF16 ? round_to_bf16(bits) : round_to_fp16(bits, values[i]);
        result_bits[i] = (bits & 0x7FFFFFFF) > 0x7F800000 ? bits : rounded;  // NaN stays as it is
    }
}
}
