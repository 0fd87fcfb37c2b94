"""Trees and bushes. A few drawings of each kind are made once in each process and scaled to their size."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import List, Sequence, Tuple

import numpy as np
from PIL import Image, ImageDraw

from data_tools.rendering.canvas import Canvas

_SEED = 4711  # seed of the drawings; pictures differ in the choice and the size of drawings
_VARIANTS = 8  # drawings of each kind
_HEIGHT = 240  # height of a drawing in pixels, about that of the tallest tree in a 512x384 picture


def scatter(
    canvas: Canvas,
    rng: np.random.Generator,
    kind: str,
    name: str,
    spots: np.ndarray,
    sizes: Tuple[float, float],
    autumn: float = 0.0,
) -> None:
    """Draw plants at the given pixels, the farthest first.

    Args:
        kind: `conifer`, `broadleaf`, `bush`, `flowers` or `reeds`.
        name: Their class.
        spots: [N] flat indices of the pixels of their feet.
        sizes: Smallest and largest height, in units.
        autumn: 0..1, share of plants in autumn colours.
    """
    spots = spots[np.argsort(-canvas.depth.ravel()[spots], kind="stable")]
    for spot in spots:
        row, column = divmod(int(spot), canvas.camera.width)
        depth = float(canvas.depth[row, column])
        sizes_of_one = drawings(kind, bool(rng.random() < autumn))[rng.integers(_VARIANTS)]
        height = max(3, round(canvas.pixels_per_unit(depth) * rng.uniform(*sizes)))
        drawing = next((d for d in sizes_of_one if d.height >= height), sizes_of_one[-1])
        width = max(2, round(drawing.width * height / drawing.height))
        if canvas.light.direction[0] > 0:  # in the drawings, the light comes from the left
            drawing = drawing.transpose(Image.FLIP_LEFT_RIGHT)
        sprite = drawing.resize((width, height), Image.BILINEAR)
        canvas.paste(sprite, column - width // 2, row + 1 - height, depth, name)


@lru_cache(maxsize=None)
def drawings(kind: str, autumn: bool) -> List[List[Image.Image]]:
    """Make several RGBA drawings of a kind of plant, lit from the left. Each is a list of sizes, small to large."""
    makers = {"conifer": _conifer, "broadleaf": _broadleaf, "bush": _bush, "flowers": _flowers, "reeds": _reeds}
    rng = np.random.default_rng([_SEED, list(makers).index(kind)])
    originals = [makers[kind](rng, autumn) for _ in range(_VARIANTS)]
    return [[drawing.reduce(factor) for factor in (16, 8, 4, 2)] + [drawing] for drawing in originals]


def _sheet(aspect: float) -> Tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGBA", (round(_HEIGHT * aspect), _HEIGHT))
    return image, ImageDraw.Draw(image)


def _tone(rng: np.random.Generator, base: Sequence[float], light: float) -> Tuple[int, int, int, int]:
    color = np.array(base) * light * rng.uniform(0.85, 1.15) + rng.uniform(-0.02, 0.02, 3)
    red, green, blue = (int(c) for c in np.clip(color * 255, 0, 255))
    return red, green, blue, 255


def _conifer(rng: np.random.Generator, autumn: bool) -> Image.Image:
    base = (0.16, 0.30, 0.16) if not autumn else (0.40, 0.36, 0.12)
    image, draw = _sheet(0.46)
    middle, half = image.width / 2, image.width / 2 * rng.uniform(0.75, 0.95)
    draw.rectangle([middle - 4, _HEIGHT * 0.85, middle + 4, _HEIGHT], fill=_tone(rng, (0.28, 0.20, 0.14), 1))
    for step in range(26):  # branches from bottom to top, so that upper ones cover lower ones
        share = 1 - step / 26
        y, reach = 6 + share * _HEIGHT * 0.86, half * share**0.85 + 3
        for side in np.linspace(-1, 1, 13):
            tip = middle + side * reach * rng.uniform(0.75, 1.1)
            droop = (9 + 16 * share) * (1 - 0.35 * abs(side)) * rng.uniform(0.7, 1.2)
            light = 0.95 - 0.45 * side + 0.15 * (1 - share)
            draw.polygon(
                [(middle + side * 2, y - 13), (tip - 6, y + droop * 0.7), (tip, y + droop), (tip + 6, y + droop * 0.6)],
                fill=_tone(rng, base, light),
            )
    return image


def _crown(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    center: Tuple[float, float],
    radii: Tuple[float, float],
    base: Sequence[float],
    clumps: int,
) -> None:
    """Draw the crown of a plant as `clumps` discs: dark ones behind and below, light ones at the upper left.

    Args:
        center, radii: Centre and half axes of the crown's ellipse in pixels of `draw`.
        base: Colour of the leaves.
    """
    for share in np.linspace(0, 1, clumps):
        angle, distance = rng.uniform(0, 2 * math.pi), math.sqrt(rng.random()) * (0.92 - 0.25 * share)
        x = center[0] + radii[0] * (math.cos(angle) * distance - 0.22 * share)
        y = center[1] + radii[1] * (math.sin(angle) * distance - 0.25 * share)
        r = min(radii) * rng.uniform(0.10, 0.24) * (1.25 - 0.7 * share)
        draw.ellipse([x - r, y - r * 0.85, x + r, y + r * 0.85], fill=_tone(rng, base, 0.55 + 0.85 * share))


def _broadleaf(rng: np.random.Generator, autumn: bool) -> Image.Image:
    base = ((0.30, 0.44, 0.17), (0.34, 0.46, 0.15), (0.25, 0.40, 0.18))[rng.integers(3)]
    if autumn:
        base = ((0.80, 0.48, 0.12), (0.76, 0.34, 0.12), (0.84, 0.64, 0.18))[rng.integers(3)]
    image, draw = _sheet(rng.uniform(0.72, 1.0))
    middle, bark = image.width / 2, (0.30, 0.23, 0.17)
    draw.polygon(
        [(middle - 9, _HEIGHT), (middle - 4, _HEIGHT * 0.5), (middle + 4, _HEIGHT * 0.5), (middle + 9, _HEIGHT)],
        fill=_tone(rng, bark, 1),
    )
    for side in (-1, 1):
        draw.line(
            [(middle, _HEIGHT * 0.78), (middle + side * image.width * 0.25, _HEIGHT * 0.5)],
            fill=_tone(rng, bark, 1),
            width=6,
        )
    radii = (image.width * 0.44, _HEIGHT * 0.37)
    for _ in range(4):
        shift = (middle + rng.uniform(-0.2, 0.2) * image.width * 0.5, _HEIGHT * rng.uniform(0.36, 0.50))
        _crown(rng, draw, shift, (radii[0] * 0.72, radii[1] * 0.72), base, 70)
    _crown(rng, draw, (middle, _HEIGHT * 0.43), radii, base, 190)
    return image


def _bush(rng: np.random.Generator, autumn: bool) -> Image.Image:
    base = (0.32, 0.46, 0.20) if not autumn else (0.66, 0.42, 0.16)
    image, draw = _sheet(rng.uniform(1.3, 1.7))
    for _ in range(3):
        center = (image.width * rng.uniform(0.35, 0.65), _HEIGHT * 0.66)
        _crown(rng, draw, center, (image.width * 0.32, _HEIGHT * 0.33), base, 110)
    _crown(rng, draw, (image.width / 2, _HEIGHT * 0.62), (image.width * 0.45, _HEIGHT * 0.38), base, 160)
    return image


def _flowers(rng: np.random.Generator, autumn: bool) -> Image.Image:
    image = _reeds(rng, autumn)
    draw = ImageDraw.Draw(image)
    color = ((0.90, 0.30, 0.32), (0.95, 0.85, 0.30), (0.75, 0.45, 0.85), (0.96, 0.94, 0.96))[rng.integers(4)]
    for _ in range(26):
        x, y, r = rng.uniform(0.08, 0.92) * image.width, rng.uniform(0.06, 0.55) * _HEIGHT, rng.uniform(6, 11)
        draw.ellipse([x - r, y - r, x + r, y + r], fill=_tone(rng, color, 1.1))
    return image


def _reeds(rng: np.random.Generator, autumn: bool) -> Image.Image:
    """Return a drawing of a tuft of long blades."""
    base = (0.42, 0.54, 0.22) if not autumn else (0.72, 0.60, 0.32)
    image, draw = _sheet(1.2)
    for light in np.linspace(0.55, 1.25, 120):
        root = image.width * rng.uniform(0.2, 0.8)
        tip = root + image.width * rng.uniform(-0.22, 0.22)
        top = _HEIGHT * rng.uniform(0.02, 0.6)
        bend = root + (tip - root) * 0.3
        draw.polygon(
            [
                (root - 4, _HEIGHT),
                (bend - 3, (top + _HEIGHT) / 2),
                (tip, top),
                (bend + 3, (top + _HEIGHT) / 2),
                (root + 4, _HEIGHT),
            ],
            fill=_tone(rng, base, light),
        )
    return image
