"""Scenes without water: alpine meadow, farmland, woodland, desert."""

from __future__ import annotations

import numpy as np

from data_tools.rendering import structures
from data_tools.rendering.composition import (
    Scene,
    boulders,
    hills,
    mountain_covers,
    mountain_range,
    mountains,
    plant_some,
    put_some,
    undergrowth,
    woods,
)
from data_tools.rendering.ground import Cover, Flora
from data_tools.rendering.noise import Field, cache_last_two, smoothstep
from data_tools.rendering.terrain import Land
from data_tools.rendering.things import put_in_sky

_DRY = np.float32(0.4)  # height of level ground in units above the water level, so that nothing looks wet


def alpine(rng: np.random.Generator, flora: Flora) -> Scene:
    """Plan a random scene: high mountains above a meadow, with woods, a path and houses."""
    envelope = mountain_range(rng, rng.uniform(10, 20), rng.uniform(15, 32), rng.uniform(0, 0.8))
    rolling = hills(rng, 3, rng.uniform(0.5, 2.0), 25)
    trees, tree_cover = woods(rng, lambda x, z: (z > 8) & (envelope(x, z) < 7), rng.uniform(0.1, 0.9))
    track = _track(rng, rng.uniform(0.14, 0.28))
    ground = rng.choice(["grass", "grass", "earth", "rock"])
    rubble = Field(rng, "fbm", 12)
    stones, stone_cover = boulders(
        rng, lambda x, z: smoothstep(0.05, 0.25, rubble(x, z)) * (z < 14) * ~track(x, z), rng.choice([0.0, 0.2, 0.35])
    )
    has_path, has_wall = rng.random() < 0.4, rng.random() < 0.25
    covers = [
        Cover(ground, "stone" if ground == "rock" else ground, None),
        Cover("hill", "grass", lambda p: p.z > 7 + 2 * p.coarse),
        stone_cover,
    ]
    if has_path:
        covers.append(Cover("path", "dirt", lambda p: track(p.x, p.z) & (p.z < 14)))
    covers += mountain_covers(envelope, 1.5, tree_cover)
    land = Land(lambda x, z: rolling(x, z) + _DRY, [mountains(rng, envelope), trees, stones])

    def furnish(canvas, rng):
        plant_some(canvas, rng, flora, ("grass", "hill"), 6, 25, rng.integers(0, 30), 0.85)
        if rng.random() < 0.3:
            put_some(canvas, rng, "house", ("grass", "hill"), 6, 16, rng.integers(1, 3))
        if has_wall:
            structures.wall(canvas, rng, land, _line(rng, 4.0, 24))
        if has_path and rng.random() < 0.6:
            put_some(canvas, rng, "person", ("path",), 3, 8, rng.integers(1, 3))
        plant_some(canvas, rng, flora, ("grass",), 2.5, 6, rng.integers(0, 4), 0.85)
        undergrowth(canvas, rng, ("grass", "earth"), 5, 8)

    return Scene(float(_DRY + rng.uniform(0.7, 1.5)), rng.uniform(0.55, 0.75), land, covers, None, furnish)


def farmland(rng: np.random.Generator, flora: Flora) -> Scene:
    """Plan a random scene: fields and hills with a road, houses, fences and wind turbines."""
    rolling = hills(rng, 4, rng.uniform(1.5, 5), 50)
    envelope = mountain_range(rng, 40, rng.uniform(4, 16), rng.uniform(0, 0.6))
    trees, tree_cover = woods(rng, lambda x, z: z > 12, rng.uniform(0.1, 0.4))
    width = rng.uniform(0.28, 0.42)
    track, line = _tracks(rng, width, 0.02)
    kind = rng.choice(["road", "road", "path", "none"])
    first = rng.uniform(2.0, 8.0)
    covers = [
        Cover("grass", "grass", None),
        Cover("field", "furrows", lambda p: p.z > first + 1.2 * p.coarse),
        Cover("hill", "grass", lambda p: p.z > 24 + 4 * p.coarse),
        *mountain_covers(envelope, 1, tree_cover),
    ]
    if kind != "none":
        covers.append(Cover(kind, "asphalt" if kind == "road" else "dirt", lambda p: track(p.x, p.z) & (p.z < 30)))
    if kind == "road":
        covers.append(Cover("road", "paint", lambda p: line(p.x, p.z) & (np.mod(p.z, 1.2) < 0.7) & (p.z < 30)))
    land = Land(lambda x, z: rolling(x, z) + _DRY, [mountains(rng, envelope), trees])

    def furnish(canvas, rng):
        if rng.random() < 0.4:
            put_some(canvas, rng, "turbine", ("hill", "field"), 12, 40, rng.integers(1, 5))
        plant_some(canvas, rng, flora, ("field", "hill"), 8, 40, rng.integers(5, 30), 0.15)
        if rng.random() < 0.75:
            put_some(canvas, rng, rng.choice(["house", "barn"]), ("field", "grass"), 5, 16, rng.integers(1, 4))
        if rng.random() < 0.55:
            structures.fence(canvas, rng, land, _line(rng, rng.uniform(3.2, 6), 20))
        if rng.random() < 0.2:
            put_in_sky(canvas, rng)
        plant_some(canvas, rng, flora, ("grass",), 2.5, 6, rng.integers(0, 4), 0.15)
        undergrowth(canvas, rng, ("grass",), 4, 10)

    return Scene(float(_DRY + rng.uniform(0.8, 1.5)), rng.uniform(0.40, 0.58), land, covers, None, furnish)


