"""Convert pictures of labels, in which a colour stands for each class, to class ids and back."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, List, NamedTuple, Optional, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.names import quantity
from data_tools.sets.image_io import read_instances, read_photo, read_storage
from data_tools.sets.palette_files import Color, Palette, show

_NEAREST_AT_ONCE = 4096  # colours compared with all of a palette at once: 4096 x 1000 int32 differences take 48 MB


class Stray(NamedTuple):
    """Something in a file that a palette does not know: a colour or an id, its number of pixels, and the first one."""

    what: str  # "colour (1, 2, 3)" or "id 7"
    pixels: int
    x: int
    y: int
    nearest: str = ""  # what the palette knows that is most similar to a colour: "id 0, mountain (124, 112, 134)"

    def __str__(self) -> str:
        text = f"{self.what}, {quantity(self.pixels, 'pixel')}, the first at x={self.x}, y={self.y}"
        return f"{text}; nearest is {self.nearest}" if self.nearest else text


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
    if not is_stray.any():
        return Conversion(result, [])
    found, inverse = np.unique(codes[is_stray], return_inverse=True)
    near = _nearest(found, palette)
    result[is_stray] = palette.ids()[near][inverse] if nearest else (unknown or 0)
    colors = {int(code): palette.colors[place] for code, place in zip(found, near)}
    strays = _strays(
        codes, is_stray, lambda code: f"colour {show(_rgb(code))}", lambda code: _described(colors[int(code)])
    )
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


def _described(color: Color) -> str:
    """Describe a colour of a palette: "id 0, mountain (124, 112, 134)"."""
    return f"id {color.id}, {color.name} {show(color.rgb)}".replace(",  (", ", (")


def _nearest(codes: np.ndarray, palette: Palette) -> np.ndarray:
    """Find the colours of a palette that are nearest to other colours. The first of equals wins.

    Args:
        codes: Colours as numbers, [N].

    Returns:
        Their places in `palette.colors`, [N] int64.
    """
    wanted = np.array([color.rgb for color in palette.colors], np.int32)
    places = np.empty(len(codes), np.int64)
    for start in range(0, len(codes), _NEAREST_AT_ONCE):
        part = codes[start : start + _NEAREST_AT_ONCE]
        colors = np.stack([part >> 16, part >> 8 & 255, part & 255], 1).astype(np.int32)
        places[start : start + len(part)] = ((colors[:, None] - wanted) ** 2).sum(2).argmin(1)
    return places


def _strays(
    values: np.ndarray,
    is_stray: np.ndarray,
    name: Callable[[int], str],
    nearest: Callable[[int], str] = lambda number: "",
) -> List[Stray]:
    """Return what is unknown in an image, the most frequent first.

    Args:
        values: [H, W] numbers of colours or ids.
        is_stray: [H, W] bool.
        name: Function from such a number to its name.
        nearest: Function from such a number to what is most similar to it; by default nothing is.
    """
    if not is_stray.any():
        return []
    rows, columns = np.nonzero(is_stray)
    found, firsts, counts = np.unique(values[is_stray], return_index=True, return_counts=True)
    return [
        Stray(name(found[k]), int(counts[k]), int(columns[firsts[k]]), int(rows[firsts[k]]), nearest(found[k]))
        for k in np.argsort(-counts, kind="stable")
    ]
