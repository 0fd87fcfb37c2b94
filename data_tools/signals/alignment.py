"""Signals that compare the borders of the label map with the edges of the photo, also shifted and mirrored."""

from __future__ import annotations

from typing import List, NamedTuple, Sequence, Tuple

import cv2
import numpy as np

from data_tools.signals.view import View, borders

_STEP = 4  # pixels of the view in one grid cell; label borders are not more accurate than that
_REACH = 0.25  # largest shift, as a share of width and height; with larger shifts few borders stay in the picture
_SLACK = 2  # grid cells; shifts up to this count as no shift
_SMALLEST_SIDE = 16  # grid cells; in a smaller picture the largest shift is within the slack
_FEW = 20  # border cells; with fewer, the signals are 0
_NEIGHBOURHOOD = 65  # grid cells; edges are normalised in this window, so that weak edges in calm regions count


class Alignment(NamedTuple):
    """The three signals of this file. The fit is the mean strength of the photo's edges under the label's borders.

    Args:
        edge_misses: The negative fit, in local standard deviations of the edge strength: -2 is a very good fit, 0 is
            no fit.
        shift_gain: Fit of the best large shift minus fit without a shift, in standard deviations of the fit over the
            large shifts (see `_Fits`). Negative if the label map fits best where it is.
        mirror_gain: Fit of the mirrored label map minus fit of the unchanged one. Each is measured from the mean fit
            over its own large shifts, in standard deviations of this fit.
    """

    edge_misses: float
    shift_gain: float
    mirror_gain: float


def alignment(view: View) -> Alignment:
    """Compute the three signals from the fit for every shift up to a quarter of the picture, by cross-correlation.

    All are 0 if the picture is too small or has too few borders.
    """
    if min(view.width, view.height) < _STEP * _SMALLEST_SIDE:
        return _NOTHING
    edges = _edge_strength(view)
    border = _border_cells(view, edges.shape)
    if border.sum() < _FEW:
        return _NOTHING
    # Mirroring the edges has the same effect as mirroring the label map.
    unchanged, mirrored = _fits(border, [edges, np.ascontiguousarray(edges[:, ::-1])])
    return Alignment(
        -unchanged.here,
        (unchanged.elsewhere - unchanged.here) / unchanged.spread,
        (mirrored.here - mirrored.mean) / mirrored.spread - (unchanged.here - unchanged.mean) / unchanged.spread,
    )


_NOTHING = Alignment(0.0, 0.0, 0.0)  # for pictures that are too small or have too few borders


class _Fits(NamedTuple):
    """Fit of the label's borders and the photo's edges, for two groups of shifts of the label map.

    Small shifts are those up to `_SLACK` grid cells. Large shifts are those of at least 2 * `_SLACK` grid cells. The
    shifts between are ignored.
    """

    here: float  # best fit among the small shifts
    elsewhere: float  # best fit among the large shifts
    mean: float  # mean fit of the large shifts
    spread: float  # standard deviation of the fit of the large shifts, plus 0.001


def _edge_strength(view: View) -> np.ndarray:
    """Compute the photo's edge strength in grid cells, in standard deviations of their surroundings: [h, w] float32."""
    smooth = cv2.GaussianBlur(view.half_lab, (5, 5), 1.0)
    gradient = _gradient(smooth)  # [h, w, 3] float32
    weighted = np.maximum(
        gradient[..., 0], 1.5 * np.maximum(gradient[..., 1], gradient[..., 2])
    )  # colour channels vary less
    size = (max(1, view.width // _STEP), max(1, view.height // _STEP))
    strength = np.sqrt(cv2.resize(np.minimum(weighted, 255.0), size, interpolation=cv2.INTER_AREA))
    strength = cv2.dilate(strength, np.ones((3, 3), np.uint8))
    kernel = (_NEIGHBOURHOOD, _NEIGHBOURHOOD)
    mean = cv2.blur(strength, kernel)
    deviation = np.sqrt(np.maximum(cv2.blur(strength * strength, kernel) - mean * mean, 0))
    return (strength - mean) / (deviation + 1.0)  # + 1: noise in a flat region does not count as an edge


def _gradient(image: np.ndarray) -> np.ndarray:
    across, down = cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)
    return cv2.sqrt(across * across + down * down)


def _border_cells(view: View, shape: Tuple[int, ...]) -> np.ndarray:
    """Return the grid cells [height, width] on a border of the label map: float32 of 0 and 1."""
    label = cv2.resize(view.label, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
    border = borders(label)
    border[[1, -2]] = False  # edge strength is not reliable at the rim
    border[:, [1, -2]] = False
    return border.astype(np.float32)


def _fits(border: np.ndarray, images: Sequence[np.ndarray]) -> List[_Fits]:
    """Compute the fit of the borders to each image of edge strengths for every shift, and return its statistics.

    A fit is the sum of the edge strengths under the shifted border cells. It is divided by the root of the product of
    the number of these cells in the picture and the number of all border cells.

    Args:
        border: [height, width] float32 of 0 and 1, the border cells.
        images: Images of edge strengths, [height, width] float32 each.

    Returns:
        The statistics for each image.
    """
    height, width = border.shape
    reach_y, reach_x = max(1, int(height * _REACH)), max(1, int(width * _REACH))
    y, x = np.mgrid[-reach_y : reach_y + 1, -reach_x : reach_x + 1]
    distance = np.hypot(y, x)
    near, far = distance <= _SLACK, distance >= 2 * _SLACK
    hits = [_correlate(image, border, reach_y, reach_x) for image in (np.ones_like(border), *images)]
    fits = [hit / np.sqrt(np.maximum(hits[0], 1) * border.sum()) for hit in hits[1:]]
    return [
        _Fits(float(fit[near].max()), float(fit[far].max()), float(fit[far].mean()), float(fit[far].std()) + 1e-3)
        for fit in fits
    ]


def _correlate(image: np.ndarray, template: np.ndarray, reach_y: int, reach_x: int) -> np.ndarray:
    padded = np.pad(image, ((reach_y, reach_y), (reach_x, reach_x)))
    return cv2.matchTemplate(padded, template, cv2.TM_CCORR)
