"""Render one landscape: choose a scene and paint it."""

from __future__ import annotations

from typing import Callable, Dict, Tuple

import numpy as np
from PIL import Image, ImageFilter

from data_tools.rendering import dry_scenes, sea_scenes, wet_scenes
from data_tools.rendering.canvas import Canvas
from data_tools.rendering.composition import Scene
from data_tools.rendering.ground import FLORAS, Flora, paint_ground
from data_tools.rendering.light import choose_light
from data_tools.rendering.noise import texture
from data_tools.rendering.sky import paint_sky
from data_tools.rendering.terrain import Camera, cast
from data_tools.rendering.water import paint_water

SceneKind = Callable[[np.random.Generator, Flora], Scene]

# Share of each scene, chosen so that the class shares are roughly those of the contest's label maps.
SCENES: Dict[SceneKind, float] = {
    wet_scenes.lake: 0.22,
    sea_scenes.beach: 0.10,
    sea_scenes.open_sea: 0.16,
    wet_scenes.river: 0.07,
    wet_scenes.waterfall: 0.03,
    sea_scenes.harbour: 0.05,
    dry_scenes.alpine: 0.24,
    dry_scenes.farmland: 0.06,
    dry_scenes.woodland: 0.03,
    dry_scenes.desert: 0.04,
}

_FOCAL = 0.9  # focal length as a share of the width, as a 32 mm lens on a 35 mm camera
_GRAIN = np.float32(1.6)  # standard deviation of the grain, of 255
_SOFTNESS = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, 8, 1, 0, 1, 0))


def choose_scene(rng: np.random.Generator) -> SceneKind:
    """Choose one of the kinds of scene in `SCENES` at random; each has its own share."""
    shares = np.array(list(SCENES.values()))
    return list(SCENES)[rng.choice(len(shares), p=shares / shares.sum())]


def paint(kind: SceneKind, rng: np.random.Generator, width: int, height: int) -> Tuple[np.ndarray, np.ndarray]:
    """Paint a random scene of one kind, in a random season and light.

    Returns:
        photo [height, width, 3] uint8 RGB, label [height, width] uint8
    """
    flora = FLORAS[rng.integers(len(FLORAS))]
    scene = kind(rng, flora)
    camera = Camera(width, height, scene.horizon * height, _FOCAL * width, float(scene.eye))
    view = cast(camera, scene.land)
    canvas = Canvas(camera, choose_light(rng), view)

    # From back to front. Water comes last, because it mirrors everything else.
    paint_sky(canvas, rng)
    paint_ground(canvas, rng, view, scene.land, scene.covers, flora)
    scene.furnish(canvas, rng)
    if scene.water is not None:
        paint_water(canvas, rng, view, scene.water)
    return _as_camera(canvas.photo, rng), canvas.label


def _as_camera(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add the effects of a camera: slight blur, darker corners, grain. [3, H, W] float32 -> [H, W, 3] uint8."""
    _, height, width = photo.shape
    y, x = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)
    corners = 255 * (1 - 0.07 * (x * x + y * y))
    grain = np.resize(np.roll(texture("white").values[:, 0], rng.integers(2**18)), (height, width))
    pixels = photo * corners
    pixels += _GRAIN * grain
    pixels = np.clip(pixels, 0, 255, out=pixels).astype(np.uint8)
    image = Image.merge("RGB", [Image.fromarray(plane) for plane in pixels])
    return np.array(image.filter(_SOFTNESS))
