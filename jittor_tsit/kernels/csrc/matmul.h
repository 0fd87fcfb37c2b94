// Products of many small matrices, each by oneDNN's single-precision product.
#pragma once
#include "arrays.h"

extern "C" int dnnl_sgemm(
    char transpose_a, char transpose_b, long rows, long columns, long inner, float alpha, const float* a, long a_row,
    const float* b, long b_row, float beta, float* product, long product_row
);

namespace {
// product[i] = a[i] b[i], with either matrix transposed first. product [N, rows, columns]
template <bool TRANSPOSE_A, bool TRANSPOSE_B>
inline void multiply(Array<const float> a, Array<const float> b, Array<float> product) {
    const long rows = product.shape[1], columns = product.shape[2], inner = a.shape[TRANSPOSE_A ? 1 : 2];
    for (long i = 0; i < product.shape[0]; i++)
        dnnl_sgemm(
            TRANSPOSE_A ? 'T' : 'N', TRANSPOSE_B ? 'T' : 'N', rows, columns, inner, 1.0f, a.values + i * rows * inner,
            TRANSPOSE_A ? rows : inner, b.values + i * inner * columns, TRANSPOSE_B ? inner : columns, 0.0f,
            product.values + i * rows * columns, columns
        );
}
}
