"""Split pairs into a training part and a held-out part."""

from __future__ import annotations

import hashlib
from typing import List, Sequence, Tuple

from data_tools.basics.errors import InputError
from data_tools.sets.pairing import Pair


def hold_out(pairs: Sequence[Pair], folds: int, fold: int) -> Tuple[List[Pair], List[Pair]]:
    """Split pairs into training pairs and held-out pairs.

    The fold of a pair depends on its stem only. A pair therefore stays in its fold when other pairs come or go.

    Args:
        folds: Number of parts of about equal size.
        fold: The part to hold out, counted from 1.

    Returns:
        Training pairs in the order of `pairs`, and held-out pairs sorted by stem.

    Raises:
        InputError: One of the two parts is empty.
    """
    held = {pair for pair in pairs if int(hashlib.sha256(pair.stem.encode()).hexdigest(), 16) % folds == fold - 1}
    if not 0 < len(held) < len(pairs):
        raise InputError(f"folds={folds}, fold={fold}: holds out {len(held)} of {len(pairs)} pairs; take other folds")
    return [pair for pair in pairs if pair not in held], sorted(held)
