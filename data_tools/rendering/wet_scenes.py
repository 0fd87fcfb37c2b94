"""Scenes with fresh water: lake, river, waterfall."""

from __future__ import annotations

import numpy as np

from data_tools.rendering import structures
from data_tools.rendering.composition import (
    Scene,
    bank,
    boulders,
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
from data_tools.rendering.water import LAKES, ground_under, water_of


def lake(rng: np.random.Generator, flora: Flora) -> Scene:
    """Plan a random scene: a lake below mountains, woods on the far shore, sometimes a bank in front, a pier, boats."""
    far, near = rng.uniform(7, 20), rng.choice([0.0, rng.uniform(2.2, 3.6)])
    eye = rng.uniform(0.5, 1.0)
    shape, ripple = Field(rng, "fbm", 26), Field(rng, "fbm", 5)
    envelope = mountain_range(rng, far + 2, rng.uniform(13, 28), rng.uniform(0, 0.8))

    @cache_last_two
    def shore(x, z):
        beyond = z - far - 5 * shape(x, z) - 0.4 * ripple(x, z)
        before = near + 0.9 * ripple(x, z) + 0.25 * x * (near > 0) - z
        return np.maximum(beyond, before if near else -1.0)

    trees, tree_cover = woods(
        rng, lambda x, z: (shore(x, z) > 0.7) & (z > 6) & (envelope(x, z) < 7), rng.uniform(0.3, 1.0)
    )
    stones, stone_cover = boulders(
        rng, lambda x, z: np.exp(-((shore(x, z) / 0.5) ** 2)) * (z < 6), rng.uniform(0.15, 0.4)
    )
    edge = rng.choice(["sand", "rock", "grass"])
    covers = [
        Cover("grass", "grass", None),
        Cover(edge, {"sand": "sand", "rock": "stone", "grass": "grass"}[edge], lambda p: shore(p.x, p.z) < 0.35),
        stone_cover,
        *mountain_covers(envelope, 1.2, tree_cover),
    ]
    calm = rng.random() < 0.6
    water = water_of(
        "lake" if calm and rng.random() < 0.4 else "water",
        0.04 if calm else rng.uniform(0.15, 0.4),
        LAKES[rng.integers(len(LAKES))],
    )
    has_pier = not near and rng.random() < 0.45

    def furnish(canvas, rng):
        plant_some(canvas, rng, flora, ("grass",), 5, far + 8, rng.integers(0, 30), 0.7)
        if rng.random() < 0.3:
            put_some(canvas, rng, "house", ("grass",), 5, far + 8, rng.integers(1, 4))
        if has_pier:
            x = rng.uniform(-0.8, 0.8)
            structures.pier(canvas, rng, (x, 0.8), (x * 1.4 + rng.uniform(-0.5, 0.5), rng.uniform(3.5, 5.5)))
        if rng.random() < 0.4:
            put_some(canvas, rng, rng.choice(["rowboat", "sailboat"]), (water.name,), 3.5, far, rng.integers(1, 3))
        plant_some(canvas, rng, flora, ("grass",), 1.5, 4.5, rng.integers(0, 3), 0.7)
        undergrowth(canvas, rng, ("grass",), 4, 8)

    land = Land(lambda x, z: bank(shore(x, z), 0.22, 0.7), [mountains(rng, envelope), trees, stones])
    return Scene(eye, rng.uniform(0.54, 0.72), land, [*covers, ground_under(water)], water, furnish)


def river(rng: np.random.Generator, flora: Flora) -> Scene:
    """Plan a random scene: a winding river in a valley, with meadows, woods, mountains, sometimes a bridge."""
    swing, phase, pace = rng.uniform(0.8, 2.2), rng.uniform(0, 6.3), rng.uniform(0.18, 0.32)
    half, lean = rng.uniform(0.8, 1.5), rng.uniform(-0.12, 0.12)
    ripple = Field(rng, "fbm", 6)
    envelope = mountain_range(rng, 18, rng.uniform(12, 26), rng.uniform(0.3, 0.9))

    def center(z):
        return swing * np.sin(pace * z + phase) * smoothstep(0, 8, z) + lean * z

    @cache_last_two
    def shore(x, z):
        return np.abs(x - center(z)) - half - 0.5 * ripple(x, z)

    trees, tree_cover = woods(
        rng, lambda x, z: (shore(x, z) > 0.8) & (z > 7) & (envelope(x, z) < 7), rng.uniform(0.3, 0.8)
    )
    stones, stone_cover = boulders(
        rng, lambda x, z: np.exp(-((shore(x, z) / 0.35) ** 2)), rng.choice([0.0, 0.25, 0.35])
    )
    margin = rng.choice(["earth", "sand", "grass"])
    covers = [
        Cover("grass", "grass", None),
        Cover("field", "furrows", lambda p: (shore(p.x, p.z) > 3.5) & (p.z > 6)),
        Cover(margin, margin, lambda p: shore(p.x, p.z) < 0.25),
        stone_cover,
        *mountain_covers(envelope, 1.5, tree_cover),
    ]
    water = water_of("river", rng.uniform(0.05, 0.3), LAKES[rng.integers(len(LAKES))])
    span_at = rng.uniform(7, 11) if rng.random() < 0.5 else None

    def furnish(canvas, rng):
        plant_some(canvas, rng, flora, ("grass",), 6, 30, rng.integers(4, 30), 0.4)
        if span_at:
            middle = float(center(np.float32(span_at)))
            structures.bridge(canvas, rng, span_at, middle - half - 0.9, middle + half + 0.9, rng.uniform(0.75, 1.0))
        if rng.random() < 0.3:
            put_some(canvas, rng, "rowboat", ("river",), 3, 7)
        plant_some(canvas, rng, flora, ("grass",), 2.5, 6, rng.integers(0, 5), 0.4)
        undergrowth(canvas, rng, ("grass",), 5, 12)

    land = Land(lambda x, z: bank(shore(x, z), 0.3, 0.45), [mountains(rng, envelope), trees, stones])
    return Scene(rng.uniform(0.9, 1.6), rng.uniform(0.40, 0.56), land, [*covers, ground_under(water)], water, furnish)


def waterfall(rng: np.random.Generator, flora: Flora) -> Scene:
    """Plan a random scene: a cliff with a waterfall, boulders and a pool in front of it, woods above."""
    edge, tall = rng.uniform(7, 11), rng.uniform(3.0, 5.5)
    middle, half = rng.uniform(-1.6, 1.6), rng.uniform(0.35, 0.9)
    shape, ripple = Field(rng, "fbm", 9), Field(rng, "fbm", 4)
    pool = rng.uniform(2.2, 4.2)

    @cache_last_two
    def behind(x, z):
        return z - edge - 1.6 * shape(x, z) * np.minimum(np.abs(x - middle), 1)

    @cache_last_two
    def shore(x, z):
        basin = np.hypot((x - middle * 0.6) / pool, (z - edge * 0.5) / (edge * 0.56)) - 1
        return np.maximum(basin + 0.3 * ripple(x, z), behind(x, z) + 0.15)

    def falling(p):
        spread = half * (1.25 - 0.25 * p.height / tall) + 0.18 * ripple(p.x, p.height * 0.5)
        return (np.abs(p.x - middle) < spread) & (behind(p.x, p.z) > -0.3) & (behind(p.x, p.z) < 1.2)

    def base(x, z):
        step = tall * smoothstep(0.0, 1.3, behind(x, z)) + 0.25 * np.maximum(behind(x, z) - 1.3, 0)
        return bank(shore(x, z), 0.35, 0.5) + np.minimum(step, tall * 2.2).astype(np.float32)

    trees, tree_cover = woods(rng, lambda x, z: behind(x, z) > 1.8 + 0.8 * (np.abs(x - middle) < half + 0.4), 0.9, 1.1)
    stones, stone_cover = boulders(
        rng, lambda x, z: np.exp(-(((shore(x, z) - 0.35) / 0.4) ** 2)) * (behind(x, z) < 0), 0.45
    )
    crags, _ = boulders(
        rng, lambda x, z: smoothstep(-0.2, 0.3, behind(x, z)) * (behind(x, z) < 1.6) * (np.abs(x - middle) > half), 0.5
    )
    covers = [
        Cover("rock", "stone", None),
        Cover("grass", "grass", lambda p: (shore(p.x, p.z) > 1.1) & (p.height < 1)),
        stone_cover,
        Cover("rock", "stone", lambda p: behind(p.x, p.z) > -0.2),
        tree_cover,
    ]
    water = water_of("water", 0.25, LAKES[rng.integers(len(LAKES))], foam=0.5)

    def furnish(canvas, rng):
        plant_some(canvas, rng, flora, ("grass",), 3, edge, rng.integers(0, 8), 0.5)
        undergrowth(canvas, rng, ("grass", "rock"), 5, 6)

    return Scene(
        rng.uniform(0.9, 1.4),
        rng.uniform(0.44, 0.56),
        Land(base, [trees, stones, crags]),
        [*covers, ground_under(water), Cover("waterfall", "falls", falling)],
        water,
        furnish,
    )
