"""The signal `one_class`: how much of the label map is a single class."""

from __future__ import annotations

import numpy as np

from data_tools.signals.view import View


def one_class(view: View) -> float:
    """Return the share of the picture that the most common class covers, above 0 to 1. A single class gives 1."""
    return float(np.bincount(view.half_label.ravel()).max() / view.half_label.size)
