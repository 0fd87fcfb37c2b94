"""Building blocks of the scenes: banks, mountains, hills, woods, boulders, and positions for things."""

from __future__ import annotations

from typing import Callable, List, NamedTuple, Optional, Sequence

import numpy as np

from data_tools.rendering.canvas import Canvas
from data_tools.rendering.ground import Cover, Flora
from data_tools.rendering.noise import Field, cache_last_two, smoothstep
from data_tools.rendering.plants import scatter
from data_tools.rendering.terrain import Land, Relief, Surface
from data_tools.rendering.things import put
from data_tools.rendering.water import Water

_RANGE_END = 85.0  # units; mountains end at this depth


class Scene(NamedTuple):
    """The plan of a landscape, before it is painted: camera height, land, colours of the ground, water, and things."""

    eye: float  # height of the camera above the water, units
    horizon: float  # row of the horizon as a share of the picture's height
    land: Land
    covers: Sequence[Cover]  # of several rules that apply to a point, the last is used
    water: Optional[Water]
    furnish: Callable[[Canvas, np.random.Generator], None]  # adds trees, houses and boats


def bank(distance: np.ndarray, slope: float, top: float) -> np.ndarray:
    """Return the height of a shore at signed distances from the water's edge: it rises to `top`, and falls under water.

    Args:
        distance: Distance from the water's edge in units; negative in the water.
        slope: Rise for each unit of distance at the edge.
        top: Height in units that the shore approaches.
    """
    dry = top * (1 - np.exp(-np.maximum(distance, 0) * (slope / top)))
    return np.where(distance > 0, dry, np.maximum(distance * slope, -0.5)).astype(np.float32)


