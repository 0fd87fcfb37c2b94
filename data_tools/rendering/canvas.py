"""The canvas on which a landscape is painted: colours, class map and depth."""

from __future__ import annotations

from typing import Tuple

import numpy as np
from PIL import Image

from data_tools.rendering.light import Light
from data_tools.rendering.terrain import Camera, View
from data_tools.sets.classes import CLASS_IDS

_SAME_PLACE = 0.94  # a sprite also hides ground that is slightly nearer, because the ground slopes towards the camera


class Canvas:
    """A landscape that is being painted.

    photo: [3, H, W] float32 sRGB, about 0..1. Channels are separate planes, because NumPy is slow on an axis of 3.
    label: [H, W] uint8 class ids.
    depth: [H, W] float32 distance from the camera in units, infinite in the sky.
    """

    def __init__(self, camera: Camera, light: Light, view: View):
        self.camera, self.light = camera, light
        shape = (camera.height, camera.width)
        self.photo = np.zeros((3, *shape), np.float32)
        self.label = np.full(shape, CLASS_IDS["sky"], np.uint8)
        self.depth = np.full(shape, np.inf, np.float32)
        self.depth.ravel()[view.pixels] = view.z

    def paint(self, pixels: np.ndarray, colors: np.ndarray, name: str) -> None:
        """Set the colours of pixels in `photo`, and their class in `label`, in place. Depth does not change.

        Args:
            pixels: [N] flat indices, row * width + column.
            colors: [3, N] sRGB, about 0..1.
            name: The class of all these pixels.
        """
        for plane, values in zip(self.photo, colors):
            plane.ravel()[pixels] = values
        self.label.ravel()[pixels] = CLASS_IDS[name]

    def add_haze(self, color: np.ndarray, depth) -> np.ndarray:
        """Return colours as they look through the haze at a distance: color [3, N], depth a number or [N] -> [3, N]."""
        clear = np.exp(np.asarray(depth, np.float32) * np.float32(-1 / self.light.haze_depth))
        faded = color - self.light.haze
        faded *= clear
        faded += self.light.haze
        return faded

    def paste(self, sprite: Image.Image, left: int, top: int, depth: float, name: str) -> None:
        """Paste an RGBA picture, a thing of the class `name`, at a depth. Its pixels behind nearer things are hidden.

        Colours are blended by alpha. Class and depth change where alpha is 0.5 or more. What lies outside of the canvas
        is cut off.

        Args:
            left, top: Column and row of the canvas for the picture's top-left pixel. They may be negative.
        """
        height, width = self.label.shape
        x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + sprite.width, width), min(top + sprite.height, height)
        if x0 >= x1 or y0 >= y1:
            return
        here = np.s_[y0:y1, x0:x1]
        part = np.asarray(sprite)[y0 - top : y1 - top, x0 - left : x1 - left]
        planes = np.ascontiguousarray(part.transpose(2, 0, 1)).astype(np.float32).reshape(4, -1) / 255
        alpha = planes[3].reshape(part.shape[:2]) * (self.depth[here] >= depth * _SAME_PLACE)
        color = self.add_haze(planes[:3] * self.tint, depth).reshape(3, *part.shape[:2])
        self.photo[:, y0:y1, x0:x1] += (color - self.photo[:, y0:y1, x0:x1]) * alpha
        solid = alpha >= 0.5
        self.label[here][solid] = CLASS_IDS[name]
        self.depth[here][solid] = depth

    @property
    def tint(self) -> np.ndarray:
        """Factor [3, 1] by which the light multiplies the colour (red, green, blue) of an upright thing."""
        facing = 0.62 if self.light.direction[2] < 0 else 0.25
        return self.light.ambient + self.light.sun * np.float32(facing)

    def pixels_per_unit(self, depth: float) -> float:
        """Return how many pixels a length of one unit takes at the distance `depth` (in units)."""
        return self.camera.focal / depth

    def on_screen(self, x: float, y: float, z: float) -> Tuple[float, float]:
        """Return column and row of the point (x, y, z) of the scene, not rounded; `y` is its height above water."""
        scale = self.camera.focal / z
        return self.camera.width / 2 + x * scale, self.camera.horizon + (self.camera.eye - y) * scale

    def is_any(self, *names: str) -> np.ndarray:
        """Return [H, W] bool: True where the class of a pixel is one of `names`."""
        table = np.zeros(256, bool)
        table[[CLASS_IDS[name] for name in names]] = True
        return table[self.label]
