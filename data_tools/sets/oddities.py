"""Describe what is unusual about a readable photo or label map, and how reading treats it. Only headers are
read, and the pixels of photos of more than 8 bits.

Sizes that differ within a pair, and everything else about pairs, are found by checking.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import List

from data_tools.sets.image_io import read_depth, read_storage

_GREY = "is grey (becomes RGB)"
_PALETTE = "has a palette (its colours become RGB)"
_PHOTO_MODES = {
    "1": "is black and white (becomes RGB)",
    "L": _GREY,
    "LA": _GREY,
    "P": _PALETTE,
    "PA": _PALETTE,
    "CMYK": "is CMYK (becomes RGB without a colour profile)",
}
_USUAL = ("RGB", "RGBA")


def photo_oddities(path: Path) -> List[str]:
    """Return notes on a photo, each of a few words. The list is empty for upright 8-bit RGB or RGBA.

    Raises:
        InputError: As in `image_io.read_header`.
    """
    mode, bits, has_alpha, orientation = read_storage(path)
    notes = []
    if mode not in _USUAL:
        notes.append(_GREY if mode.startswith("I") else _PHOTO_MODES.get(mode, f"has mode {mode} (becomes RGB)"))
    if bits > 8:
        used = read_depth(path).used
        some = f" and uses {used}" if 0 < used < bits else ""
        notes.append(f"has {bits} bits a channel{some} (the upper 8{' of these' if some else ''} are kept)")
    if has_alpha:
        notes.append("has an alpha channel (transparent parts become white)")
    if orientation != 1:
        notes.append(f"has EXIF orientation {orientation} (it is turned upright, and its label is not)")
    return notes


def label_oddities(path: Path) -> List[str]:
    """Return notes on a label map that `read_label` accepts. The list is empty for 8-bit or 16-bit grey.

    Raises:
        InputError: As in `image_io.read_header`.
    """
    mode, bits, _, orientation = read_storage(path)
    notes = []
    if mode == "P":
        notes.append("has a palette (its indices are the ids, its colours are ignored)")
    if bits == 32:
        notes.append("has 32 bits (8 or 16 are usual)")
    if orientation != 1:
        notes.append(f"has EXIF orientation {orientation} (a label map is never turned)")
    return notes
