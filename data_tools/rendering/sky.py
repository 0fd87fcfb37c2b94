"""Paint the sky: a gradient, the glow of the sun, and a layer of clouds in perspective."""

from __future__ import annotations

import numpy as np
from PIL import Image

from data_tools.rendering.canvas import Canvas
from data_tools.rendering.noise import Field, smoothstep

_COARSE = 2  # pixels between the computed points of the sky
_CLOUD_SHIFT = 0.35  # cloud units; the density this far towards the sun decides how bright a cloud is


def paint_sky(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint the rows that show sky. The class map is initialised with sky."""
    width, height = canvas.camera.width, canvas.camera.height
    rows = int(np.isinf(canvas.depth).any(axis=1).nonzero()[0].max(initial=0)) + 1
    # The sky has no fine detail: every second pixel is computed, the others are interpolated.
    y, x = np.mgrid[0.5:rows:_COARSE, 0.5:width:_COARSE].astype(np.float32)
    up = np.clip((canvas.camera.horizon - y) / height, 0, 1)  # share of the picture's height
    colors = _gradient(canvas, up) + _glow(canvas, x / width, up)
    _add_clouds(canvas, rng, colors, x, up)
    for plane, coarse in zip(canvas.photo, colors):
        plane[:rows] = np.asarray(Image.fromarray(coarse).resize((width, rows), Image.BILINEAR))


def _gradient(canvas: Canvas, up: np.ndarray) -> np.ndarray:
    light = canvas.light
    share = 1 - np.exp(-up * 3.2)
    return light.horizon[..., None] + (light.zenith - light.horizon)[..., None] * share


def _glow(canvas: Canvas, x: np.ndarray, up: np.ndarray) -> np.ndarray:
    sun_x, sun_up = canvas.light.sun_at
    aspect = canvas.camera.width / canvas.camera.height
    distance = np.hypot((x - sun_x) * aspect, up - sun_up)
    halo = np.exp(-distance * 4.5) + 0.35 * np.exp(-distance * 1.3)
    disc = smoothstep(0.030, 0.022, distance) * 0.9
    return halo * canvas.light.glow[..., None] + disc


def _add_clouds(canvas: Canvas, rng: np.random.Generator, colors: np.ndarray, x: np.ndarray, up: np.ndarray) -> None:
    """Add clouds to `colors` in place: a plane of noise, brighter where it gets thinner towards the sun."""
    light = canvas.light
    field = Field(rng, "fbm", rng.uniform(9, 16), turned=False)
    distance = 1 / (up + 0.10)  # 0.10: clouds at the horizon stay larger than a pixel
    side = (x / canvas.camera.width - light.sun_at[0]) * distance * 1.3
    density = field(side, distance) * 1.6 + light.cloud_cover - 0.15
    toward = field(side - np.tanh(side) * _CLOUD_SHIFT, distance + _CLOUD_SHIFT * 0.5) * 1.6 + light.cloud_cover - 0.15
    cover = smoothstep(0.0, 0.55, density) * smoothstep(0.0, 0.10, up) * 0.95
    lit = np.clip(0.62 + (density - toward) * 1.3 - 0.35 * np.clip(density - 0.5, 0, 1), 0, 1)
    cloud = light.cloud_dark[..., None] + (light.cloud_lit - light.cloud_dark)[..., None] * lit
    cloud += (light.horizon[..., None] - cloud) * (0.5 * np.exp(-up * 6))
    colors += (cloud - colors) * cover
