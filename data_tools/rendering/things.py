"""Draw single things: houses, boats, people, and things of the class other."""

from __future__ import annotations

import math
from typing import Callable, Dict, NamedTuple, Tuple

import numpy as np

from data_tools.rendering.canvas import Canvas
from data_tools.rendering.sketch import Color, Sketch, shade, upright

_PAINTS = ((0.86, 0.30, 0.24), (0.94, 0.93, 0.90), (0.22, 0.42, 0.66), (0.93, 0.74, 0.28), (0.20, 0.50, 0.42))
_WOOD = (0.46, 0.32, 0.21)


class Thing(NamedTuple):
    """A kind of thing: its class (`name`), the range of its sizes, and the function that draws it with height 1.

    Long things, such as boats, have length 1 instead of height 1.
    """

    name: str
    sizes: Tuple[float, float]  # units
    draw: Callable[[Sketch, np.random.Generator], None]


def put(canvas: Canvas, rng: np.random.Generator, kind: str, spot: int) -> None:
    """Draw a thing of a random size into the canvas. It stands on the pixel with flat index `spot`.

    Args:
        kind: A key of THINGS.
    """
    thing = THINGS[kind]
    row, column = divmod(int(spot), canvas.camera.width)
    depth = float(canvas.depth[row, column])
    sketch = upright(canvas, column + 0.5, row, depth, rng.uniform(*thing.sizes), flip=bool(rng.random() < 0.5))
    thing.draw(sketch, rng)
    sketch.paste(canvas, depth, thing.name)


