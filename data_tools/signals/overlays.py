"""Signals for what was added to the photo: frames and watermarks."""

from __future__ import annotations

from functools import reduce
from typing import List, NamedTuple

import cv2
import numpy as np

from data_tools.signals.view import View

_EVEN = 12  # largest difference of grey levels in a line of a frame, after JPEG
_WIDEST_FRAME = 0.25  # of a side
_STROKE = 9  # pixels of the view; letters have thinner strokes
_LIGHT_OPACITIES = (0.20, 0.40)  # smallest opacity of a light mark, of one repeated all over and of one in one place
_DARK_OPACITY = 0.50  # smallest opacity of a dark mark
_DARK_HANDICAP = 1.0  # letters subtracted for dark marks, because rows of dark things such as twigs are common
_LETTER_HEIGHTS = (6, 64)  # pixels
_WIDEST_LETTER = 2.0  # in units of its height
_SMALLEST_LETTER = 12  # pixels
_UNEVENNESS = 0.35  # largest standard deviation of the cover within a letter, relative to its mean
_SLOPES = np.deg2rad(np.arange(-40, 41, 8))
_STEP = (0.3, 1.5)  # distance between the centres of neighbouring letters, in sizes of the smaller one
_OFF_LINE = 0.25  # largest distance of a centre from the line, in sizes, as in p beside b
_SIZE_RATIO = 1.7  # of neighbouring letters, such as m beside i
_COVER_DIFFERENCE = 0.3  # of neighbouring letters, relative to the smaller cover
_MOST_PIECES = 400  # with more, the picture is all texture, and letters cannot be recognised
_TEXTURE_PIECES = 4  # with more pieces, the longest line found in natural texture grows
_CHANCE = 0.5  # letters by which it grows when the number of pieces doubles
_DARKEST = 12  # grey levels added before taking logarithms, because ratios of smaller values are noise
_UNIT = 255 / np.log((255 + _DARKEST) / _DARKEST)  # 8-bit steps in one nat
_LOG = np.rint(_UNIT * np.log((np.arange(256) + _DARKEST) / _DARKEST)).astype(np.uint8)


class _Pieces(NamedTuple):
    """Connected pieces of an overlay that may be letters, from left to right.

    x, y: centre; size: longer side in pixels; cover: mean cover (result of `_cover`) of the piece.
    """

    x: np.ndarray
    y: np.ndarray
    size: np.ndarray
    cover: np.ndarray


class _Steps(NamedTuple):
    """Pairs of neighbouring letters (a left and a right one), sorted by the right letter.

    left, right: numbers of the letters; x, y: distance of their centres; size: size of the smaller one.
    """

    left: np.ndarray
    right: np.ndarray
    x: np.ndarray
    y: np.ndarray
    size: np.ndarray


def frame(view: View) -> float:
    """Share of the picture covered by a frame: a uniform border of one colour on two opposite sides or on all, 0..1.

    A white sky at the top only does not count.
    """
    height, width = view.luma.shape
    rows = [_even_lines(view.photo, end) / height for end in (1, -1)]
    columns = [_even_lines(view.photo.transpose(1, 0, 2), end) / width for end in (1, -1)]
    across, down = _both_sides(rows), _both_sides(columns)
    return float(1 - (1 - across) * (1 - down))


