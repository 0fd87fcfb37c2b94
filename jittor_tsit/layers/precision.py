"""Convolutions in 16 bits: their factors and results, not their sums.

Everything else stays float32: norms and their statistics, spectral norm, activations, losses, weights, optimizers.
On a GPU tensor cores compute so, at twice TF32's speed. A CPU only rounds: for finding out what a recipe makes of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator, Tuple

import jittor as jt

from data_tools.basics.errors import InputError
from jittor_tsit.kernels.backend import FLOAT32, context, using
from jittor_tsit.kernels.round_16_bits import round_16_bits

_DTYPES = {"bf16": "bfloat16", "fp16": "float16"}
BF16_ARCH = 80  # compute capability 8.0, Ampere: the first with bfloat16


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Within it convolutions, and gradients that are asked for, are of this precision: float32, bf16 or fp16."""
    with using(precision=precision):
        yield


def require_precision(precision: str) -> None:
    """
    Raises:
        InputError: The GPU has no such numbers.
    """
    if precision == "bf16" and jt.flags.use_cuda and min(jt.flags.cuda_archs) < BF16_ARCH:
        raise InputError(
            f"precision=bf16: this GPU is of {min(jt.flags.cuda_archs)}, and bfloat16 begins with {BF16_ARCH}"
        )


def lowered(*factors: jt.Var) -> Tuple[jt.Var, ...]:
    """Factors of a convolution as they go into it, float32 before."""
    if context.precision == FLOAT32:
        return factors
    if jt.flags.use_cuda:
        return tuple(factor.cast(_DTYPES[context.precision]) for factor in factors)
    return tuple(round_16_bits(factor, context.precision) for factor in factors)


def raised(result: jt.Var) -> jt.Var:
    """What came out of it, as float32."""
    if context.precision == FLOAT32:
        return result
    return result.float32() if jt.flags.use_cuda else round_16_bits(result, context.precision)
