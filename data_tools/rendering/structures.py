"""Draw long structures: piers, bridges, fences, walls, railings, rows of buildings."""

from __future__ import annotations

import math
from typing import Sequence, Tuple

import numpy as np

from data_tools.rendering.canvas import Canvas
from data_tools.rendering.sketch import Color, Sketch, in_space, shade
from data_tools.rendering.terrain import Land

_WOOD = (0.50, 0.38, 0.27)
_STONE = (0.60, 0.56, 0.51)
_FACADES = ((0.70, 0.66, 0.60), (0.56, 0.60, 0.66), (0.80, 0.74, 0.66), (0.62, 0.44, 0.38), (0.42, 0.48, 0.56))


def pier(
    canvas: Canvas, rng: np.random.Generator, start: Tuple[float, float], end: Tuple[float, float], width: float = 0.34
) -> None:
    """Draw a wooden pier over water from `start` to `end`, both (x, z) in units."""
    top, count = 0.13, 46
    points = np.linspace(start, end, count + 1)
    sketch = in_space(canvas, (start[1] + end[1]) / 2)
    for x, z in points[::-5]:
        for side in (-width / 2, width / 2):
            _post(sketch, x + side, z, -0.12, top, 0.035, shade(_WOOD, 0.55))
    for (x0, z0), (x1, z1) in zip(points[:0:-1], points[-2::-1]):
        z1 += (z0 - z1) * 0.08  # the gap between two planks
        tone = shade(_WOOD, rng.uniform(0.95, 1.35))
        half = width / 2
        sketch.polygon([(x0 - half, top, z0), (x0 + half, top, z0), (x1 + half, top, z1), (x1 - half, top, z1)], tone)
        sketch.polygon(
            [(x1 - half, top, z1), (x1 + half, top, z1), (x1 + half, top - 0.03, z1), (x1 - half, top - 0.03, z1)],
            shade(tone, 0.6),
        )
    for x, z in points[::-9]:
        _post(sketch, x + width / 2, z, top, top + 0.16, 0.05, shade(_WOOD, 0.75))
    sketch.paste(canvas, float(points[0][1]), "pier")


def bridge(canvas: Canvas, rng: np.random.Generator, depth: float, left: float, right: float, rise: float) -> None:
    """Draw a stone bridge with arches and railings at `depth`, from x = left to x = right; `rise` is its height."""
    sketch = in_space(canvas, depth)
    stone = shade(_STONE, rng.uniform(0.8, 1.15))
    arches = max(1, round((right - left) / 2.2))
    span = (right - left) / arches
    outline = [(left - 1.5, rise, depth), (right + 1.5, rise, depth), (right + 1.5, 0.2, depth), (right, -0.05, depth)]
    for i in range(arches - 1, -1, -1):
        middle = left + (i + 0.5) * span
        for angle in np.linspace(0, math.pi, 15):
            y = math.sin(angle) * (rise - 0.16) - 0.05
            outline.append((middle + math.cos(angle) * span * 0.40, y, depth))
    sketch.polygon([*outline, (left, -0.05, depth), (left - 1.5, 0.2, depth)], stone)
    for i in range(arches):
        middle = left + (i + 0.5) * span
        arc = [
            (middle + math.cos(a) * span * 0.42, math.sin(a) * (rise - 0.14) - 0.03, depth)
            for a in np.linspace(0, math.pi, 15)
        ]
        sketch.line(arc, shade(stone, 0.7), 0.05)
    sketch.line([(left - 1.5, rise, depth), (right + 1.5, rise, depth)], shade(stone, 1.2), 0.07)
    sketch.paste(canvas, depth, "bridge")
    rails = in_space(canvas, depth)
    _bars(rails, left - 1.5, right + 1.5, rise, rise + 0.24, depth, 0.22, (0.30, 0.33, 0.36), 0.05)
    rails.paste(canvas, depth, "railing")


def railing(canvas: Canvas, rng: np.random.Generator, depth: float, top: float, height: float) -> None:
    """Draw a railing across the whole picture at `depth`; `top` is the height of its handrail above the water."""
    half = canvas.camera.width / canvas.pixels_per_unit(depth)
    color = ((0.24, 0.27, 0.30), (0.80, 0.80, 0.78), (0.34, 0.26, 0.20))[rng.integers(3)]
    sketch = in_space(canvas, depth)
    _bars(sketch, -half, half, top - height, top, depth, height * 0.28, color, height * 0.07)
    sketch.paste(canvas, depth, "railing")


def fence(canvas: Canvas, rng: np.random.Generator, land: Land, line: Sequence[Tuple[float, float]]) -> None:
    """Draw a fence of posts and two rails on the land, along a line of points (x, z)."""
    color = ((0.55, 0.42, 0.30), (0.92, 0.91, 0.88), (0.42, 0.36, 0.31))[rng.integers(3)]
    feet = _standing(land, line)
    sketch = in_space(canvas, float(np.median(feet[:, 2])))
    for share in (0.55, 0.92):
        sides = [(x, y + share * 0.30 + t, z) for t, part in ((0, feet), (0.05, feet[::-1])) for x, y, z in part]
        sketch.polygon(sides, color)
    for x, y, z in feet:
        _post(sketch, x, z, y - 0.04, y + 0.34, 0.06, shade(color, 0.85))
    sketch.paste(canvas, float(feet[:, 2].min()), "fence")


