"""Faults of light: against the sun, too dark, too bright, without colour."""

from __future__ import annotations

import numpy as np

from data_tools.sets.classes import CLASS_IDS, NUM_CLASSES
from data_tools.signals.view import View

_SKY = CLASS_IDS["sky"]
_MIRRORS = [CLASS_IDS[name] for name in ("water", "sea", "river", "lake", "waterfall")]  # bright like the sky
_SMALLEST_REGION = 0.05  # share of the picture: less of sky or of ground says nothing about the light
_CRUSHED = 40  # of 255: darker than this a screen shows hardly any detail
_CLIPPED = 250  # of 255: brighter than this is paper white


def backlight(view: View) -> float:
    """Bright sky over a crushed foreground: share of the foreground that is crushed, times the sky's excess
    brightness (its median luma minus the foreground's, of 255); 0..1.

    Sky and foreground come from the label; water counts as neither, since it mirrors the sky. Where the label
    has no sky, the brightest of its larger classes stands for it. 0 without sky or without foreground.
    """
    label, luma = view.half_label, view.half_luma
    areas = np.bincount(label.ravel(), minlength=NUM_CLASSES) / label.size
    sky = _SKY if areas[_SKY] >= _SMALLEST_REGION else _brightest_class(view, areas)
    if sky is None:
        return 0.0
    dark_side = np.ones(NUM_CLASSES, bool)
    dark_side[[sky, *_MIRRORS]] = False
    foreground = luma[dark_side[label]]
    if len(foreground) < _SMALLEST_REGION * label.size:
        return 0.0
    excess = np.median(luma[label == sky]) - np.median(foreground)
    return float(max(excess, 0) / 255 * np.mean(foreground < _CRUSHED))


def underexposure(view: View) -> float:
    """How dark even the bright parts are: 1 minus the 95th percentile of luma (of 255); 0..1."""
    return float(1 - np.percentile(view.half_luma, 95) / 255)


def overexposure(view: View) -> float:
    """Share of all pixels but the sky's that are clipped to white (the sky's own are common); 0..1."""
    ground = view.half_luma[view.half_label != _SKY]
    if len(ground) < _SMALLEST_REGION * view.half_label.size:
        ground = view.half_luma.ravel()
    return float(np.mean(ground >= _CLIPPED))


def greyness(view: View) -> float:
    """Lack of colour, sepia included: 1 / (1 + chroma), chroma the deviation of a and b that brightness does not
    predict (root mean square, in units of CIE Lab). 1 is grey or toned, 0.05 to 0.2 usual photos.
    """
    lab = view.half_lab.reshape(-1, 3)[::8].astype(np.float64)  # every eighth pixel tells as much
    brightness = np.vander((lab[:, 0] - 128) / 128, 4)  # toning curves are smooth: a cubic follows them
    weights = np.linalg.pinv(brightness.T @ brightness) @ (brightness.T @ lab[:, 1:])
    rest = lab[:, 1:] - brightness @ weights
    return float(1 / (1 + np.sqrt(np.mean(rest**2))))


def _brightest_class(view: View, areas: np.ndarray):
    large = [c for c in np.flatnonzero(areas >= 2 * _SMALLEST_REGION) if c not in _MIRRORS]
    return max(large, key=lambda c: (np.median(view.half_luma[view.half_label == c]), -c), default=None)
