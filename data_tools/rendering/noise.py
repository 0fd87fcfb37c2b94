"""Tileable noise textures, computed once in each process, and fields that map them to the ground."""

from __future__ import annotations

from collections import deque
from functools import lru_cache, wraps
from typing import Callable, Deque, NamedTuple, Tuple

import numpy as np
from PIL import Image

_SEED = 20220615  # seed of the textures; pictures differ in the random shift and rotation of a texture


class Texture(NamedTuple):
    """A square of noise that repeats without a seam.

    values: [size * size, 4] float32. For each texel: its value and those to its right, below, and below right. They
        are stored together, so that interpolating a point takes one memory access.
    slopes: [size * size, 8] float32. The same for the derivative along columns, then along rows.
    """

    size: int  # a power of two
    values: np.ndarray
    slopes: np.ndarray


class Field:
    """Random function of the plane: a texture of noise with a random shift and rotation.

    Args:
        tile: Distance after which the texture repeats, in the unit of the x and z that the field is called with.
        turned: Whether to rotate it. If False, its axes are x and z.
    """

    def __init__(self, rng: np.random.Generator, kind: str, tile: float, turned: bool = True):
        self.texture = texture(kind)
        self.scale = np.float32(self.texture.size / tile)
        self.shift = rng.uniform(0, self.texture.size, 2).astype(np.float32)
        angle = rng.uniform(0, 2 * np.pi) if turned else 0.0
        self.cos, self.sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))

    def __call__(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the bilinear value at each point. Shapes: x [...], z [...] -> [...] float32."""
        index, du, dv = self._cell(x, z)
        return _between(self.texture.values.take(index, axis=0), du, dv)

    def nearest(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the value of the nearest texel (texture pixel) of each point, without interpolation.

        It takes a third of the time of a call. Use it for noise that is finer than a pixel. Shapes as in `__call__`.
        """
        u, v = self._texels(x, z)
        return self.texture.values[self._index(u, v), 0]

    def slope(self, x: np.ndarray, z: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Return the derivatives along x and along z. Shapes: x [N], z [N] -> two of [N] float32."""
        index, du, dv = self._cell(x, z)
        slopes = self.texture.slopes.take(index, axis=0)
        along_u = _between(slopes[..., :4], du, dv) * self.scale
        along_v = _between(slopes[..., 4:], du, dv) * self.scale
        return self.cos * along_u - self.sin * along_v, self.sin * along_u + self.cos * along_v

    def _cell(self, x: np.ndarray, z: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the flat index of the texel (texture pixel) that holds each point, and its two offsets from it, 0..1.

        The first offset is along the columns of the texture, the second along its rows.
        """
        u, v = self._texels(x, z)
        floor_u, floor_v = np.floor(u), np.floor(v)
        return self._index(floor_u, floor_v), u - floor_u, v - floor_v

    def _texels(self, x: np.ndarray, z: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        x, z = x * self.scale, z * self.scale
        return self.cos * x + self.sin * z + self.shift[0], self.cos * z - self.sin * x + self.shift[1]

    def _index(self, column: np.ndarray, row: np.ndarray) -> np.ndarray:
        mask = self.texture.size - 1
        return (row.astype(np.int64) & mask) * self.texture.size + (column.astype(np.int64) & mask)


def cache_last_two(surface: Callable) -> Callable:
    """Wrap the function `surface(x, z)` so that it keeps its last two results and returns them for the same arrays.

    Several rules and reliefs evaluate the same points. Arrays are the same if they are the same objects.
    """
    results: Deque[Tuple[np.ndarray, np.ndarray, np.ndarray]] = deque(maxlen=2)

    @wraps(surface)
    def cached_surface(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        for last_x, last_z, result in results:
            if x is last_x and z is last_z:
                return result
        results.append((x, z, surface(x, z)))
        return results[-1][2]

    return cached_surface


def smoothstep(low: float, high: float, x: np.ndarray) -> np.ndarray:
    """Return 0 below `low`, 1 above `high`, and a smooth S-shaped curve between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


@lru_cache(maxsize=None)
def texture(kind: str) -> Texture:
    """Return a texture: `fbm` -1..1, `ridged` 0..1, `cones` 0..1, `boulders` 0..1, or `white` (standard normal)."""
    makers = {"fbm": _fbm, "ridged": _ridges, "cones": _cones, "boulders": _boulders, "white": _white}
    values = makers[kind](np.random.default_rng([_SEED, list(makers).index(kind)]))
    along_u, along_v = ((np.roll(values, -1, axis) - np.roll(values, 1, axis)) / 2 for axis in (1, 0))
    return Texture(len(values), _corners(values), np.concatenate([_corners(along_u), _corners(along_v)], axis=1))


def _corners(values: np.ndarray) -> np.ndarray:
    right = np.roll(values, -1, axis=1)
    corners = [values, right, np.roll(values, -1, axis=0), np.roll(right, -1, axis=0)]
    return np.stack(corners, axis=-1).reshape(-1, 4).astype(np.float32)


def _between(corners: np.ndarray, du: np.ndarray, dv: np.ndarray) -> np.ndarray:
    top = corners[..., 0] + (corners[..., 1] - corners[..., 0]) * du
    bottom = corners[..., 2] + (corners[..., 3] - corners[..., 2]) * du
    return top + (bottom - top) * dv


def _octave(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    lattice = np.pad(rng.uniform(-1, 1, (cells, cells)).astype(np.float32), 3, mode="wrap")
    box = (3, 3, 3 + cells, 3 + cells)  # because of the padding, bicubic interpolation leaves no seam
    return np.asarray(Image.fromarray(lattice).resize((size, size), Image.BICUBIC, box=box))


def _fbm(rng: np.random.Generator) -> np.ndarray:
    values = sum(_octave(rng, 512, 4 * 2**i) * 0.5**i for i in range(7))
    return values / np.abs(values).max()


def _ridges(rng: np.random.Generator) -> np.ndarray:
    """Return Musgrave's ridged multifractal noise, [1024, 1024] float32 in 0..1: sharp ridges of many sizes.

    The sum of eight octaves of ridges, from coarse to fine. Each octave is weighted by the height of the octave before
    it, so that fine detail appears on the ridges and not in the valleys.
    """
    total = np.zeros((1024, 1024), np.float32)
    weight = np.ones_like(total)
    for i in range(8):
        ridge = (1 - np.abs(_octave(rng, 1024, 5 * 2**i)) * 1.2) ** 2
        total += ridge * weight * 0.5**i
        weight = np.clip(ridge * weight * 1.6, 0, 1)
    return (total - total.min()) / (total.max() - total.min())


def _cones(rng: np.random.Generator) -> np.ndarray:
    """Return heights that look like dense treetops, a square float32 array that repeats without a seam."""
    return _stamp(rng, count=4200, radii=(4, 8), profile=lambda r: np.clip(1 - r, 0, 1))


def _boulders(rng: np.random.Generator) -> np.ndarray:
    """Return heights of round boulders of many sizes with a rough surface, a square that repeats without a seam."""
    blocks = _stamp(rng, count=500, radii=(5, 26), profile=lambda r: np.sqrt(np.clip(1 - r * r, 0, 1)))
    return np.clip(blocks + 0.12 * _fbm(rng) * (blocks > 0), 0, None)


def _stamp(rng: np.random.Generator, count: int, radii: Tuple[int, int], profile) -> np.ndarray:
    """Draw `count` discs of random size at random places into a square array of heights that repeats without a seam.

    Where discs overlap, the higher one counts. Elsewhere the height is 0.

    Args:
        radii: Smallest and largest radius in texels.
        profile: Function from the distance to the centre, in radii, to the height of a disc.
    """
    size = 512
    values = np.zeros((size, size), np.float32)
    for _ in range(count):
        radius = rng.uniform(*radii)
        reach = np.arange(-int(radius), int(radius) + 1)
        distance = np.hypot(reach[:, None], reach * rng.uniform(0.8, 1.25)) / radius
        top = profile(distance) * rng.uniform(0.6, 1.0) * radius / radii[1]
        rows = (rng.integers(size) + reach)[:, None] % size
        columns = (rng.integers(size) + reach) % size
        values[rows, columns] = np.maximum(values[rows, columns], top)
    return values


def _white(rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((512, 512)).astype(np.float32)
