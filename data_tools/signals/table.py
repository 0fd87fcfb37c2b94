"""The table of all signals of a single pair by name. The names are columns of `scan.csv`.

Signals that depend on other pairs of the set are in data_tools/curation/setwise.py.
"""

from __future__ import annotations

from typing import Callable, Dict

import numpy as np

from data_tools.signals.alignment import alignment
from data_tools.signals.content import one_class
from data_tools.signals.entanglement import border_length, fragments, mixing
from data_tools.signals.explanation import overlap, unexplained
from data_tools.signals.hidden import hidden_border
from data_tools.signals.light import backlight, greyness, overexposure, underexposure
from data_tools.signals.overlays import frame, watermark
from data_tools.signals.sharpness import blur
from data_tools.signals.sketches import Sketches
from data_tools.signals.view import View

PAIR_SIGNALS: Dict[str, Callable[[View], float]] = {
    "fragments": fragments,
    "border_length": border_length,
    "mixing": mixing,
    "unexplained": unexplained,
    "overlap": overlap,
    "backlight": backlight,
    "underexposure": underexposure,
    "overexposure": overexposure,
    "greyness": greyness,
    "blur": blur,
    "frame": frame,
    "watermark": watermark,
    "one_class": one_class,
}
ALIGNMENT_SIGNALS = ("edge_misses", "shift_gain", "mirror_gain")  # the fields of `Alignment`, computed together
CELL_SIGNALS: Dict[str, Callable[[Sketches], float]] = {"hidden_border": hidden_border}  # computed from the sketch

NAMES = (*ALIGNMENT_SIGNALS, *PAIR_SIGNALS, *CELL_SIGNALS)


def pair_signals(view: View, cells: Sketches) -> np.ndarray:
    """Compute all signals of one pair, float64 in the order of `NAMES`. `cells` is the sketch of the pair."""
    return np.array(
        [
            *alignment(view),
            *(signal(view) for signal in PAIR_SIGNALS.values()),
            *(signal(cells) for signal in CELL_SIGNALS.values()),
        ]
    )
