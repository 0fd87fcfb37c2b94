"""Paint the land: the class, the colour and the light of each point."""

from __future__ import annotations

from typing import Callable, Dict, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from data_tools.rendering.canvas import Canvas
from data_tools.rendering.noise import Field, smoothstep
from data_tools.rendering.terrain import Land, View

_SNOW = np.array([[0.93], [0.95], [0.98]], np.float32)


class Points(NamedTuple):
    """N points of the ground: position, height and values for choosing their colours. All are [N] float32."""

    x: np.ndarray
    z: np.ndarray
    height: np.ndarray
    flatness: np.ndarray  # 1 horizontal, 0 vertical
    coarse: np.ndarray  # noise with structures of some units, -1..1
    fine: np.ndarray  # noise with structures down to single pixels, -1..1

    def take(self, where: np.ndarray) -> Points:
        """Return the M points whose indices are `where` [M]."""
        return Points(*(values.take(where) for values in self))


class Flora(NamedTuple):
    """Colours of the plants in one season. A pair is the darkest and the lightest sRGB colour, 0..1."""

    grass: Tuple[Sequence[float], Sequence[float]]
    forest: Tuple[Sequence[float], Sequence[float]]
    snow_line: float  # height in units above which mountains are white


Material = Callable[[Points, Flora], np.ndarray]  # returns the albedo [3, N]


class Cover(NamedTuple):
    """A rule for the ground: points for which `where` is true get the class `name` and the colours of `material`."""

    name: str
    material: str
    where: Optional[Callable[[Points], np.ndarray]]  # None: everywhere

    def applies_to(self, points: Points) -> np.ndarray:
        """Return for each point whether the rule applies to it, [N] bool."""
        return np.ones(len(points.x), bool) if self.where is None else self.where(points)


FLORAS = (
    Flora(((0.27, 0.40, 0.12), (0.52, 0.60, 0.25)), ((0.10, 0.22, 0.09), (0.27, 0.40, 0.15)), 9.0),  # summer
    Flora(((0.30, 0.46, 0.14), (0.56, 0.68, 0.28)), ((0.14, 0.27, 0.10), (0.36, 0.48, 0.18)), 7.0),  # spring
    Flora(((0.50, 0.44, 0.20), (0.74, 0.66, 0.38)), ((0.18, 0.25, 0.11), (0.38, 0.42, 0.18)), 12.0),  # dry summer
    Flora(((0.46, 0.42, 0.18), (0.68, 0.58, 0.28)), ((0.42, 0.24, 0.08), (0.74, 0.48, 0.14)), 8.0),  # autumn
    Flora(((0.34, 0.38, 0.20), (0.60, 0.60, 0.38)), ((0.09, 0.18, 0.12), (0.22, 0.32, 0.20)), 3.5),  # early spring
)


def paint_ground(
    canvas: Canvas, rng: np.random.Generator, view: View, land: Land, covers: Sequence[Cover], flora: Flora
) -> None:
    """Paint the ground that `view` shows into the canvas: class and colour of each pixel, with light and haze.

    Each point gets class and material of the last of `covers` that applies to it.
    """
    slope_x, slope_z = land.slope(view.x, view.z)
    flatness = 1 / np.sqrt(1 + slope_x**2 + slope_z**2)
    back = view.z + 0.8 * view.height  # avoids stretched noise on steep slopes
    points = Points(
        view.x,
        view.z,
        view.height,
        flatness,
        Field(rng, "fbm", 11)(view.x, back),
        Field(rng, "fbm", 3).nearest(view.x, back),
    )
    chosen = np.zeros(len(view.pixels), np.int32)
    for index, cover in enumerate(covers):
        if cover.where is not None:
            chosen[cover.where(points)] = index

    light = _lighting(canvas, slope_x, slope_z, flatness)  # [3, N]
    for index, cover in enumerate(covers):
        here = np.flatnonzero(chosen == index)
        albedo = MATERIALS[cover.material](points.take(here), flora).astype(np.float32, copy=False)
        albedo *= light.take(here, axis=1)
        canvas.paint(view.pixels.take(here), canvas.add_haze(albedo, view.z.take(here)), cover.name)


def _lighting(canvas: Canvas, slope_x: np.ndarray, slope_z: np.ndarray, flatness: np.ndarray) -> np.ndarray:
    toward = canvas.light.direction
    direct = np.clip((toward[1] - slope_x * toward[0] - slope_z * toward[2]) * flatness, 0, 1)
    sky_share = 0.55 + 0.45 * flatness
    return direct * (canvas.light.sun * np.float32(0.95)) + sky_share * canvas.light.ambient


def _mix(dark: Sequence[float], light: Sequence[float], share: np.ndarray) -> np.ndarray:
    low, high = _column(dark), _column(light)
    return low + (high - low) * np.clip(share, 0, 1)


def _column(color: Sequence[float]) -> np.ndarray:
    return np.array(color, np.float32)[:, None]


def _grass(p: Points, flora: Flora) -> np.ndarray:
    return _mix(*flora.grass, 0.5 + 0.5 * p.coarse + 0.7 * p.fine)


def _forest(p: Points, flora: Flora) -> np.ndarray:
    return _mix(*flora.forest, 0.45 + 0.9 * p.coarse + 0.8 * p.fine)


