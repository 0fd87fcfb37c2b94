"""Paint water: reflections distorted by ripples, over the colour of the water."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from data_tools.rendering.canvas import Canvas
from data_tools.rendering.ground import Cover
from data_tools.rendering.noise import Field, smoothstep
from data_tools.rendering.terrain import View

_FOAM = np.array([[0.93], [0.95], [0.96]], np.float32)


class Water(NamedTuple):
    """One body of water: its class, its waves and its colours."""

    name: str  # its class
    chop: float  # 0 smooth as a mirror, 1 a rough sea
    deep: np.ndarray  # [3, 1] float32, colour of deep water
    shallow: np.ndarray  # [3, 1] float32, colour of shallow water
    foam: float  # 0 no foam, 1 surf along the shore


def paint_water(canvas: Canvas, rng: np.random.Generator, view: View, water: Water) -> None:
    """Paint the pixels of class `water.name`. Everything that they mirror must be painted before."""
    flat = canvas.is_any(water.name).ravel()
    here = np.flatnonzero(flat[view.pixels])  # without the pixels that a boat hides
    if not len(here):
        return
    pixels, x, z = view.pixels.take(here), view.x.take(here), view.z.take(here)
    waves = _waves(rng, water, x, z)
    mirrored = canvas.photo.reshape(3, -1).take(_mirrored_pixels(canvas, flat, pixels, waves, water.chop), axis=1)
    sky = (canvas.light.horizon + canvas.light.zenith) / 2
    mirrored += (sky - mirrored) * min(1.2 * water.chop, 0.85)  # a rough sea mirrors hardly anything except the sky
    depth = np.clip(-view.height.take(here), 0, None)
    body = water.shallow + (water.deep - water.shallow) * (1 - np.exp(-depth * 7))
    body = body * (canvas.light.ambient + 0.5 * canvas.light.sun)

    grazing = 1 - canvas.camera.eye / np.hypot(canvas.camera.eye, z)
    share = np.clip(0.22 + 0.78 * grazing**2.5 - 0.30 * water.chop + 0.35 * waves * water.chop, 0.06, 0.95)
    color = body + (mirrored * 0.94 - body) * share
    color *= 1 + 0.16 * waves * water.chop
    color += _glitter(canvas, pixels, waves, water) * canvas.light.sun
    canvas.paint(pixels, canvas.add_haze(_with_foam(rng, color, water, x, z, depth, waves), z * 0.5), water.name)


def _waves(rng: np.random.Generator, water: Water, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return the height of the waves at each point (x, z), [N] from -1 to 1: small ripples plus long swell."""
    ripples = Field(rng, "fbm", 2.2, turned=False)
    swell = Field(rng, "fbm", 14)
    far = np.clip(z / 30, 0, 1)  # distant ripples are smaller than a pixel
    return np.clip(ripples(x * 0.45, z) * 1.5 * (1 - 0.7 * far) + swell(x * 0.5, z) * (0.4 + 0.6 * water.chop), -1, 1)


def _mirrored_pixels(
    canvas: Canvas, is_water: np.ndarray, pixels: np.ndarray, waves: np.ndarray, chop: float
) -> np.ndarray:
    """Return for each water pixel the flat index of the pixel that it mirrors, [N] int64.

    It is as far above the far shore as the water pixel is below it, and is moved a little by the waves.

    Args:
        is_water: [height * width] bool.
        pixels: [N] flat indices of the water pixels.
        waves, chop: Result of `_waves` for these pixels, and roughness of the water.
    """
    width, height = canvas.camera.width, canvas.camera.height
    rows = np.arange(height, dtype=np.int64)[:, None]
    dry = np.where(is_water.reshape(height, width), -1, rows)
    edge = np.maximum.accumulate(dry, axis=0).take(pixels)  # the last row above that is not water
    y, column = np.divmod(pixels, width)
    nearness = (y - canvas.camera.horizon) / height
    shake = waves * (0.03 + 0.5 * chop) * nearness * height * 0.35
    source = np.clip(2 * edge + 1 - y + shake, 0, np.maximum(edge, 0)).astype(np.int64)
    aside = np.clip(column + shake * 0.25, 0, width - 1).astype(np.int64)
    found = source * width + aside
    return np.where(is_water.take(found), np.maximum(edge, 0) * width + column, found)


def _glitter(canvas: Canvas, pixels: np.ndarray, waves: np.ndarray, water: Water) -> np.ndarray:
    """Return the brightness that the glitter of a low sun adds to each water pixel, [N]; 0 if the sun is high."""
    sun_x, sun_up = canvas.light.sun_at
    if sun_up > 0.4:
        return np.zeros(len(pixels), np.float32)
    column = (pixels % canvas.camera.width) / canvas.camera.width
    lane = np.exp(-(((column - sun_x) / 0.07) ** 2))
    return lane * smoothstep(0.05, 0.5, waves) * (0.25 + 0.6 * water.chop)


def _with_foam(
    rng: np.random.Generator,
    color: np.ndarray,
    water: Water,
    x: np.ndarray,
    z: np.ndarray,
    depth: np.ndarray,
    waves: np.ndarray,
) -> np.ndarray:
    if not water.foam:
        return color
    lace = Field(rng, "fbm", 5)(x, z)
    edge = smoothstep(0.035, 0.0, depth + 0.02 * lace)
    breakers = smoothstep(0.55, 0.85, np.sin(depth * 38 + lace * 4)) * smoothstep(0.34, 0.05, depth)
    caps = smoothstep(0.62, 0.9, waves) * 0.5 * water.chop
    foam = np.clip(edge * 0.9 + breakers * smoothstep(-0.3, 0.3, lace) * 0.8 + caps, 0, 1) * water.foam
    return color + (_FOAM - color) * foam


# Deep and shallow colour of each kind of water.
LAKES = (
    ((0.10, 0.30, 0.34), (0.34, 0.46, 0.38)),
    ((0.07, 0.22, 0.32), (0.28, 0.40, 0.38)),
    ((0.08, 0.42, 0.46), (0.40, 0.66, 0.60)),
    ((0.12, 0.20, 0.20), (0.32, 0.32, 0.24)),
)
SEAS = (
    ((0.05, 0.25, 0.42), (0.32, 0.62, 0.64)),
    ((0.04, 0.34, 0.48), (0.40, 0.74, 0.70)),
    ((0.10, 0.22, 0.32), (0.40, 0.50, 0.50)),
)


def water_of(name: str, chop: float, colors, foam: float = 0.0) -> Water:
    """Return water of the class `name`.

    Args:
        chop, foam: As in `Water`.
        colors: Two colours: where the water is deep, and where it is shallow.
    """
    deep, shallow = np.array(colors, np.float32)[..., None]
    return Water(name, chop, deep, shallow, foam)


def ground_under(water: Water) -> Cover:
    """Return the rule for the ground under water."""
    return Cover(water.name, "earth", lambda p: p.height < 0)  # `paint_water` paints over it
