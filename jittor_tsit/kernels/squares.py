"""Sum of squares of an array as a single operator."""

from __future__ import annotations

import jittor as jt

from jittor_tsit.kernels.call import Output, call, num_chunks


def sum_of_squares(x: jt.Var) -> jt.Var:
    """Return the sum of squares [1] of a float32 array of any shape. It is not finite if a value is not."""
    return call("squares", "sum_of_squares", [x], [Output([1])], scratch=Output([num_chunks(x.numel())]))[0]
