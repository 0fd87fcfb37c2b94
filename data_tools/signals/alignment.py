"""Whether the borders of the label lie on edges of the photo, and whether they would if it were moved or mirrored."""

from __future__ import annotations

from typing import List, NamedTuple, Sequence, Tuple

import cv2
import numpy as np

from data_tools.signals.view import View, borders

_STEP = 4  # pixels of the view to one of the grid compared here: label borders are not truer than that
_REACH = 0.25  # of width and height: shifts tried; beyond, too little of the borders is left to compare
_SLACK = 2  # grid steps that still count as in place
_SMALLEST_SIDE = 16  # grid cells: a quarter of fewer is not beyond the slack
_FEW = 20  # border cells: with fewer there is nothing to compare
_NEIGHBOURHOOD = 65  # grid cells over which edges are normalised: a weak edge in a calm region counts too


class Alignment(NamedTuple):
    """How well label borders fit photo edges; the three signals of this file.

    Args:
        edge_misses: Mean edge strength off the borders minus on them, in standard deviations of the
            neighbourhood, so -2 is a very good fit and 0 none.
        shift_gain: What the best shift of the label gains over its present place, in standard deviations of the
            fit over all shifts; below 0 where the label lies best as it is.
        mirror_gain: What mirroring the label gains, in the same unit.
    """

    edge_misses: float
    shift_gain: float
    mirror_gain: float


def alignment(view: View) -> Alignment:
    """Compare borders and edges at every shift within a quarter of the picture, by Fourier transform."""
    if min(view.width, view.height) < _STEP * _SMALLEST_SIDE:
        return _NOTHING
    edges = _edge_strength(view)
    border = _border_cells(view, edges.shape)
    if border.sum() < _FEW:
        return _NOTHING
    # Mirroring the edges is the same as mirroring the label, and what lies inside at a shift stays.
    plain, mirrored = _fits(border, [edges, np.ascontiguousarray(edges[:, ::-1])])
    return Alignment(
        -plain.here,
        (plain.elsewhere - plain.here) / plain.spread,
        (mirrored.here - mirrored.mean) / mirrored.spread - (plain.here - plain.mean) / plain.spread,
    )


_NOTHING = Alignment(0.0, 0.0, 0.0)  # of pairs that offer nothing to compare


class _Fits(NamedTuple):
    here: float  # best within the slack
    elsewhere: float  # best beyond it
    mean: float
    spread: float


def _edge_strength(view: View) -> np.ndarray:
    """Edges of brightness and colour at a quarter of the size, relative to their surroundings: float32."""
    smooth = cv2.GaussianBlur(view.half_lab, (5, 5), 1.0)
    gradient = _gradient(smooth)  # [h, w, 3] float32
    weighted = np.maximum(gradient[..., 0], 1.5 * np.maximum(gradient[..., 1], gradient[..., 2]))  # colour spans less
    size = (max(1, view.width // _STEP), max(1, view.height // _STEP))
    strength = np.sqrt(cv2.resize(np.minimum(weighted, 255.0), size, interpolation=cv2.INTER_AREA))
    strength = cv2.dilate(strength, np.ones((3, 3), np.uint8))
    kernel = (_NEIGHBOURHOOD, _NEIGHBOURHOOD)
    mean = cv2.blur(strength, kernel)
    deviation = np.sqrt(np.maximum(cv2.blur(strength * strength, kernel) - mean * mean, 0))
    return (strength - mean) / (deviation + 1.0)  # +1: noise of a flat region is no edge


def _gradient(image: np.ndarray) -> np.ndarray:
    across, down = cv2.Sobel(image, cv2.CV_32F, 1, 0), cv2.Sobel(image, cv2.CV_32F, 0, 1)
    return cv2.sqrt(across * across + down * down)


def _border_cells(view: View, shape: Tuple[int, int]) -> np.ndarray:
    label = cv2.resize(view.label, shape[::-1], interpolation=cv2.INTER_NEAREST)
    border = borders(label)
    border[[1, -2]] = False  # the rim of the edges is not reliable
    border[:, [1, -2]] = False
    return border.astype(np.float32)


def _fits(border: np.ndarray, images: Sequence[np.ndarray]) -> List[_Fits]:
    """Mean edge strength under the borders for each shift, weighted down where borders leave the picture."""
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
    padded = cv2.copyMakeBorder(image, reach_y, reach_y, reach_x, reach_x, cv2.BORDER_CONSTANT, value=0)
    return cv2.matchTemplate(padded, template, cv2.TM_CCORR)
