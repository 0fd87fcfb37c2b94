"""Scenes at the sea: beach, open sea, harbour."""

from __future__ import annotations

import numpy as np

from data_tools.rendering import structures
from data_tools.rendering.composition import (
    Scene,
    bank,
    boulders,
    hills,
    mountain_covers,
    mountain_range,
    mountains,
    plant_some,
    put_some,
    spots,
    undergrowth,
    woods,
)
from data_tools.rendering.ground import Cover, Flora
from data_tools.rendering.noise import Field, cache_last_two, smoothstep
from data_tools.rendering.plants import scatter
from data_tools.rendering.terrain import Land
from data_tools.rendering.things import put_in_sky
from data_tools.rendering.water import LAKES, SEAS, ground_under, water_of


def beach(rng: np.random.Generator, flora: Flora) -> Scene:
    """Plan a random scene: a beach that leads away from the camera.

    On one side is the sea, on the other are hills, rocks or mountains.
    """
    side, width = rng.choice([-1, 1]), rng.uniform(1.0, 3.5)
    offset, turn = rng.uniform(-1.2, 0.6), rng.uniform(-0.25, 0.12)
    bays, ripple = Field(rng, "fbm", 40), Field(rng, "fbm", 8)
    far_land = rng.random() < 0.6
    envelope = mountain_range(rng, rng.uniform(14, 30), rng.uniform(8, 20), rng.uniform(0, 0.8))
    rolling = hills(rng, 6, rng.uniform(0.8, 4))

    @cache_last_two
    def shore(x, z):
        return side * x + offset + turn * z + 5 * bays(x, z) * smoothstep(3, 20, z) + 0.35 * ripple(x, z)

    @cache_last_two
    def inland(x, z):
        return smoothstep(width, width + 5, shore(x, z))

    trees, tree_cover = woods(rng, lambda x, z: (shore(x, z) > width + 0.6) & (z > 6), rng.uniform(0.0, 0.7))
    stones, stone_cover = boulders(
        rng, lambda x, z: np.exp(-(((shore(x, z) - 0.2) / 0.8) ** 2)), rng.choice([0.0, 0.0, 0.4, 0.8])
    )
    peaks = mountains(rng, lambda x, z: envelope(x, z) * inland(x, z) * far_land)
    covers = [
        Cover("grass", "grass", lambda p: p.z < 9),
        Cover("hill", "grass", lambda p: p.z >= 9),
        Cover("sand", "sand", lambda p: shore(p.x, p.z) < width + 0.5 * p.coarse),
        stone_cover,
        *mountain_covers(peaks.amplitude, 1.0, tree_cover),
    ]
    water = water_of("sea", rng.uniform(0.35, 0.8), SEAS[rng.integers(len(SEAS))], foam=0.9)

    def furnish(canvas, rng):
        _sail(canvas, rng, 0.5)
        plant_some(canvas, rng, flora, ("grass", "hill"), 4, 20, rng.integers(0, 14), 0.3)
        if rng.random() < 0.4:
            put_some(canvas, rng, "house", ("grass", "hill"), 6, 20, rng.integers(1, 5))
        if rng.random() < 0.5:
            put_some(canvas, rng, "person", ("sand",), 2, 8, rng.integers(1, 5))
        undergrowth(canvas, rng, ("grass",), 5, 6)

    base = lambda x, z: bank(shore(x, z), 0.14, 0.5) + rolling(x, z) * inland(x, z)  # noqa: E731
    return Scene(
        rng.uniform(0.6, 1.3),
        rng.uniform(0.38, 0.55),
        Land(base, [peaks, trees, stones]),
        [*covers, ground_under(water)],
        water,
        furnish,
    )


