"""Convert pictures of labels, in which a colour stands for each class, to class ids and back."""

from __future__ import annotations

from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.names import quantity
from data_tools.sets.image_io import read_instances, read_photo, read_storage
from data_tools.sets.palette_files import Palette, show

_NEAREST_AT_ONCE = 4096  # colours compared with all of a palette at once: 4096 x 1000 int32 differences take 48 MB


class Stray(NamedTuple):
    """Something in a file that a palette does not know: a colour or an id, its number of pixels, and the first one."""

    what: str  # "colour (1, 2, 3)" or "id 7"
    pixels: int
    x: int
    y: int

    def __str__(self) -> str:
        return f"{self.what}, {quantity(self.pixels, 'pixel')}, the first at x={self.x}, y={self.y}"


class Conversion(NamedTuple):
    """Pixels after the conversion, and what the palette did not know."""

    pixels: np.ndarray
    strays: List[Stray]


def ids_from_colors(
    photo: np.ndarray, palette: Palette, nearest: bool = False, unknown: Optional[int] = None
) -> Conversion:
    """Replace the colours of a picture by their ids.

    Args:
        photo: [H, W, 3] uint8 RGB.
        nearest: Give a colour that is not in the palette the id of the nearest colour (Euclidean distance in RGB).
        unknown: Give it this id instead. Without both, its pixels get 0, and the caller refuses the result.

    Returns:
        `Conversion` with ids [H, W] int32. `strays` are the colours that the palette lacks, the most frequent first.
    """
    codes = photo.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    order = np.argsort(palette.codes(), kind="stable")
    known, ids = palette.codes()[order], palette.ids()[order]
    places = np.searchsorted(known, codes).clip(max=len(known) - 1)
    result, is_stray = ids[places], known[places] != codes
    strays = _strays(codes, is_stray, lambda code: f"colour {show(_rgb(code))}")
    if is_stray.any():
        found, inverse = np.unique(codes[is_stray], return_inverse=True)
        result[is_stray] = _nearest(found, palette)[inverse] if nearest else (unknown or 0)
    return Conversion(result, strays)


def colors_from_ids(ids: np.ndarray, palette: Palette) -> Conversion:
    """Replace class ids by the colours of a palette. An id that it lacks becomes black.

    Args:
        ids: [H, W] of any integer type.

    Returns:
        `Conversion` with [H, W, 3] uint8 RGB. `strays` are the ids that are not in the palette.
    """
    first = {color.id: color.rgb for color in reversed(palette.colors)}
    known = np.array(sorted(first), np.int64)
    colors = np.array([first[number] for number in sorted(first)], np.uint8)
    places = np.searchsorted(known, ids).clip(max=len(known) - 1)
    result, is_stray = colors[places], known[places] != ids
    result[is_stray] = 0
    return Conversion(result, _strays(ids, is_stray, lambda number: f"id {number}"))


def read_colors(path: Path) -> np.ndarray:
    """Read a picture of labels, [H, W, 3] uint8 RGB. Transparent parts become white.

    Raises:
        InputError: As in `read_photo`; or the file has 16 bits of grey, which are ids already.
    """
    storage = read_storage(path)
    if storage.bits > 8 and storage.mode.startswith("I"):
        raise InputError(f"{path}: is grey of {storage.bits} bits: ids, not colours; it is a label map already")
    return read_photo(path)


def read_palette_indices(path: Path) -> Optional[np.ndarray]:
    """Return the palette indices of an image with a palette, [H, W] int32; None for any other image."""
    return read_instances(path) if read_storage(path).mode == "P" else None


def _rgb(code: int) -> Tuple[int, int, int]:
    return int(code >> 16), int(code >> 8 & 255), int(code & 255)


def _nearest(codes: np.ndarray, palette: Palette) -> np.ndarray:
    """Return the ids of the colours that are nearest to other colours, [N] -> [N] int32. The first of equals wins."""
    wanted = np.array([color.rgb for color in palette.colors], np.int32)
    ids = np.empty(len(codes), np.int32)
    for start in range(0, len(codes), _NEAREST_AT_ONCE):
        part = codes[start : start + _NEAREST_AT_ONCE]
        colors = np.stack([part >> 16, part >> 8 & 255, part & 255], 1).astype(np.int32)
        distances = ((colors[:, None] - wanted) ** 2).sum(2)
        ids[start : start + len(part)] = palette.ids()[distances.argmin(1)]
    return ids


def _strays(values: np.ndarray, is_stray: np.ndarray, name) -> List[Stray]:
    """Return what is unknown in an image, the most frequent first.

    Args:
        values: [H, W] numbers of colours or ids.
        is_stray: [H, W] bool.
        name: Function from such a number to its name.
    """
    if not is_stray.any():
        return []
    rows, columns = np.nonzero(is_stray)
    found, firsts, counts = np.unique(values[is_stray], return_index=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return [Stray(name(found[k]), int(counts[k]), int(columns[firsts[k]]), int(rows[firsts[k]])) for k in order]
