"""Random fields over a picture, displacement of pixels, and the visible difference of two label maps."""

from __future__ import annotations

import hashlib
from typing import NamedTuple, Tuple

import numpy as np
from PIL import Image, ImageFilter

from data_tools.sets.classes import CLASS_IDS, LOOKS

WATER_IDS = [CLASS_IDS[name] for name in ("water", "sea", "river", "lake", "waterfall")]


class Change(NamedTuple):
    """A planted change: the new pixels of a whole photo or label map, and a description in a few words (`detail`)."""

    pixels: np.ndarray
    detail: str


def make_generator(seed: int, kind: str, stem: str) -> np.random.Generator:
    """Return a random generator. Its numbers depend on the seed, the kind of defect and the pair's stem only."""
    digest = hashlib.sha256(f"{seed}/{kind}/{stem}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def smooth_noise(rng: np.random.Generator, height: int, width: int, cells: float) -> np.ndarray:
    """Return smooth random noise with about `cells` bumps along the longer side.

    Returns:
        [height, width] float32 with mean 0 and deviation 1.
    """
    cell = max(height, width) / cells
    rows, columns = max(2, round(height / cell) + 1), max(2, round(width / cell) + 1)
    lattice = rng.standard_normal((rows, columns)).astype(np.float32)
    field = np.array(Image.fromarray(lattice).resize((width, height), Image.BICUBIC))
    return (field - field.mean()) / max(float(field.std()), 1e-6)


def blurred_field(field: np.ndarray, sigma: float) -> np.ndarray:
    """Blur [H, W] values 0..1 by a Gaussian, rounded to steps of 1/255."""
    image = Image.fromarray(np.clip(field * 255, 0, 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(sigma)), np.float32) / 255


def highest(score: np.ndarray, share: float) -> np.ndarray:
    """Return where `score` is among the highest `share` (0 to 1) of its values: [H, W] -> [H, W] bool."""
    return score > np.quantile(score, 1 - share)


def moved_label(label: np.ndarray, dx: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """Displace a label map: each pixel gets the id from (dx, dy) pixels away. Outside the map, the edge repeats.

    Shapes:
        label [H, W], dx and dy anything that broadcasts to it -> [H, W]
    """
    height, width = label.shape
    rows = np.clip(np.rint(np.arange(height)[:, None] + dy), 0, height - 1).astype(int)
    columns = np.clip(np.rint(np.arange(width) + dx), 0, width - 1).astype(int)
    return label[rows, columns]


def moved_photo(photo: np.ndarray, dx: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """Displace a photo [H, W, 3] uint8 by (dx, dy) pixels as in `moved_label`, with bilinear interpolation.

    Return a new photo of the same size.
    """
    height, width = photo.shape[:2]
    rows, y = _cell(np.arange(height)[:, None] + dy, height)
    columns, x = _cell(np.arange(width) + dx, width)
    rows, columns = np.broadcast_arrays(rows, columns)
    x, y = x[..., None], y[..., None]
    below, right = np.minimum(rows + 1, height - 1), np.minimum(columns + 1, width - 1)
    top = photo[rows, columns] * (1 - x) + photo[rows, right] * x
    bottom = photo[below, columns] * (1 - x) + photo[below, right] * x
    return np.rint(top * (1 - y) + bottom * y).astype(np.uint8)


def _cell(place: np.ndarray, size: int) -> Tuple[np.ndarray, np.ndarray]:
    """Limit positions to an axis, and split each into the pixel before it and the remainder, 0 to 1.

    Args:
        place: Positions in pixels, of any shape.
        size: Number of pixels of the axis.

    Returns:
        Whole pixels (int) and remainders (float32), of the shape of `place`.
    """
    place = np.clip(place, 0, size - 1)
    start = np.floor(place)
    return start.astype(int), (place - start).astype(np.float32)


def visible_change(old: np.ndarray, new: np.ndarray) -> float:
    """Return the share of pixels (0 to 1) whose class changed to one that looks different. Lake and sea look alike."""
    return float((LOOKS[old] != LOOKS[new]).mean())
