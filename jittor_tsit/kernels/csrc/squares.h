// Sum of squares of an array, on all cores.
#pragma once
#include <algorithm>
#include <vector>
#include "arrays.h"

namespace {
// Chunks of constant size are added up in constant order, so that the result does not depend on the number of cores.
inline void sum_of_squares(Array<const float> x_array, Array<float> result) {
    const float* __restrict__ x = x_array.values;
    const int64_t size = x_array.size, chunk_size = 4096, chunks = (size + chunk_size - 1) / chunk_size;
    std::vector<double> sums(chunks);
    #pragma omp parallel for if (chunks > 4)  // below that size, starting threads takes longer than the work
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
        const int64_t last = std::min((chunk + 1) * chunk_size, size);
        double sum = 0;
        #pragma omp simd reduction(+ : sum)
        for (int64_t i = chunk * chunk_size; i < last; i++) sum += (double)x[i] * x[i];
        sums[chunk] = sum;
    }
    double total = 0;
    for (double sum : sums) total += sum;
    result.values[0] = total;
}
}
