"""Pairs to add to a data set: the same photo again, or nearly the same label map with a different photo."""

from __future__ import annotations

from typing import NamedTuple, Optional

import numpy as np
from PIL import Image

from data_tools.planting.fields import moved_label, moved_photo, smooth_noise
from data_tools.planting.weather import WEATHERS, in_weather

_LEAST_AGREEMENT = 0.95  # share of equal pixels in the label maps of twins
_TRIES = 8


class Twin(NamedTuple):
    """A made-up pair to add to the set: its pixels, the JPEG quality of its photo, and a description (`detail`)."""

    photo: np.ndarray
    label: np.ndarray
    quality: int
    detail: str


def duplicate(photo: np.ndarray, label: np.ndarray, rng: np.random.Generator) -> Twin:
    """Make a copy of the photo as another website would keep it: saved at JPEG quality 70..90, often resampled or cut.

    A third of the copies is only saved. A third is reduced by 1..3 % and enlarged again. A third loses 0.5..2 % of
    each side and is enlarged to the old size. The size does not change.
    """
    height, width = photo.shape[:2]
    quality = int(rng.integers(70, 91))
    how = rng.choice(["saved", "resampled", "cut"])
    image = Image.fromarray(photo)
    if how == "resampled":
        factor = rng.uniform(0.97, 0.99)
        image = image.resize((round(width * factor), round(height * factor)), Image.BICUBIC)
        image = image.resize((width, height), Image.BICUBIC)
    if how == "cut":
        cut = rng.uniform(0.005, 0.02)
        left, top = rng.uniform(0, cut, 2) * (width, height)
        box = (left, top, left + (1 - cut) * width, top + (1 - cut) * height)
        image = image.resize((width, height), Image.BICUBIC, box=box)
    return Twin(np.array(image), label, quality, f"{how} quality={quality}")


def twin_label(
    photo: np.ndarray, label: np.ndarray, donor: np.ndarray, weather: str, rng: np.random.Generator
) -> Optional[Twin]:
    """Make a twin: a label map that agrees by 95 % or more, and a photo in other light and season.

    Label map and photo are deformed in the same way by 1..3 pixels on average (at a width of 512 pixels; less if the
    map has many outlines). Returns None if even half a pixel changes more than 5 % of the map.

    Args:
        donor: Another photo, whose colours the twin gets.
        weather: A name of `WEATHERS`.
    """
    height, width = label.shape
    field = np.stack([smooth_noise(rng, height, width, cells=rng.uniform(3, 10)) for _ in range(2)])
    for amplitude in np.linspace(rng.uniform(1, 3), 0.5, _TRIES) * max(1.0, width / 512):
        bent = moved_label(label, *field * amplitude)
        agreement = float((bent == label).mean())
        if agreement >= _LEAST_AGREEMENT:
            scale = photo.shape[1] / width
            dx, dy = (_resize(f * amplitude * scale, photo.shape[1], photo.shape[0]) for f in field)
            other = in_weather(moved_photo(photo, dx, dy), bent, donor, WEATHERS[weather], rng)
            return Twin(other, bent, 95, f"agreement={agreement:.1%} {weather}")
    return None


def _resize(field: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.array(Image.fromarray(field).resize((width, height), Image.BICUBIC))