def open_sea(rng: np.random.Generator, flora: Flora) -> Scene:
    """Plan a random scene: sea up to the horizon, with islands or a distant coast, rocks in front, and ships."""
    islands, shape = Field(rng, "fbm", rng.uniform(50, 110)), Field(rng, "fbm", 6)
    amount, near_rocks = rng.uniform(-0.25, 0.45), rng.random() < 0.55
    start, tallest = rng.uniform(12, 35), rng.uniform(8, 20)
    corner = rng.choice([-1, 1])

    @cache_last_two
    def island(x, z):
        return (islands(x, z) + amount - 0.3 * (z < start)) * 14 * smoothstep(7, 16, z) - 4 + 0.8 * shape(x, z)

    @cache_last_two
    def ledge(x, z):
        return near_rocks * smoothstep(0.15, 0.6, 0.6 - 0.16 * z + 0.35 * corner * x + 0.4 * shape(x, z)) * (z < 9)

    peaks = mountains(rng, lambda x, z: smoothstep(0.2, 7, island(x, z)) * tallest * (z < 85))
    stones, stone_cover = boulders(rng, ledge, rng.uniform(0.4, 0.9))
    water = water_of("sea", rng.uniform(0.3, 0.9), SEAS[rng.integers(len(SEAS))], foam=0.6)
    high_rail = rng.random() < 0.15

    def furnish(canvas, rng):
        _sail(canvas, rng, 0.8)
        if high_rail:
            structures.railing(canvas, rng, 1.6, canvas.camera.eye - rng.uniform(0.05, 0.25), 0.55)

    land = Land(lambda x, z: np.maximum(bank(island(x, z), 0.2, 0.5), 0.55 * ledge(x, z) - 0.5), [peaks, stones])
    covers = [
        Cover("rock", "stone", None),
        Cover("mountain", "alpine", lambda p: p.z > 8),
        stone_cover,
        ground_under(water),
    ]
    return Scene(rng.uniform(0.7, 1.8), rng.uniform(0.40, 0.60), land, covers, water, furnish)


def harbour(rng: np.random.Generator, flora: Flora) -> Scene:
    """Plan a random scene: a town across the water, hills or mountains behind it, boats in front of it."""
    far, ground = rng.uniform(11, 16), 0.35
    envelope = mountain_range(rng, far + 14, rng.uniform(8, 24), rng.uniform(0, 0.6))
    rolling = hills(rng, far + 4, rng.uniform(1, 4))
    name = rng.choice(["sea", "water", "river"])
    quay = rng.random() < 0.6

    @cache_last_two
    def shore(x, z):
        return z - far

    covers = [
        Cover("hill", "grass", None),
        Cover("land", "steppe", lambda p: p.z < far + 4),
        Cover("wall" if quay else "earth", "stone" if quay else "earth", lambda p: p.z < far + 0.6),
        Cover("mountain", "alpine", lambda p: envelope(p.x, p.z) > 1 + 0.5 * p.coarse),
    ]
    water = water_of(name, rng.uniform(0.08, 0.5), (SEAS if name == "sea" else LAKES)[rng.integers(3)])
    tallest = rng.choice([1.4, 4.5])
    rail = rng.random() < 0.3

    def furnish(canvas, rng):
        if tallest > 2:
            structures.town(canvas, rng, far + 3.0, ground, tallest)
        structures.town(canvas, rng, far + 1.2, ground, 1.4)
        scatter(canvas, rng, "broadleaf", "tree", spots(canvas, rng, ("land",), far, far + 1.2, 12), (0.5, 0.8))
        put_some(canvas, rng, "sailboat", (name,), 5, far, rng.integers(0, 5))
        put_some(canvas, rng, "rowboat", (name,), 3.5, 7, rng.integers(0, 2))
        if rng.random() < 0.25:
            put_in_sky(canvas, rng)
        if rail:
            structures.railing(canvas, rng, 1.7, canvas.camera.eye - 0.15, 0.6)

    base = lambda x, z: np.where(z > far, ground, -0.5).astype(np.float32) + rolling(x, z)  # noqa: E731
    return Scene(
        rng.uniform(0.7, 1.4),
        rng.uniform(0.44, 0.58),
        Land(base, [mountains(rng, envelope)]),
        [*covers, ground_under(water)],
        water,
        furnish,
    )


def _sail(canvas, rng: np.random.Generator, chance: float) -> None:
    if rng.random() < chance * 0.5:
        put_some(canvas, rng, "ship", ("sea",), 30, 80)
    if rng.random() < chance:
        put_some(canvas, rng, "sailboat", ("sea",), 8, 30, rng.integers(1, 4))
