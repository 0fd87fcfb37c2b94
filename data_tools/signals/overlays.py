"""What was put over the photo: frames and written marks."""

from __future__ import annotations

from typing import List

import cv2
import numpy as np

from data_tools.signals.view import View

_EVEN = 12  # grey levels between darkest and brightest pixel of a frame's line, after JPEG
_WIDEST_FRAME = 0.25  # of a side: more would be the picture
_STROKE = 7  # pixels: letters are drawn with thinner lines than this, at the view's size
_CONTRAST = 24  # grey levels between a letter and what it stands on
_LETTER_HEIGHTS = (5, 48)  # pixels
_MOST_PIECES = 1500  # beyond, the picture is all texture, in which no letter could be told


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
    """Length of the longest line of writing in the photo: thin light or dark pieces of like height, side by side
    on one base line; in pieces (letters), 0 for none. Rows of posts or windows reach 4 to 8.
    """
    kernel = np.ones((_STROKE, _STROKE), np.uint8)
    longest = 0
    for strokes in (cv2.morphologyEx(view.luma, cv2.MORPH_TOPHAT, kernel),
                    cv2.morphologyEx(view.luma, cv2.MORPH_BLACKHAT, kernel)):
        longest = max(longest, _longest_line(strokes >= _CONTRAST))
    return float(longest)


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


def _longest_line(mask: np.ndarray) -> int:
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    boxes = stats[1:, [cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP, cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    height, width = boxes[:, 3], boxes[:, 2]
    letter = (height >= _LETTER_HEIGHTS[0]) & (height <= _LETTER_HEIGHTS[1]) & (width <= 2 * height)
    boxes = boxes[letter]
    if not 0 < len(boxes) <= _MOST_PIECES:
        return 0
    return _chain(boxes[np.argsort(boxes[:, 0], kind="stable")])


def _chain(boxes: np.ndarray) -> int:
    """Most pieces in one chain from left to right, each next to the one before, of its height and base line."""
    left, top, width, height = boxes.T
    bottom = top + height
    gap = left[:, None] - (left + width)  # [piece, piece before]
    follows = ((gap > -2) & (gap <= height[:, None]) & (np.abs(bottom - bottom[:, None]) <= 0.2 * height[:, None])
               & (np.abs(height - height[:, None]) <= 0.35 * height[:, None]))
    follows &= np.tri(len(boxes), k=-1, dtype=bool)  # pieces are sorted by their left side
    length = np.ones(len(boxes), int)
    for i in np.flatnonzero(follows.any(axis=1)):
        length[i] = 1 + length[follows[i]].max()
    return int(length.max())
