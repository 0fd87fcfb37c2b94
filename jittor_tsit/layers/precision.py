"""Precision of convolutions: factors and results in 16 bits, sums in float32.

Everything else stays float32: norms and their statistics, spectral norm, activations, losses, weights, optimizers. On a
GPU, tensor cores compute in 16 bits at twice the speed of TF32. On a CPU the numbers are only rounded to 16 bits, which
shows the effect of the precision on a training recipe but saves no time.

fp16 also scales the loss: `LossScale` of optim.py, used by systems/updates.py.
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
    """Compute convolutions and their gradients in this precision inside a `with` block.

    Gradients must be requested inside the block, too.

    Args:
        precision: "float32", "bf16" or "fp16".
    """
    with using(precision=precision):
        yield


def require_precision(precision: str) -> None:
    """Check that the GPU in use supports this precision; on a CPU every precision is supported.

    Args:
        precision: "float32", "bf16" or "fp16".

    Raises:
        InputError: The precision is bf16, and the GPU's compute capability is below 8.0.
    """
    if precision == "bf16" and jt.flags.use_cuda and min(jt.flags.cuda_archs) < BF16_ARCH:
        raise InputError(
            f"precision=bf16: this GPU has compute capability {min(jt.flags.cuda_archs) / 10}, bfloat16 needs "
            f"{BF16_ARCH / 10} or higher; use precision=fp16 or precision=float32"
        )


def to_precision(*factors: jt.Var) -> Tuple[jt.Var, ...]:
    """Return float32 factors of a convolution (image, weight) in the precision that is set for convolutions.

    On a CPU they stay float32 with the values rounded.
    """
    if context.precision == FLOAT32:
        return factors
    if jt.flags.use_cuda:
        return tuple(factor.cast(_DTYPES[context.precision]) for factor in factors)
    return tuple(round_16_bits(factor, context.precision) for factor in factors)


def to_float32(result: jt.Var) -> jt.Var:
    """Return the result of a convolution as float32. On a CPU it is rounded to the precision of convolutions."""
    if context.precision == FLOAT32:
        return result
    return result.float32() if jt.flags.use_cuda else round_16_bits(result, context.precision)