def _sand(p: Points, flora: Flora) -> np.ndarray:
    ripples = 0.10 * np.sin(p.z * 40 + p.coarse * 30)
    dry = _mix((0.74, 0.65, 0.48), (0.93, 0.86, 0.70), 0.55 + 0.4 * p.coarse + 0.35 * p.fine + ripples)
    wet = smoothstep(0.07, 0.01, p.height + 0.02 * p.coarse)
    return dry * (1 - 0.38 * wet)


def _stone(p: Points, flora: Flora) -> np.ndarray:
    bands = 0.10 * np.sin(p.height * 22 + p.coarse * 9)
    stone = _mix((0.30, 0.28, 0.26), (0.66, 0.62, 0.57), 0.5 + 0.5 * p.coarse + 0.6 * p.fine + bands)
    wet = smoothstep(0.10, 0.02, p.height)
    return stone * (1 - 0.4 * wet)


def _alpine(p: Points, flora: Flora) -> np.ndarray:
    """Return the colours of points p of mountains.

    Grass and woods are below, rock is above, and snow lies on high slopes that are not too steep.
    """
    rock = _mix((0.30, 0.28, 0.28), (0.62, 0.58, 0.54), 0.5 + 0.35 * p.coarse + 0.55 * p.fine)
    rough = p.coarse * 0.9 + p.fine * 0.5
    tree_line = flora.snow_line * 0.62
    woods = smoothstep(-0.8, 0.8, tree_line + 1.6 * rough - p.height)
    woods *= smoothstep(0.32, 0.62, p.flatness + 0.2 * p.fine)
    snow = smoothstep(-0.7, 0.7, p.height - flora.snow_line + 1.3 * rough)
    snow *= smoothstep(0.30, 0.5, p.flatness + 0.15 * p.fine)
    green = _mix(flora.forest[0], flora.grass[0], 0.3 + 0.5 * p.coarse + p.fine)
    land = rock + (green - rock) * woods
    return land + (_SNOW - land) * snow


def _dry_rock(p: Points, flora: Flora) -> np.ndarray:
    """Return the colours of points p: layers of red and ochre rock."""
    bands = 0.5 + 0.3 * np.sin(p.height * 5 + 2 * p.coarse) + 0.2 * np.sin(p.height * 13 + 3)
    return _mix((0.50, 0.30, 0.20), (0.82, 0.60, 0.42), bands + 0.3 * p.coarse + 0.4 * p.fine)


def _earth(p: Points, flora: Flora) -> np.ndarray:
    return _mix((0.34, 0.24, 0.15), (0.60, 0.46, 0.31), 0.5 + 0.5 * p.coarse + 0.6 * p.fine)


def _steppe(p: Points, flora: Flora) -> np.ndarray:
    """Return the colours of points p: dry ground with tufts of grass."""
    ground = _mix((0.58, 0.48, 0.33), (0.80, 0.70, 0.52), 0.5 + 0.5 * p.coarse + 0.4 * p.fine)
    tufts = smoothstep(0.16, 0.30, p.fine + 0.2 * p.coarse)
    return ground + (_column(flora.grass[0]) - ground) * tufts * 0.7


def _furrows(p: Points, flora: Flora) -> np.ndarray:
    """Return the colours of points p: fields of different crops, with rows that run away from the camera."""
    along, across = p.x * 0.96 + p.z * 0.28, p.z * 0.96 - p.x * 0.28
    plot = np.floor(along / 4 + 0.37 * np.floor(across / 5)) * 2 + np.floor(across / 5) * 3
    crops = np.array(
        [(0.80, 0.70, 0.30), (0.46, 0.58, 0.20), (0.62, 0.50, 0.26), (0.88, 0.80, 0.42), (0.36, 0.50, 0.18)], np.float32
    ).T
    color = crops.take(plot.astype(np.int64) % crops.shape[1], axis=1)
    fade = np.clip(9 / p.z, 0, 1)  # rows narrower than a pixel would cause aliasing
    rows = 1 + 0.16 * np.sin(along * 11) * fade + 0.25 * p.fine + 0.1 * p.coarse
    return color * rows


def _asphalt(p: Points, flora: Flora) -> np.ndarray:
    return _mix((0.28, 0.28, 0.30), (0.42, 0.42, 0.43), 0.5 + 0.3 * p.coarse + 0.9 * p.fine)


def _dirt(p: Points, flora: Flora) -> np.ndarray:
    return _mix((0.58, 0.47, 0.33), (0.80, 0.70, 0.52), 0.5 + 0.4 * p.coarse + 0.8 * p.fine)


def _paint(p: Points, flora: Flora) -> np.ndarray:
    """Return the colours of points p: the white lines of a road."""
    return _mix((0.80, 0.80, 0.76), (0.95, 0.95, 0.92), 0.5 + 0.5 * p.fine)


def _falls(p: Points, flora: Flora) -> np.ndarray:
    """Return the colours of points p: falling water with vertical streaks."""
    streaks = 0.5 * np.sin(p.x * 31 + p.coarse * 3) + 0.4 * np.sin(p.x * 67 + p.height * 0.8) + 0.6 * p.fine
    return _mix((0.74, 0.82, 0.88), (1.06, 1.06, 1.06), 0.62 + 0.5 * streaks)


MATERIALS: Dict[str, Material] = {
    "grass": _grass,
    "forest": _forest,
    "sand": _sand,
    "stone": _stone,
    "alpine": _alpine,
    "dry rock": _dry_rock,
    "earth": _earth,
    "steppe": _steppe,
    "furrows": _furrows,
    "asphalt": _asphalt,
    "dirt": _dirt,
    "paint": _paint,
    "falls": _falls,
}
