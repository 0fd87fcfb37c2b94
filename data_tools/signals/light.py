"""Signals for faults of light: backlight, too dark, too bright, no colour."""

from __future__ import annotations

from typing import List, Optional

import numpy as np

from data_tools.signals.view import View

_WATER = ("water", "sea", "river", "lake", "waterfall")  # names of classes as bright as the sky
_NUM_IDS = 256  # of 8 bits
_SMALLEST_REGION = 0.05  # share of the picture; a smaller sky or ground is not enough to judge the light
_CRUSHED = 40  # of 255; screens show hardly any detail in darker pixels
_CLIPPED = 250  # of 255; brighter pixels are white


def backlight(view: View) -> float:
    """Measure a bright sky over a dark foreground, 0..1.

    It is the share of the foreground that is nearly black, times the difference of the median brightness of sky and
    foreground. Sky and foreground are taken from the label map; water is neither, because it mirrors the sky. If
    there is no sky, the brightest of the larger classes is used. The value is 0 without sky or foreground. It is NaN if
    the set has no class named sky.
    """
    label, luma, named_sky, water = view.half_label, view.half_luma, view.sky, view.class_list.ids_of(_WATER)
    if named_sky is None:
        return float("nan")
    areas = np.bincount(label.ravel(), minlength=_NUM_IDS) / label.size
    sky = named_sky if areas[named_sky] >= _SMALLEST_REGION else _brightest_class(view, areas, water)
    if sky is None:
        return 0.0
    dark_side = np.ones(_NUM_IDS, bool)
    dark_side[[sky, *water]] = False
    foreground = luma[dark_side[label]]
    if len(foreground) < _SMALLEST_REGION * label.size:
        return 0.0
    excess = np.median(luma[label == sky]) - np.median(foreground)
    return float(max(excess, 0) / 255 * np.mean(foreground < _CRUSHED))


def underexposure(view: View) -> float:
    """Return how dark the brightest parts of the photo are: 1 minus the 95th percentile of luma / 255, 0..1."""
    return float(1 - np.percentile(view.half_luma, 95) / 255)


def overexposure(view: View) -> float:
    """Share of the pixels outside the sky that are white, 0..1; of all pixels if the sky covers more than 95 %.

    White pixels in the sky are common, so they do not count. The value is NaN if the set has no class named sky.
    """
    if view.sky is None:
        return float("nan")
    ground = view.half_luma[view.half_label != view.sky]
    if len(ground) < _SMALLEST_REGION * view.half_label.size:
        ground = view.half_luma.ravel()
    return float(np.mean(ground >= _CLIPPED))


def greyness(view: View) -> float:
    """Lack of colour: 1 / (1 + chroma). 1 is grey or sepia; usual photos have 0.05 to 0.2.

    Chroma is the root mean square of the part of a and b that brightness does not predict, in units of CIE Lab.
    """
    lab = view.half_lab.reshape(-1, 3)[::8].astype(np.float64)  # every eighth pixel is enough
    brightness = np.vander((lab[:, 0] - 128) / 128, 4)  # a cubic polynomial fits the curves of toned photos
    weights = np.linalg.pinv(brightness.T @ brightness) @ (brightness.T @ lab[:, 1:])
    rest = lab[:, 1:] - brightness @ weights
    return float(1 / (1 + np.sqrt(np.mean(rest**2))))


def _brightest_class(view: View, areas: np.ndarray, water: List[int]) -> Optional[int]:
    large = [c for c in np.flatnonzero(areas >= 2 * _SMALLEST_REGION) if c not in water]
    return max(large, key=lambda c: (np.median(view.half_luma[view.half_label == c]), -c), default=None)
