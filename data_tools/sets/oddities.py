"""Describe what is unusual about a readable photo or label map, and how reading treats it. Only headers are read.

Sizes that differ within a pair, and everything else about pairs, are found by checking.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import List

from data_tools.sets.image_io import read_storage
from data_tools.sets.label_forms import COLOR_MODES

_GREY = "is grey (becomes RGB)"
_PALETTE = "has a palette (its colours become RGB)"
_PHOTO_MODES = {
    "1": "is black and white (becomes RGB)",
    "L": _GREY,
    "LA": _GREY,
    "F": _GREY,
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
    if mode == "F":
        notes.append("has 32-bit fractions (values beyond 0..255 are cut off)")
    elif bits == 32:
        notes.append("has 32 bits (values beyond 0..65535 are cut off, and the upper 8 of 16 bits kept)")
    elif bits == 16:
        notes.append("has 16 bits a channel (the upper 8 are kept)")
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
    if mode in COLOR_MODES:
        notes.append("has equal channels (grey ids saved as colours; one channel is read)")
    if bits == 32:
        notes.append("has 32 bits (8 or 16 are usual)")
    if orientation != 1:
        notes.append(f"has EXIF orientation {orientation} (a label map is never turned)")
    return notes
