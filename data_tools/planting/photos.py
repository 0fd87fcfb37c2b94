"""Defects of photos.

Each function takes a photo, [H, W, 3] uint8 RGB, and its label map, and returns the changed photo of the same shape,
or None if the defect would not be visible. Tones are the values in the file scaled to 0..1, not linear light. Sizes in
pixels are for a photo 512 pixels wide and are scaled with the width.
"""

from __future__ import annotations

from typing import Optional

import numpy as np
from PIL import Image, ImageFilter

from data_tools.planting.fields import WATER_IDS, Change, blurred_field, smooth_noise
from data_tools.sets.classes import CLASS_IDS
from data_tools.sets.image_io import resize_label

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as in JPEG and Pillow's mode "L"
_SEPIA = np.array([1.07, 0.86, 0.60], np.float32)  # factors of the luma


def backlit(photo: np.ndarray, label: np.ndarray, rng: np.random.Generator) -> Optional[Change]:
    """Make the sky white and the foreground dark, as if the camera looked into the sun.

    The foreground keeps 8..25 % of its tone and becomes slightly blue; water, which mirrors the sky, keeps up to twice
    that. The sky becomes nearly white, most of all around the sun. Light spreads over the outline, and shadows get
    haze and grain. Returns None if the sky covers less than 10 % or more than 85 % of the map.
    """
    height, width = photo.shape[:2]
    label = resize_label(label, width, height)
    is_sky = label == CLASS_IDS["sky"]
    if not 0.10 <= is_sky.mean() <= 0.85:
        return None
    strength = rng.uniform(0.08, 0.25)
    sky = blurred_field(is_sky, sigma=width / 512)[..., None]  # [H, W, 1]
    mirrors = blurred_field(np.isin(label, WATER_IDS), sigma=width / 256)[..., None] * rng.uniform(0, 1)
    glow = _sun(is_sky, rng)[..., None]
    tones = _tones(photo)

    lifted = 1 - (1 - tones) * (rng.uniform(0.12, 0.35) * (1 - 0.9 * glow))
    faded = 0.75 * tones + 0.25 * tones.mean(-1, keepdims=True)
    crushed = faded * strength * (1 + mirrors) * np.array([0.94, 0.98, 1.10], np.float32)
    haze = np.clip(0.02 * (1 + smooth_noise(rng, height, width, cells=3)), 0, None)[..., None]
    spill = blurred_field(is_sky, sigma=rng.uniform(0.015, 0.035) * width)[..., None]
    flare = spill * (0.4 + glow) * rng.uniform(0.15, 0.35)
    dark = crushed + haze + flare + _grain(rng, photo.shape, 0.012)
    return Change(_to_uint8(dark * (1 - sky) + lifted * sky), f"foreground={strength:.2f}")


def overexposed(photo: np.ndarray, label: np.ndarray, rng: np.random.Generator) -> Optional[Change]:
    """Brighten the photo so that at least a random share of it (35..70 %) reaches full brightness.

    All tones are multiplied by the same factor, at least 1.5. It is computed from the share, because one factor has
    different effects on dark and bright photos. A veil of 0..15 % lightens what stays dark. Returns None if this share
    already has a tone of 0.95 or more, or if a factor of 20 or more would be needed.
    """
    share, veil = rng.uniform(0.35, 0.70), rng.uniform(0.0, 0.15)
    tones = _tones(photo)
    brightest = float(np.quantile(tones @ _LUMA, 1 - share))
    if not 0.05 < brightest < 0.95:
        return None
    factor = max(1.5, 1 / brightest)
    return Change(_to_uint8(veil + (1 - veil) * tones * factor), f"blown={share:.0%}")


def underexposed(photo: np.ndarray, label: np.ndarray, rng: np.random.Generator) -> Optional[Change]:
    """Darken the photo to a mean tone of 4..16 % (at most 40 % of the old mean), with grain.

    Tones are raised to a power of 1 to 1.8 first, so that shadows become darker than the sky. Returns None if the
    photo is dark already.
    """
    tones = _tones(photo)
    if tones.mean() < 0.12:
        return None
    mean = min(rng.uniform(0.04, 0.16), 0.4 * float(tones.mean()))
    curve = tones ** rng.uniform(1.0, 1.8)
    dark = curve * (mean / float(curve.mean()))
    return Change(_to_uint8(dark + _grain(rng, photo.shape, 0.008)), f"mean={mean:.2f}")