def watermark(view: View) -> float:
    """Length in letters of the longest line of text over the photo, minus the length expected by chance. 0 for none.

    The text may be light or dark and sloped by up to 40 degrees. A watermark of constant opacity shifts the logarithm
    of the pixels below it by a constant, equally in all colours. Letters are found as thin pieces with such a constant
    shift, of similar size and side by side. Dark text is searched at half size and must be large and dense.
    """
    light = _cover(_LOG[::-1], view.photo, _STROKE)
    dark = _cover(_LOG, view.half_lab[..., 0], _STROKE // 2 + 1)
    return max(
        *(_writing(light, opacity) for opacity in _LIGHT_OPACITIES), _writing(dark, _DARK_OPACITY) - _DARK_HANDICAP
    )


def _even_lines(photo: np.ndarray, end: int) -> int:
    """Count the rows from the top (`end` 1) or bottom (-1) that are uniform and of the outermost row's colour.

    At most `_WIDEST_FRAME` of the height is looked at.
    """
    limit = int(len(photo) * _WIDEST_FRAME)
    first = photo[::end][0].mean(axis=0)
    for number in range(limit):
        line = photo[::end][number]
        if (np.ptp(line, axis=0) > _EVEN).any() or (np.abs(line.mean(axis=0) - first) > _EVEN).any():
            return number
    return limit


def _both_sides(shares: List[float]) -> float:
    return 2 * min(shares)


def _cover(table: np.ndarray, image: np.ndarray, stroke: int) -> np.ndarray:
    """Compute how much darker (or lighter, with a reversed table) thin strokes are than their surroundings.

    The result is the difference of logarithms, the smallest of all colours, [H, W] uint8.

    Args:
        table: [256] uint8, logarithm of each grey level in units of 1 / `_UNIT` nats; reversed for light strokes.
        stroke: Largest width of a stroke in pixels.
    """
    strokes = cv2.morphologyEx(cv2.LUT(image, table), cv2.MORPH_BLACKHAT, np.ones((stroke, stroke), np.uint8))
    return reduce(cv2.min, cv2.split(strokes))


def _writing(cover: np.ndarray, opacity: float) -> float:
    """Return the length in letters of the longest line of text, minus the length expected by chance."""
    pieces = _letters(cover, round(-_UNIT * np.log(1 - opacity)))
    count = len(pieces.x)
    if count > _MOST_PIECES:
        return 0.0
    return float(_longest_line(_steps(pieces), count) - _CHANCE * np.log2(1 + count / _TEXTURE_PIECES))


def _letters(cover: np.ndarray, least: int) -> _Pieces:
    """Find the connected pieces of an overlay that have the size and evenness of letters.

    Args:
        cover: [H, W] uint8, result of `_cover`.
        least: Smallest cover of a pixel of a piece.

    Returns:
        The pieces, from left to right.
    """
    mask = cover >= least
    count, number, stats, centres = cv2.connectedComponentsWithStats(
        mask.view(np.uint8), connectivity=8, ltype=cv2.CV_16U
    )
    width, height, area = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA]].T
    is_letter = (
        (height >= _LETTER_HEIGHTS[0])
        & (height <= _LETTER_HEIGHTS[1])
        & (width <= _WIDEST_LETTER * height)
        & (area >= _SMALLEST_LETTER)
    )
    is_letter[0] = False  # component 0 is the background
    inside = np.flatnonzero(mask)
    inside = inside[is_letter[number.ravel()[inside]]]
    number, value = number.ravel()[inside], cover.ravel()[inside].astype(np.float64)
    mean = np.bincount(number, value, count) / area
    variance = np.bincount(number, value**2, count) / area - mean**2
    letters = np.flatnonzero(is_letter & (variance <= (_UNEVENNESS * mean) ** 2))
    letters = letters[np.argsort(centres[letters, 0], kind="stable")]
    x, y = centres[letters].T
    return _Pieces(x, y, np.maximum(width, height)[letters].astype(float), mean[letters])


def _steps(pieces: _Pieces) -> _Steps:
    """Find the pairs of pieces that can be neighbouring letters by their size and distance."""
    right, left = np.tril_indices(len(pieces.x), -1)  # sorted by the right piece
    x, y = pieces.x[right] - pieces.x[left], pieces.y[right] - pieces.y[left]
    size, larger = np.minimum(pieces.size[left], pieces.size[right]), np.maximum(pieces.size[left], pieces.size[right])
    cover, other = pieces.cover[left], pieces.cover[right]
    is_step = (
        (x * x + y * y <= (_STEP[1] * size) ** 2)
        & (larger <= _SIZE_RATIO * size)
        & (np.abs(cover - other) <= _COVER_DIFFERENCE * np.minimum(cover, other))
    )
    return _Steps(*(a[is_step] for a in (left, right, x, y, size)))


def _longest_line(steps: _Steps, count: int) -> int:
    """Return the largest number of consecutive steps along one slope, which is one less than the letters of the line.

    Args:
        count: Number of all letters.
    """
    cosine, sine = np.cos(_SLOPES)[:, None], np.sin(_SLOPES)[:, None]
    along, off = steps.x * cosine + steps.y * sine, steps.y * cosine - steps.x * sine  # [slopes, steps]
    on_line = (along > _STEP[0] * steps.size) & (np.abs(off) <= _OFF_LINE * steps.size)
    longest = 0
    for line in on_line[on_line.sum(axis=1) > 0]:
        length = [0] * count
        for left, right in zip(steps.left[line].tolist(), steps.right[line].tolist()):
            length[right] = max(length[right], length[left] + 1)
        longest = max(longest, *length)
    return longest
