"""How much a label map says at all."""

from __future__ import annotations

import numpy as np

from data_tools.signals.view import View


def one_class(view: View) -> float:
    """Share of the picture that the most common class covers: 1 is a map of one class."""
    return float(np.bincount(view.half_label.ravel()).max() / view.half_label.size)
