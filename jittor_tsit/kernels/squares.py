"""Sum of squares of an array as a single operator."""

from __future__ import annotations

import jittor as jt

from jittor_tsit.kernels.call import Output, call, num_chunks


def sum_of_squares(x: jt.Var) -> jt.Var:
    """Return the sum of the squared values of a float32 array of any shape, [1]. It is inf or NaN if a value is."""
    return call("squares", "sum_of_squares", [x], [Output([1])], scratch=Output([num_chunks(x.numel())]))[0]
