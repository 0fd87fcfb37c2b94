"""Round float32 values to 16-bit formats on the CPU, which shows what a GPU's tensor cores would compute with."""

from __future__ import annotations

import jittor as jt

from jittor_tsit.kernels.call import Output, call_on_cpu

FORMATS = {"bf16": "BF16", "fp16": "FP16"}  # name -> template argument


def round_16_bits(x: jt.Var, precision: str) -> jt.Var:
    """Return the nearest values of a format, as float32. x float32 of any shape; precision bf16 or fp16."""
    return call_on_cpu("round_16_bits", f"round_16_bits<{FORMATS[precision]}>", [x], [Output(x.shape)])[0]
