"""Describe what is unusual about a readable photo or label map, and how reading treats it.

Only headers are read, and the pixels of photos of more than 8 bits.
Sizes that differ within a pair, and everything else about pairs, are found by checking.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import List, NamedTuple, Optional

from data_tools.sets.depth import Depth
from data_tools.sets.image_io import read_depth, read_storage
from data_tools.sets.label_forms import COLOR_MODES

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


class Unusual(NamedTuple):
    """A file with notes on what is unusual about it, and the bits of its channels if it is a photo."""

    path: Path
    notes: List[str]
    depth: Optional[Depth] = None


def unusual_photo(path: Path, has_label: bool = True) -> Unusual:
    """Return what is unusual about a photo.

    Args:
        has_label: Whether the photo has a label map. Otherwise its EXIF orientation does no harm and gets no note.

    Raises:
        InputError: As in `image_io.read_depth`.
    """
    depth = read_depth(path)
    return Unusual(path, photo_oddities(path, has_label, depth), depth)


def unusual_label(path: Path) -> Unusual:
    """Return what is unusual about a label map that `read_label` accepts. Errors as in `image_io.read_header`."""
    return Unusual(path, label_oddities(path))


def photo_oddities(path: Path, has_label: bool = True, depth: Optional[Depth] = None) -> List[str]:
    """Return notes on a photo, each of a few words. The list is empty for upright 8-bit RGB or RGBA.

    Args:
        has_label: As in `unusual_photo`.
        depth: What `read_depth` returns for the file; None: it is read if needed.

    Raises:
        InputError: As in `image_io.read_header`.
    """
    mode, bits, has_alpha, orientation = read_storage(path)
    notes = []
    if mode not in _USUAL:
        notes.append(_GREY if mode.startswith("I") else _PHOTO_MODES.get(mode, f"has mode {mode} (becomes RGB)"))
    if bits > 8:
        used = (depth or read_depth(path)).used
        some = f" and uses {used}" if 0 < used < bits else ""
        notes.append(f"has {bits} bits a channel{some} (the upper 8{' of these' if some else ''} are kept)")
    if has_alpha:
        notes.append("has an alpha channel (transparent parts become white)")
    if orientation != 1 and has_label:
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