def mountain_range(rng: np.random.Generator, start: float, tallest: float, gap: float = 0.0) -> Surface:
    """Return the envelope (largest height, in units) of mountains that begin at depth `start`.

    Args:
        tallest: Largest height in units.
        gap: 0..1, depth of a valley in the middle.
    """
    outline = Field(rng, "fbm", rng.uniform(30, 60))
    deep = rng.uniform(16, 32)
    center, half = rng.uniform(-0.3, 0.3), rng.uniform(0.15, 0.3)
    lean = rng.uniform(-0.5, 0.5)

    @cache_last_two
    def envelope(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        rise = smoothstep(start, start + deep, z + 6 * outline(x, z)) * (z < _RANGE_END)
        direction = x / z
        valley = 1 - gap * np.exp(-(((direction - center) / half) ** 2))
        return (tallest * rise * valley * (1 + lean * direction)).astype(np.float32)

    return envelope


def mountains(rng: np.random.Generator, envelope: Surface) -> Relief:
    """Return a relief of random ridges and peaks. Its height at a point is the envelope there times 0 to 1."""
    return Relief(Field(rng, "ridged", rng.uniform(60, 90)), envelope)


def mountain_covers(envelope: Surface, foot: float, trees: Cover) -> List[Cover]:
    """Return the rules for the woods and the rock of mountains.

    Ground whose envelope is above about `foot` units has the class mountain, woods included. Below, only the rule
    `trees` applies.
    """

    def high(p):
        return envelope(p.x, p.z) > foot * (1 + 0.5 * p.coarse)

    return [
        trees,
        Cover("mountain", "alpine", high),
        Cover("mountain", trees.material, lambda p: high(p) & trees.applies_to(p)),
    ]


def hills(rng: np.random.Generator, start: float, height: float, tile: float = 40.0) -> Surface:
    """Return a function (x, z) -> height of random smooth hills that begin at depth `start`; never below 0.

    Args:
        height: Usual height of the hills in units.
        tile: Distance in units after which the finer of the two noises repeats.
    """
    field = Field(rng, "fbm", tile)
    field_slow = Field(rng, "fbm", tile * 2.5)

    @cache_last_two
    def rise(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        shape = 0.55 + 0.9 * field_slow(x, z) + 0.12 * field(x, z)
        return (height * np.maximum(shape, 0) * smoothstep(start, start + 14, z)).astype(np.float32)

    return rise


def woods(rng: np.random.Generator, where: Surface, density: float, height: float = 0.75):
    """Return a relief of treetops, and the rule for the points that are trees.

    Args:
        where: Above 0.5 where trees may grow.
        density: Share of that area with trees, 0..1.
        height: Height of the treetops in units.
    """
    patches = Field(rng, "fbm", 18)

    @cache_last_two
    def cover(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        inside = (patches(x, z) < 2 * density - 1 + 0.15) & (where(x, z) > 0.5)
        return inside.astype(np.float32) * height

    relief = Relief(Field(rng, "cones", rng.uniform(13, 18)), cover)
    return relief, Cover("tree", "forest", lambda p: cover(p.x, p.z) > 0)


def boulders(rng: np.random.Generator, where: Surface, radius: float):
    """Return a relief of boulders, and the rule for the points that they cover.

    Args:
        where: 0..1, factor on their height.
        radius: Largest radius and height in units; 0 for no boulders.
    """
    tile = max(radius, 0.1) * 512 / 26  # the largest boulders of the texture have a radius of 26 of 512 texels
    relief = Relief(Field(rng, "boulders", tile), cache_last_two(lambda x, z: np.float32(where(x, z) * radius)))

    def is_covered(p):
        return relief.field(p.x, p.z) * relief.amplitude(p.x, p.z) > 0.04

    return relief, Cover("rock", "stone", is_covered)


def spots(
    canvas: Canvas, rng: np.random.Generator, names: Sequence[str], near: float, far: float, count: int
) -> np.ndarray:
    """Return flat indices of `count` random pixels of the classes `names`, at depths from `near` to `far` units.

    The same pixel may be drawn twice. The result is empty if there is no such pixel.
    """
    fit = canvas.is_any(*names) & (canvas.depth >= near) & (canvas.depth <= far)
    fit[:, :2] = fit[:, -2:] = False  # a thing at the rim would be cut in two
    found = np.flatnonzero(fit)
    return found[rng.integers(0, len(found), count)] if len(found) else found


def put_some(
    canvas: Canvas, rng: np.random.Generator, kind: str, names: Sequence[str], near: float, far: float, count: int = 1
) -> None:
    """Draw `count` things of a kind, standing on random pixels of the classes `names`, the farthest first.

    Nothing is drawn if no such pixel has a depth from `near` to `far` units.
    """
    places = spots(canvas, rng, names, near, far, count)
    for place in places[np.argsort(-canvas.depth.ravel()[places], kind="stable")]:
        put(canvas, rng, kind, int(place))


def plant_some(
    canvas: Canvas,
    rng: np.random.Generator,
    flora: Flora,
    names: Sequence[str],
    near: float,
    far: float,
    count: int,
    conifers: float,
) -> None:
    """Draw up to `count` trees at random pixels of the classes `names`.

    Args:
        names: Classes on which the trees stand.
        near, far: Smallest and largest depth.
        conifers: Share of conifers, 0..1; the other trees are broadleaf.
    """
    autumn = 0.85 if flora.forest[0][0] > 0.3 else 0.04
    some = int(round(count * conifers))
    groups = (("conifer", some, (0.9, 1.6), autumn * 0.2), ("broadleaf", count - some, (0.7, 1.2), autumn))
    for kind, number, sizes, share in groups:
        scatter(canvas, rng, kind, "tree", spots(canvas, rng, names, near, far, number), sizes, share)


def undergrowth(canvas: Canvas, rng: np.random.Generator, names: Sequence[str], far: float, count: int) -> None:
    """Draw up to `count` bushes, as many reeds and flowers, on pixels of the classes `names`, up to the depth `far`."""
    for kind, sizes in (("bush", (0.14, 0.3)), ("reeds", (0.12, 0.24)), ("flowers", (0.10, 0.18))):
        scatter(canvas, rng, kind, "plant", spots(canvas, rng, names, 0.0, far, rng.integers(0, count + 1)), sizes, 0.1)
