"""Choose a few positions of a long list."""

from __future__ import annotations

import numpy as np


def evenly_spaced(size: int, count: int) -> np.ndarray:
    """Return at most `count` positions, evenly spaced over a list of `size` items; the first and last are included.

    Returns:
        [min(size, count)] int64, ascending and all different.
    """
    return np.linspace(0, max(0, size - 1), min(size, count)).astype(np.int64)