def blurred(photo: np.ndarray, label: np.ndarray, rng: np.random.Generator) -> Optional[Change]:
    """Blur the photo: half of them by a Gaussian (sigma 2.5..7 pixels), half by motion (10..30 pixels).

    Weaker blur is not visible at the contest's size. Returns None if the photo hardly changes.
    """
    scale = photo.shape[1] / 512
    if rng.random() < 0.5:
        sigma = max(1.0, rng.uniform(2.5, 7.0) * scale)
        soft = np.array(Image.fromarray(photo).filter(ImageFilter.GaussianBlur(sigma)))
        detail = f"sigma={sigma:.1f}"
    else:
        length, angle = max(4.0, rng.uniform(10, 30) * scale), rng.uniform(0, np.pi)
        soft = motion_blur(photo, length, angle)
        detail = f"moved={length:.0f} angle={np.degrees(angle):.0f}"
    lost = np.abs(_tones(photo) - _tones(soft)).mean()
    return Change(soft, detail) if lost > 1.5 / 255 else None


def greyed(photo: np.ndarray, label: np.ndarray, rng: np.random.Generator) -> Optional[Change]:
    """Return the photo without its colours, grey or (half of the photos) sepia; None if it has hardly any colour."""
    tones = _tones(photo)
    if (tones.max(-1) - tones.min(-1)).mean() < 0.04:
        return None
    grey = (tones @ _LUMA)[..., None]
    if rng.random() < 0.5:
        return Change(_to_uint8(np.repeat(grey, 3, axis=-1)), "grey")
    return Change(_to_uint8(grey * (_SEPIA + (1 - _SEPIA) * grey)), "sepia")


def framed(photo: np.ndarray, label: np.ndarray, rng: np.random.Generator) -> Optional[Change]:
    """Put a frame of one colour, 3..10 % wide, over the photo: on all sides, above and below, or left and right.

    Most frames are black or white, the others dark grey or light grey.
    """
    height, width = photo.shape[:2]
    share = rng.uniform(0.03, 0.10)
    sides = rng.choice(["all", "above and below", "left and right"], p=[0.5, 0.35, 0.15])
    color = rng.choice([0, 255, 20, 245], p=[0.4, 0.4, 0.1, 0.1])
    y = max(1, round(share * height)) if sides != "left and right" else 0
    x = max(1, round(share * width)) if sides != "above and below" else 0
    result = np.full_like(photo, color)
    result[y : height - y, x : width - x] = photo[y : height - y, x : width - x]
    return Change(result, f"{sides} {share:.0%} tone={color}")


def _tones(photo: np.ndarray) -> np.ndarray:
    """Convert pixels, uint8, to tones, float32 0..1."""
    return photo.astype(np.float32) / 255


def _to_uint8(tones: np.ndarray) -> np.ndarray:
    """Convert tones 0..1 to pixels 0..255 uint8; values outside 0..1 are clipped."""
    return np.rint(np.clip(tones, 0, 1) * 255).astype(np.uint8)


def _grain(rng: np.random.Generator, shape: tuple, deviation: float) -> np.ndarray:
    return deviation * rng.standard_normal(shape).astype(np.float32)


def _sun(is_sky: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the glow around a random pixel of the sky, [H, W] float32: 1 at this pixel, towards 0 with the distance.

    Args:
        is_sky: [H, W] bool; at least one pixel is True.
    """
    height, width = is_sky.shape
    places = np.flatnonzero(is_sky)
    row, column = divmod(int(places[rng.integers(len(places))]), width)
    y, x = np.arange(height)[:, None] - row, np.arange(width) - column
    reach = rng.uniform(0.15, 0.40) * width
    return np.exp(-np.hypot(x, y) / reach).astype(np.float32)


def motion_blur(photo: np.ndarray, length: float, angle: float) -> np.ndarray:
    """Blur a photo as if the camera moved by `length` pixels. Return a new photo [H, W, 3] uint8.

    Beyond the edge of the photo, the edge pixels are repeated.

    Args:
        angle: Direction of the movement in radians; 0 is horizontal.
    """
    height, width = photo.shape[:2]
    count = int(np.ceil(length)) + 1
    reach = int(np.ceil(length / 2)) + 1
    padded = np.pad(photo, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    total = np.zeros(photo.shape, np.float32)
    for step in np.linspace(-length / 2, length / 2, count):
        row, column = reach + round(step * np.sin(angle)), reach + round(step * np.cos(angle))
        total += padded[row : row + height, column : column + width]
    return np.rint(total / count).astype(np.uint8)
