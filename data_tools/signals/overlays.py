"""What was put over the photo: frames and written marks."""

from __future__ import annotations

from functools import reduce
from typing import List, NamedTuple

import cv2
import numpy as np

from data_tools.signals.view import View

_EVEN = 12  # grey levels between darkest and brightest pixel of a frame's line, after JPEG
_WIDEST_FRAME = 0.25  # of a side: more would be the picture
_STROKE = 9  # pixels: letters are drawn with thinner lines than this, at the view's size
_LIGHT_OPACITIES = (0.20, 0.40)  # at least: of marks all over the picture, and of a mark in one place
_DARK_OPACITY = 0.50
_DARK_HANDICAP = 1.0  # letters: rows of dark things, as of twigs before the sky, are the more common
_LETTER_HEIGHTS = (6, 64)  # pixels
_WIDEST_LETTER = 2.0  # heights
_SMALLEST_LETTER = 12  # pixels it covers
_UNEVENNESS = 0.35  # deviation of the cover within a letter, of its mean: a mark is laid on evenly
_SLOPES = np.deg2rad(np.arange(-40, 41, 8))
_STEP = (0.3, 1.5)  # sizes of the smaller from one letter's centre to the next one's
_OFF_LINE = 0.25  # sizes that a centre may lie off the line: p beside b
_SIZE_RATIO = 1.7  # of neighbours: m beside i
_COVER_DIFFERENCE = 0.3  # of neighbours, of the lesser
_MOST_PIECES = 400  # beyond, the picture is all texture, in which no letter could be told
_TEXTURE_PIECES = 4  # with so many, the longest line in natural textures begins to grow
_CHANCE = 0.5  # letters that it grows by whenever their number doubles
_DARKEST = 12  # grey levels added before a logarithm: below, ratios are noise
_UNIT = 255 / np.log((255 + _DARKEST) / _DARKEST)  # steps of 8 bit a nat
_LOG = np.rint(_UNIT * np.log((np.arange(256) + _DARKEST) / _DARKEST)).astype(np.uint8)


class _Pieces(NamedTuple):
    """What may be letters, from left to right: centre, longer side, mean cover."""

    x: np.ndarray
    y: np.ndarray
    size: np.ndarray
    cover: np.ndarray


class _Steps(NamedTuple):
    """Pairs of neighbours, sorted by the right one: their numbers, the step between their centres, the lesser size."""

    left: np.ndarray
    right: np.ndarray
    x: np.ndarray
    y: np.ndarray
    size: np.ndarray


def frame(view: View) -> float:
    """Share of the picture covered by an even border of one colour on two opposite sides or on all: 0..1.

    A blown-out sky at the top alone is no frame.
    """
    height, width = view.luma.shape
    rows = [_even_lines(view.photo, end) / height for end in (1, -1)]
    columns = [_even_lines(view.photo.transpose(1, 0, 2), end) / width for end in (1, -1)]
    across, down = _both_sides(rows), _both_sides(columns)
    return float(1 - (1 - across) * (1 - down))


def watermark(view: View) -> float:
    """Length of the longest line of writing laid over the photo, light or dark, level or sloped by up to 40 degrees.

    In letters beyond those that would line up by chance among as many pieces; about 0 for none. A mark of one
    opacity shifts the logarithm of what lies below it by one amount, in all colours alike; letters are even, thin
    pieces of that, of like size, side by side. A dark mark must be large and dense, for it is sought at half size.
    """
    light = _cover(_LOG[::-1], view.photo, _STROKE)
    dark = _cover(_LOG, view.half_lab[..., 0], _STROKE // 2 + 1)
    return max(
        *(_writing(light, opacity) for opacity in _LIGHT_OPACITIES), _writing(dark, _DARK_OPACITY) - _DARK_HANDICAP
    )


def _even_lines(photo: np.ndarray, end: int) -> int:
    """Number of lines from one end that are even and of the first line's colour."""
    limit = int(len(photo) * _WIDEST_FRAME)
    first = photo[::end][0].mean(axis=0) if limit else None
    for number in range(limit):
        line = photo[::end][number]
        if (np.ptp(line, axis=0) > _EVEN).any() or (np.abs(line.mean(axis=0) - first) > _EVEN).any():
            return number
    return limit


def _both_sides(shares: List[float]) -> float:
    return 2 * min(shares)


def _cover(table: np.ndarray, image: np.ndarray, stroke: int) -> np.ndarray:
    """What thin strokes take from the logarithm, the least of all colours, in 1 / `_UNIT` nats: [H, W] uint8."""
    strokes = cv2.morphologyEx(cv2.LUT(image, table), cv2.MORPH_BLACKHAT, np.ones((stroke, stroke), np.uint8))
    return reduce(cv2.min, cv2.split(strokes))


def _writing(cover: np.ndarray, opacity: float) -> float:
    """Length of the longest line, in letters beyond chance."""
    pieces = _letters(cover, round(-_UNIT * np.log(1 - opacity)))
    count = len(pieces.x)
    if count > _MOST_PIECES:
        return 0.0
    return float(_longest_line(_steps(pieces), count) - _CHANCE * np.log2(1 + count / _TEXTURE_PIECES))


def _letters(cover: np.ndarray, least: int) -> _Pieces:
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
    is_letter[0] = False  # the ground
    inside = np.flatnonzero(mask)
    inside = inside[is_letter[number.ravel()[inside]]]
    number, value = number.ravel()[inside], cover.ravel()[inside].astype(np.float64)
    mean = np.bincount(number, value, count) / area
    variance = np.bincount(number, value**2, count) / area - mean**2
    letters = np.flatnonzero(is_letter & (variance <= (_UNEVENNESS * mean) ** 2))
    letters = letters[np.argsort(centres[letters, 0], kind="stable")]
    return _Pieces(*centres[letters].T, np.maximum(width, height)[letters].astype(float), mean[letters])


def _steps(pieces: _Pieces) -> _Steps:
    right, left = np.tril_indices(len(pieces.x), -1)  # in order of the right one
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
    """Most steps in a row along one slope."""
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