def woodland(rng: np.random.Generator, flora: Flora) -> Scene:
    """Plan a random scene: a clearing in a wood with a path."""
    rolling = hills(rng, 6, rng.uniform(1, 4), 40)
    envelope = mountain_range(rng, 30, rng.uniform(0, 22), rng.uniform(0, 0.8))
    trees, tree_cover = woods(rng, lambda x, z: z > 9, 0.95, 1.3)
    track = _track(rng, rng.uniform(0.18, 0.4))
    ground = rng.choice(["grass", "grass", "earth"])
    covers = [
        Cover(ground, ground, None),
        *mountain_covers(envelope, 2, tree_cover),
        Cover("path", "dirt", lambda p: track(p.x, p.z) & (p.z < 12)),
    ]
    conifers = rng.choice([0.05, 0.5, 0.95])

    def furnish(canvas, rng):
        plant_some(canvas, rng, flora, (ground, "tree"), 7, 14, 45, conifers)
        plant_some(canvas, rng, flora, (ground,), 3.5, 9, rng.integers(4, 16), conifers)
        undergrowth(canvas, rng, (ground,), 7, 22)

    return Scene(
        float(_DRY + rng.uniform(0.5, 0.9)),
        rng.uniform(0.48, 0.6),
        Land(lambda x, z: rolling(x, z) + _DRY, [mountains(rng, envelope), trees]),
        covers,
        None,
        furnish,
    )


def desert(rng: np.random.Generator, flora: Flora) -> Scene:
    """Plan a random scene: dry land, dunes or steppe, layered table mountains, sometimes a road."""
    dunes = rng.random() < 0.35
    rolling = hills(rng, 2, rng.uniform(1.0, 3.0), 30)
    tables, shape = Field(rng, "fbm", 70), Field(rng, "fbm", 12)
    tall = rng.uniform(3, 8)
    track, line = _tracks(rng, 0.4, 0.025)
    has_road = not dunes and rng.random() < 0.5

    @cache_last_two
    def table(x, z):
        return tall * smoothstep(0.10, 0.22, tables(x, z) + 0.10 * shape(x, z)) * smoothstep(20, 30, z) * (z < 85)

    def rubble(x, z):
        return smoothstep(0.15, 0.3, shape(x, z)) * ((z < 20) & (not dunes) & ~(track(x, z) & has_road))

    stones, stone_cover = boulders(rng, rubble, rng.uniform(0.15, 0.4))
    ground, material = ("sand", "sand") if dunes else (rng.choice(["land", "earth"]), "steppe")
    covers = [Cover(ground, material, None), Cover("rock", "dry rock", stone_cover.where)]
    if has_road:
        covers += [
            Cover("road", "asphalt", lambda p: track(p.x, p.z)),
            Cover("road", "paint", lambda p: line(p.x, p.z) & (np.mod(p.z, 1.2) < 0.7)),
        ]
    covers.append(Cover("mountain", "dry rock", lambda p: table(p.x, p.z) > 0.01 * tall))
    crags = mountains(rng, lambda x, z: 0.5 * table(x, z))
    ridges = mountains(rng, lambda x, z: (1.2 * dunes * smoothstep(2, 8, z) * (z < 60)).astype(np.float32))

    def furnish(canvas, rng):
        undergrowth(canvas, rng, (ground,), 9, 5 if dunes else 16)
        if rng.random() < 0.3:
            put_some(canvas, rng, "person", (ground,), 3, 8, rng.integers(1, 3))

    swell = np.float32(0.8 if dunes else 0.25)
    base = lambda x, z: (rolling(x, z) * swell + table(x, z) + _DRY).astype(np.float32)  # noqa: E731
    land = Land(base, [crags, ridges, stones])
    return Scene(float(_DRY + rng.uniform(0.7, 1.3)), rng.uniform(0.42, 0.58), land, covers, None, furnish)


def _track(rng: np.random.Generator, half: float):
    """Return a function (x, z) -> bool, True on a random winding path; `half` is half the path's width in units."""
    return _tracks(rng, half, 0.0)[0]


def _tracks(rng: np.random.Generator, half: float, line_half: float):
    """Draw a random winding path. Return two functions (x, z) -> bool: on the path, and on the line along its middle.

    Args:
        half: Half the width of the path in units.
        line_half: Half the width of the line in units.
    """
    swing, phase, pace = rng.uniform(0.3, 1.6), rng.uniform(0, 6.3), rng.uniform(0.2, 0.4)
    start, lean = rng.uniform(-0.6, 0.6), rng.uniform(-0.2, 0.2)

    def aside(x, z):
        return np.abs(x - start - lean * z - swing * (np.sin(pace * z + phase) - np.sin(phase)))

    return lambda x, z: aside(x, z) < half, lambda x, z: aside(x, z) < line_half


def _line(rng: np.random.Generator, depth: float, count: int):
    """Return `count` points (x, z) on a straight line across the whole picture, for a fence or a wall.

    It is at `depth` units in the middle of the picture and runs at a random angle.
    """
    lean, half = rng.uniform(-0.25, 0.25), depth * 0.85
    return [(x, depth + lean * x) for x in np.linspace(-half, half, count)]
