"""Dropout of half of the values, decided by draws that the caller makes."""

import jittor as jt

KEPT = 0.5  # share of the values that dropout keeps in the official code


def dropout(x: jt.Var, draw: jt.Var) -> jt.Var:
    """Return x with each value set to 0 where its draw from N(0, 1) is not positive, and doubled elsewhere."""
    return x * (draw > 0).float32() / KEPT