def wall(canvas: Canvas, rng: np.random.Generator, land: Land, line: Sequence[Tuple[float, float]]) -> None:
    """Draw a dry stone wall on the land, along a line of points (x, z)."""
    feet = _standing(land, line)
    sketch = in_space(canvas, float(np.median(feet[:, 2])))
    courses = 6
    for (x0, y0, z0), (x1, y1, z1) in zip(feet[:-1], feet[1:]):
        for course in range(courses):
            low, high = (c * 0.36 / courses - 0.04 for c in (course, course + 1))
            cut = rng.uniform(0.3, 0.7)
            for a, b in ((0.0, cut), (cut, 1.0)):
                left, right = (
                    (x0 + (x1 - x0) * a, y0 + (y1 - y0) * a, z0 + (z1 - z0) * a),
                    (x0 + (x1 - x0) * b, y0 + (y1 - y0) * b, z0 + (z1 - z0) * b),
                )
                sketch.polygon(
                    [
                        (left[0], left[1] + low, left[2]),
                        (right[0], right[1] + low, right[2]),
                        (right[0], right[1] + high, right[2]),
                        (left[0], left[1] + high, left[2]),
                    ],
                    shade(_STONE, rng.uniform(0.75, 1.12)),
                )
    sketch.paste(canvas, float(feet[:, 2].min()), "wall")


def town(canvas: Canvas, rng: np.random.Generator, depth: float, ground: float, tallest: float) -> None:
    """Draw a row of buildings across the whole picture at `depth`; `ground` is the height of the ground."""
    half = canvas.camera.width / canvas.pixels_per_unit(depth) / 2 + 1
    center = rng.uniform(-0.4, 0.4) * half
    sketch = in_space(canvas, depth)
    x = -half
    while x < half:
        width = rng.uniform(0.5, 1.3)
        height = (0.25 + 0.75 * math.exp(-(((x - center) / (0.45 * half)) ** 2))) * tallest * rng.uniform(0.4, 1.0)
        _building(sketch, rng, x, x + width, ground, height, depth)
        x += width * rng.uniform(0.8, 1.15)
    sketch.paste(canvas, depth, "building")


def _building(
    sketch: Sketch, rng: np.random.Generator, left: float, right: float, ground: float, height: float, depth: float
) -> None:
    color = shade(_FACADES[rng.integers(len(_FACADES))], rng.uniform(0.8, 1.1))

    def rectangle(x0: float, y0: float, x1: float, y1: float, tone: Color) -> None:
        sketch.polygon(
            [(x0, ground + y0, depth), (x1, ground + y0, depth), (x1, ground + y1, depth), (x0, ground + y1, depth)],
            tone,
        )

    rectangle(left, -0.3, right, height, color)
    rectangle(right - (right - left) * 0.22, -0.3, right, height, shade(color, 0.75))
    if rng.random() < 0.3:
        rectangle(left + (right - left) * 0.3, height, left + (right - left) * 0.6, height + 0.15, shade(color, 0.9))
    columns, floors = max(2, int((right - left) / 0.16)), max(2, int(height / 0.22))
    pitch = (right - left) * 0.76 / columns
    glass = shade((0.26, 0.33, 0.42), rng.uniform(0.8, 1.5))
    for floor in range(floors):
        y = height * (floor + 0.3) / floors
        for column in range(columns):
            x = left + (column + 0.25) * pitch
            rectangle(x, y, x + pitch * 0.55, y + height * 0.5 / floors, glass)


def _bars(
    sketch: Sketch,
    left: float,
    right: float,
    bottom: float,
    top: float,
    depth: float,
    pitch: float,
    color: Color,
    width: float,
) -> None:
    for x in np.arange(left, right, pitch):
        sketch.line([(x, bottom, depth), (x, top, depth)], color, width * 0.6)
    sketch.line([(left, top, depth), (right, top, depth)], shade(color, 1.15), width)
    sketch.line([(left, (top + bottom) / 2, depth), (right, (top + bottom) / 2, depth)], color, width * 0.7)


def _post(sketch: Sketch, x: float, z: float, bottom: float, top: float, width: float, color: Color) -> None:
    half = width / 2
    sketch.polygon([(x - half, bottom, z), (x + half, bottom, z), (x + half, top, z), (x - half, top, z)], color)


def _standing(land: Land, line: Sequence[Tuple[float, float]]) -> np.ndarray:
    """Return points (x, y, z) that stand on the land: for each (x, z) of `line` the height y there. [N, 3]"""
    x, z = np.array(line, np.float32).T
    return np.stack([x, land.height(x, z), z], axis=1)