def put_in_sky(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw a hot-air balloon at a random place in the sky. Nothing is drawn if there is no room."""
    sky = np.flatnonzero(canvas.is_any("sky")[: int(canvas.camera.horizon * 0.8)])
    sky = sky[sky > canvas.camera.horizon * 0.45 * canvas.camera.width]  # leaves room for its height
    if not len(sky):
        return
    row, column = divmod(int(rng.choice(sky)), canvas.camera.width)
    depth = rng.uniform(16, 34)
    sketch = upright(canvas, column, row, depth, rng.uniform(2.0, 2.6))
    _balloon(sketch, rng)
    sketch.paste(canvas, depth, "other")


def _paint(rng: np.random.Generator) -> Color:
    return _PAINTS[rng.integers(len(_PAINTS))]


def _house(sketch: Sketch, rng: np.random.Generator) -> None:
    wall = ((0.90, 0.86, 0.78), (0.82, 0.74, 0.62), (0.93, 0.92, 0.90), (0.62, 0.38, 0.30), (0.55, 0.42, 0.30))[
        rng.integers(5)
    ]
    roof = ((0.58, 0.27, 0.20), (0.36, 0.32, 0.32), (0.46, 0.33, 0.26))[rng.integers(3)]
    gable, eaves, end = 0.42, 0.52, rng.uniform(0.75, 1.1)
    sketch.box(end * 0.55, 0.6, end * 0.55 + 0.1, 1.02, shade(wall, 0.7))  # chimney
    sketch.box(0, -0.03, end, eaves, wall)
    sketch.polygon([(-gable, -0.03), (0, -0.03), (0, eaves), (-gable / 2, 0.9), (-gable, eaves)], shade(wall, 0.72))
    sketch.polygon(
        [(0.05, eaves - 0.05), (end + 0.05, eaves - 0.05), (end - gable / 2 + 0.1, 0.94), (-gable / 2, 0.94)], roof
    )
    sketch.polygon(
        [
            (-gable / 2, 0.94),
            (-gable - 0.06, eaves - 0.06),
            (-gable - 0.01, eaves - 0.10),
            (-gable / 2, 0.86),
            (0.02, eaves - 0.08),
            (0.06, eaves - 0.04),
        ],
        shade(roof, 0.8),
    )
    door = end * rng.uniform(0.4, 0.5)
    sketch.box(door, -0.03, door + 0.13, 0.28, shade(_WOOD, 0.8))
    for left in (0.12 * end, 0.72 * end):
        sketch.box(left - 0.015, 0.19, left + 0.155, 0.385, (0.95, 0.94, 0.90))
        sketch.box(left, 0.205, left + 0.14, 0.37, (0.22, 0.28, 0.36))
    sketch.box(-gable * 0.63, 0.22, -gable * 0.37, 0.40, (0.20, 0.25, 0.33))


def _barn(sketch: Sketch, rng: np.random.Generator) -> None:
    color = ((0.60, 0.20, 0.16), (0.48, 0.38, 0.28))[rng.integers(2)]
    sketch.polygon([(-0.5, -0.03), (0.5, -0.03), (0.5, 0.5), (0.32, 0.8), (0, 1), (-0.32, 0.8), (-0.5, 0.5)], color)
    sketch.line([(-0.52, 0.5), (-0.33, 0.82), (0, 1.02), (0.33, 0.82), (0.52, 0.5)], (0.88, 0.86, 0.82), 0.05)
    sketch.box(-0.2, -0.03, 0.2, 0.42, (0.90, 0.88, 0.84))
    sketch.box(-0.16, -0.03, 0.16, 0.38, shade(color, 0.6))
    sketch.box(-0.09, 0.56, 0.09, 0.74, (0.16, 0.14, 0.14))


def _rowboat(sketch: Sketch, rng: np.random.Generator) -> None:
    color = _paint(rng)
    sketch.polygon([(-0.5, 0.17), (-0.40, 0), (0.36, 0), (0.52, 0.20)], color)
    sketch.polygon([(-0.5, 0.17), (0.52, 0.20), (0.44, 0.14), (-0.44, 0.12)], shade(_WOOD, 0.7))
    sketch.line([(-0.5, 0.17), (0.52, 0.20)], shade(color, 1.25), 0.03)
    if rng.random() < 0.5:
        sketch.polygon([(-0.10, 0.14), (-0.08, 0.36), (0.05, 0.36), (0.08, 0.14)], (0.25, 0.28, 0.40))
        sketch.disc((-0.01, 0.42), 0.06, (0.80, 0.62, 0.50))


def _sailboat(sketch: Sketch, rng: np.random.Generator) -> None:
    sail = ((0.97, 0.96, 0.93), (0.97, 0.96, 0.93), (0.88, 0.50, 0.34))[rng.integers(3)]
    sketch.polygon([(-0.30, 0.12), (-0.24, 0), (0.22, 0), (0.33, 0.13)], _paint(rng))
    sketch.line([(0, 0.1), (0, 1)], (0.40, 0.32, 0.26), 0.02)
    sketch.polygon([(-0.02, 0.17), (-0.02, 0.97), (-0.29, 0.19)], shade(sail, 0.9))
    sketch.polygon([(0.02, 0.19), (0.02, 0.88), (0.27, 0.20)], sail)


def _ship(sketch: Sketch, rng: np.random.Generator) -> None:
    hull = ((0.20, 0.26, 0.40), (0.56, 0.18, 0.16), (0.24, 0.24, 0.26), (0.95, 0.95, 0.95))[rng.integers(4)]
    sketch.polygon([(-0.5, 0.13), (-0.47, 0), (0.44, 0), (0.53, 0.15), (0.40, 0.12)], hull)
    sketch.polygon([(-0.48, 0.03), (-0.47, 0), (0.44, 0), (0.46, 0.03)], (0.55, 0.16, 0.14))
    if rng.random() < 0.5:  # a freighter with its bridge aft
        sketch.box(-0.44, 0.11, -0.28, 0.30, (0.94, 0.94, 0.92))
        sketch.box(-0.38, 0.30, -0.33, 0.40, (0.80, 0.35, 0.22))
        for left in np.arange(-0.24, 0.34, 0.115):
            sketch.box(left, 0.11, left + 0.10, rng.choice([0.17, 0.22, 0.27]), shade(_paint(rng), 0.85))
    else:  # a liner
        for deck, inset in ((0.12, 0.0), (0.18, 0.05), (0.24, 0.11)):
            sketch.box(-0.42 + inset, deck, 0.36 - inset, deck + 0.06, (0.96, 0.96, 0.95))
            sketch.box(-0.40 + inset, deck + 0.02, 0.34 - inset, deck + 0.035, (0.30, 0.36, 0.44))
        sketch.polygon([(-0.10, 0.30), (-0.08, 0.42), (0.02, 0.42), (0.03, 0.30)], (0.82, 0.30, 0.22))


def _person(sketch: Sketch, rng: np.random.Generator) -> None:
    shirt, trousers = _paint(rng), (0.20, 0.22, 0.30)
    sketch.polygon([(-0.11, 0), (-0.02, 0), (0, 0.42), (0.03, 0), (0.12, 0), (0.11, 0.50), (-0.11, 0.50)], trousers)
    sketch.polygon([(-0.13, 0.46), (0.13, 0.46), (0.17, 0.80), (-0.17, 0.80)], shirt)
    sketch.line([(-0.16, 0.78), (-0.20, 0.46)], shade(shirt, 0.8), 0.07)
    sketch.line([(0.16, 0.78), (0.20, 0.48)], shade(shirt, 0.8), 0.07)
    sketch.disc((0, 0.90), 0.10, (0.82, 0.64, 0.52))
    sketch.disc((0, 0.94), 0.09, (0.25, 0.18, 0.12), flatten=0.7)


def _turbine(sketch: Sketch, rng: np.random.Generator) -> None:
    """Draw a wind turbine of height 1."""
    white = (0.95, 0.95, 0.96)
    sketch.polygon([(-0.028, 0), (0.028, 0), (0.014, 0.66), (-0.014, 0.66)], white)
    start = rng.uniform(0, 2 * math.pi)
    for third in range(3):
        angle = start + third * 2 * math.pi / 3
        along, aside = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))
        blade = [(0.0, 0.018), (0.08, 0.030), (0.38, 0.004), (0.38, -0.004), (0.0, -0.014)]
        sketch.polygon([(a * along[0] + b * aside[0], 0.68 + a * along[1] + b * aside[1]) for a, b in blade], white)
    sketch.disc((0, 0.68), 0.035, shade(white, 0.85))


def _balloon(sketch: Sketch, rng: np.random.Generator) -> None:
    first, second = _paint(rng), _paint(rng)
    for stripe in range(7):
        left, right = -1 + 2 * stripe / 7, -1 + 2 * (stripe + 1) / 7
        edge = [
            (math.sin(a) * 0.38, 0.62 - math.cos(a) * (0.38 if math.cos(a) < 0 else 0.46))
            for a in np.linspace(0, math.pi, 17)
        ]
        points = [(x * left, y) for x, y in edge] + [(x * right, y) for x, y in reversed(edge)]
        sketch.polygon(points, shade((first, second)[stripe % 2], 1.05 - 0.08 * stripe))
    sketch.line([(-0.05, 0.20), (-0.04, 0.10)], (0.30, 0.25, 0.20), 0.01)
    sketch.line([(0.05, 0.20), (0.04, 0.10)], (0.30, 0.25, 0.20), 0.01)
    sketch.box(-0.06, 0, 0.06, 0.10, shade(_WOOD, 1.1))


THINGS: Dict[str, Thing] = {
    "house": Thing("house", (0.75, 1.0), _house),
    "barn": Thing("house", (0.9, 1.1), _barn),
    "rowboat": Thing("boat", (0.7, 0.9), _rowboat),
    "sailboat": Thing("boat", (1.2, 1.7), _sailboat),
    "ship": Thing("ship", (7.0, 10.0), _ship),
    "person": Thing("person", (0.20, 0.24), _person),
    "turbine": Thing("other", (2.6, 3.6), _turbine),
}
