"""The signal `one_class`: how much of the label map is a single class."""

from __future__ import annotations

import numpy as np

from data_tools.signals.view import View


def one_class(view: View) -> float:
    """Share of the picture that the most common class covers. It is 1 for a map of a single class."""
    return float(np.bincount(view.half_label.ravel()).max() / view.half_label.size)
