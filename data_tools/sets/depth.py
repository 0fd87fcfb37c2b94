"""Bits of a channel: how many a file stores, how many its values use, and the conversion to 8 bits.

Cameras and scanners of 10, 12 or 14 bits write 16-bit files whose values end at 1023, 4095 or 16383. If only the upper
8 of 16 bits were kept, these photos would be nearly black. The largest value of a file decides how many bits it uses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, NamedTuple, Tuple

import numpy as np
from PIL import Image

from data_tools.basics.errors import InputError

DEPTHS = (8, 10, 12, 14, 16)  # bits of cameras and scanners; values are scaled by the smallest that holds them all
_BITS_PER_SAMPLE = 258  # TIFF tag
_LABEL_MODES_16 = ("I;16", "I;16B", "I;16L", "I;16N")
_BITS = {"1": 1, "I": 32, "F": 32, **dict.fromkeys(_LABEL_MODES_16, 16)}  # by Pillow's mode; all others have 8
_ROWS = 256  # rows that are looked at together, to save memory


class Depth(NamedTuple):
    """Bits of a channel: how many the file stores, and how many its values use (0 if all values are 0)."""

    stored: int
    used: int


def stored_bits(path: Path, image: Image.Image) -> int:
    """Return how many bits a channel has in a file. Pillow's mode says 8 for RGB of 16 bits.

    Args:
        image: The file, opened by Pillow.
    """
    if image.format == "PNG":
        with open(path, "rb") as file:
            return file.read(25)[24]  # signature 8, chunk length 4, "IHDR" 4, width 4, height 4, then bits a channel
    if image.format == "TIFF" and image.mode != "P":
        return max(image.tag_v2.get(_BITS_PER_SAMPLE, (1,)))
    return _BITS.get(image.mode, 8)


def used_bits(path: Path, image: Image.Image, stored: int) -> int:
    """Return how many bits the values of an image of more than 8 bits use: one of DEPTHS, or 0 if all values are 0.

    Raises:
        InputError: The values are fractions, negative, or need more than 16 bits.
    """
    if image.mode == "F":
        raise InputError(f"{path}: holds {stored}-bit fractions; a photo has whole numbers of 8 to 16 bits; convert it")
    if stored in DEPTHS[1:-1]:
        return stored  # a TIFF file that says so
    least, largest = _extrema(path, image)
    if least < 0 or largest >> DEPTHS[-1]:
        raise InputError(
            f"{path}: holds {stored}-bit values from {least} to {largest}; a photo has 0 to 65535; convert it"
        )
    return next(bits for bits in DEPTHS if largest < 1 << bits) if largest else 0


def to_8_bits(path: Path, image: Image.Image, used: int) -> Image.Image:
    """Convert an image of more than 8 bits to 8: of the `used` bits the upper 8 are kept.

    Returns:
        An image of mode L, RGB or RGBA. A colour image of 16 bits that Pillow has converted already is returned as is.

    Raises:
        InputError: A colour image cannot be decoded.
    """
    shift = max(0, used - 8)
    if image.mode.startswith("I"):
        pixels = np.empty((image.height, image.width), np.uint8)
        for top, strip in _strips(image):
            pixels[top : top + len(strip)] = strip >> shift
        return Image.fromarray(pixels)
    if used in (0, DEPTHS[-1]):
        return image
    values = _read_colours(path)
    pixels = (values >> shift).astype(np.uint8)
    if values.shape[-1] == 4:
        pixels[..., 3] = values[..., 3] >> 8  # transparency always has 16 bits
    return Image.fromarray(pixels)


def _extrema(path: Path, image: Image.Image) -> Tuple[int, int]:
    """Return the least and the largest value, without transparency."""
    if image.mode.startswith("I"):
        each = [(int(strip.min()), int(strip.max())) for _, strip in _strips(image)]
        return min(low for low, _ in each), max(high for _, high in each)
    colours = image.convert("RGB") if image.mode != "RGB" else image
    upper = max(high for _, high in colours.getextrema())  # Pillow keeps the upper 8 of 16 bits
    if upper >> 6:
        return 0, upper << 8  # uses 15 or 16 bits, and the lower 8 do not matter
    return 0, int(_read_colours(path)[..., :3].max())


def _strips(image: Image.Image) -> Iterator[Tuple[int, np.ndarray]]:
    """Yield (first row, values [rows, W] int32) of an image with one channel."""
    for top in range(0, image.height, _ROWS):
        rows = image.crop((0, top, image.width, min(top + _ROWS, image.height)))
        yield top, np.asarray(rows).astype(np.int32)


def _read_colours(path: Path) -> np.ndarray:
    """Return the values of a 16-bit colour image, [H, W, 3 or 4] uint16 RGB or RGBA. Pillow reads 8 bits only."""
    import cv2  # only here: data sets of 8 bits need no OpenCV

    with open(path, "rb") as file:
        data = np.frombuffer(file.read(), np.uint8)
    values = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if values is None or values.ndim != 3 or values.dtype != np.uint16:
        raise InputError(f"{path}: is dark for 16 bits, and its lower bits cannot be read; save it with 8 bits")
    order = [2, 1, 0, 3][: values.shape[-1]]
    return values[..., order]
