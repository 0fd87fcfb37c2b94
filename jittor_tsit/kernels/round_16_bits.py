"""Numbers rounded to what 16 bits hold, in float32: on a CPU they stand for what a GPU's tensor cores are given."""

from __future__ import annotations

import jittor as jt

from jittor_tsit.kernels.cpu import kernel

# To nearest, to even between two, as the hardware does. Written on the bits: Jittor compiles with -Ofast, under which
# sums that should round may be left out, and comparisons may forget what is not a number.
_LOOP = """
    const auto* given = (const uint32_t*)in0_p;
    auto* made = (uint32_t*)out0_p;
    #pragma omp parallel for simd
    for (int64_t i = 0; i < in0->num; i++) {{
        const uint32_t bits = given[i], size = bits & 0x7FFFFFFF;
        {rounded}
        made[i] = size > 0x7F800000 ? bits : rounded;  // not a number: as it is
    }}
"""
_BF16 = "const uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000;"
_FP16 = """
        const uint32_t normal = (size + 0x0FFF + ((size >> 13) & 1)) & 0xFFFFE000;
        const float small = std::nearbyint(in0_p[i] * 16777216.0f) / 16777216.0f;  // steps of 2^-24 below 2^-14
        uint32_t small_bits;
        std::memcpy(&small_bits, &small, 4);
        const uint32_t bounded = normal > 0x477FE000 ? 0x7F800000 : normal;  // infinite beyond 65504
        const uint32_t rounded = (size < 0x38800000 ? small_bits & 0x7FFFFFFF : bounded) | (bits & 0x80000000);
"""
_SOURCES = {"bf16": _LOOP.format(rounded=_BF16), "fp16": _LOOP.format(rounded=_FP16)}


def rounded(x: jt.Var, precision: str) -> jt.Var:
    """The nearest numbers that this format holds, of any shape, float32.

    Args:
        precision: bf16 or fp16.
    """
    return kernel([x.shape], [x], _SOURCES[precision])[0]
