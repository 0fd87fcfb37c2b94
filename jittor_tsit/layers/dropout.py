"""Dropout of half of the values, by draws that the caller makes."""

import jittor as jt

KEPT = 0.5  # share of the values that dropout leaves in the official code


def dropped(x: jt.Var, draw: jt.Var) -> jt.Var:
    """Dropout of half of the values: zero where a draw from N(0, 1) is not positive, elsewhere doubled."""
    return x * (draw > 0).float32() / KEPT
