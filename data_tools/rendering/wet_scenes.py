"""Scenes with water: lake, beach, open sea, river, waterfall, town on the water."""

from __future__ import annotations

import numpy as np

from data_tools.rendering import structures
from data_tools.rendering.composition import (Scene, bank, boulders, hills, mountain_covers, mountain_range,
                                              mountains, plant_some, put_some, spots, undergrowth, woods)
from data_tools.rendering.ground import Cover, Flora
from data_tools.rendering.noise import Field, remembered, smoothstep
from data_tools.rendering.plants import scatter
from data_tools.rendering.terrain import Land
from data_tools.rendering.things import put_in_sky
from data_tools.rendering.water import Water

_LAKES = (((.10, .30, .34), (.34, .46, .38)), ((.07, .22, .32), (.28, .40, .38)), ((.08, .42, .46), (.40, .66, .60)),
          ((.12, .20, .20), (.32, .32, .24)))  # deep and shallow colour
_SEAS = (((.05, .25, .42), (.32, .62, .64)), ((.04, .34, .48), (.40, .74, .70)), ((.10, .22, .32), (.40, .50, .50)))


def lake(rng: np.random.Generator, flora: Flora) -> Scene:
    """A lake under mountains, with woods on its far shore and sometimes a bank in front, a pier, boats."""
    far, near = rng.uniform(7, 20), rng.choice([0.0, rng.uniform(2.2, 3.6)])
    eye = rng.uniform(0.5, 1.0)
    shape, ripple = Field(rng, "fbm", 26), Field(rng, "fbm", 5)
    envelope = mountain_range(rng, far + 2, rng.uniform(13, 28), rng.uniform(0, 0.8))

    @remembered
    def shore(x, z):
        beyond = z - far - 5 * shape(x, z) - 0.4 * ripple(x, z)
        before = near + 0.9 * ripple(x, z) + 0.25 * x * (near > 0) - z
        return np.maximum(beyond, before if near else -1.0)

    trees, tree_cover = woods(rng, lambda x, z: (shore(x, z) > 0.7) & (z > 6) & (envelope(x, z) < 7),
                              rng.uniform(0.3, 1.0))
    stones, stone_cover = boulders(rng, lambda x, z: np.exp(-(shore(x, z) / 0.5) ** 2) * (z < 6),
                                   rng.uniform(0.15, 0.4))
    edge = rng.choice(["sand", "rock", "grass"])
    covers = [Cover("grass", "grass", None),
              Cover(edge, {"sand": "sand", "rock": "stone", "grass": "grass"}[edge], lambda p: shore(p.x, p.z) < 0.35),
              stone_cover, *mountain_covers(envelope, 1.2, tree_cover)]
    calm = rng.random() < 0.6
    water = _water("lake" if calm and rng.random() < 0.4 else "water", 0.04 if calm else rng.uniform(0.15, 0.4),
                   _LAKES[rng.integers(len(_LAKES))])
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
    return Scene(eye, rng.uniform(0.54, 0.72), land, covers + [_under(water)], water, furnish)


def beach(rng: np.random.Generator, flora: Flora) -> Scene:
    """A beach that runs away from the camera, the sea on one side, hills, rocks or mountains on the other."""
    side, width = rng.choice([-1, 1]), rng.uniform(1.0, 3.5)
    offset, turn = rng.uniform(-1.2, 0.6), rng.uniform(-0.25, 0.12)
    bays, ripple = Field(rng, "fbm", 40), Field(rng, "fbm", 8)
    far_land = rng.random() < 0.6
    envelope = mountain_range(rng, rng.uniform(14, 30), rng.uniform(8, 20), rng.uniform(0, 0.8))
    rolling = hills(rng, 6, rng.uniform(0.8, 4))

    @remembered
    def shore(x, z):
        return side * x + offset + turn * z + 5 * bays(x, z) * smoothstep(3, 20, z) + 0.35 * ripple(x, z)

    @remembered
    def inland(x, z):
        return smoothstep(width, width + 5, shore(x, z))

    trees, tree_cover = woods(rng, lambda x, z: (shore(x, z) > width + 0.6) & (z > 6), rng.uniform(0.0, 0.7))
    stones, stone_cover = boulders(rng, lambda x, z: np.exp(-((shore(x, z) - 0.2) / 0.8) ** 2),
                                   rng.choice([0.0, 0.0, 0.4, 0.8]))
    peaks = mountains(rng, lambda x, z: envelope(x, z) * inland(x, z) * far_land)
    covers = [Cover("grass", "grass", lambda p: p.z < 9), Cover("hill", "grass", lambda p: p.z >= 9),
              Cover("sand", "sand", lambda p: shore(p.x, p.z) < width + 0.5 * p.coarse),
              stone_cover, *mountain_covers(peaks.amplitude, 1.0, tree_cover)]
    water = _water("sea", rng.uniform(0.35, 0.8), _SEAS[rng.integers(len(_SEAS))], foam=0.9)

    def furnish(canvas, rng):
        _sail(canvas, rng, 0.5)
        plant_some(canvas, rng, flora, ("grass", "hill"), 4, 20, rng.integers(0, 14), 0.3)
        if rng.random() < 0.4:
            put_some(canvas, rng, "house", ("grass", "hill"), 6, 20, rng.integers(1, 5))
        if rng.random() < 0.5:
            put_some(canvas, rng, "person", ("sand",), 2, 8, rng.integers(1, 5))
        undergrowth(canvas, rng, ("grass",), 5, 6)

    base = lambda x, z: bank(shore(x, z), 0.14, 0.5) + rolling(x, z) * inland(x, z)  # noqa: E731
    return Scene(rng.uniform(0.6, 1.3), rng.uniform(0.38, 0.55), Land(base, [peaks, trees, stones]),
                 covers + [_under(water)], water, furnish)


def open_sea(rng: np.random.Generator, flora: Flora) -> Scene:
    """Sea to the horizon, with islands or a far coast, rocks in front, ships."""
    islands, shape = Field(rng, "fbm", rng.uniform(50, 110)), Field(rng, "fbm", 6)
    amount, near_rocks = rng.uniform(-0.25, 0.45), rng.random() < 0.55
    start, tallest = rng.uniform(12, 35), rng.uniform(8, 20)
    corner = rng.choice([-1, 1])

    @remembered
    def island(x, z):
        return (islands(x, z) + amount - 0.3 * (z < start)) * 14 * smoothstep(7, 16, z) - 4 + 0.8 * shape(x, z)

    @remembered
    def ledge(x, z):
        return near_rocks * smoothstep(0.15, 0.6, 0.6 - 0.16 * z + 0.35 * corner * x + 0.4 * shape(x, z)) * (z < 9)

    peaks = mountains(rng, lambda x, z: smoothstep(0.2, 7, island(x, z)) * tallest * (z < 85))
    stones, stone_cover = boulders(rng, ledge, rng.uniform(0.4, 0.9))
    water = _water("sea", rng.uniform(0.3, 0.9), _SEAS[rng.integers(len(_SEAS))], foam=0.6)
    high_rail = rng.random() < 0.15

    def furnish(canvas, rng):
        _sail(canvas, rng, 0.8)
        if high_rail:
            structures.railing(canvas, rng, 1.6, canvas.camera.eye - rng.uniform(0.05, 0.25), 0.55)

    land = Land(lambda x, z: np.maximum(bank(island(x, z), 0.2, 0.5), 0.55 * ledge(x, z) - 0.5), [peaks, stones])
    covers = [Cover("rock", "stone", None), Cover("mountain", "alpine", lambda p: p.z > 8), stone_cover, _under(water)]
    return Scene(rng.uniform(0.7, 1.8), rng.uniform(0.40, 0.60), land, covers, water, furnish)


def river(rng: np.random.Generator, flora: Flora) -> Scene:
    """A river that winds up a valley, with meadows, woods, mountains, sometimes a bridge."""
    swing, phase, pace = rng.uniform(0.8, 2.2), rng.uniform(0, 6.3), rng.uniform(0.18, 0.32)
    half, lean = rng.uniform(0.8, 1.5), rng.uniform(-0.12, 0.12)
    ripple = Field(rng, "fbm", 6)
    envelope = mountain_range(rng, 18, rng.uniform(12, 26), rng.uniform(0.3, 0.9))

    def center(z):
        return swing * np.sin(pace * z + phase) * smoothstep(0, 8, z) + lean * z

    @remembered
    def shore(x, z):
        return np.abs(x - center(z)) - half - 0.5 * ripple(x, z)

    trees, tree_cover = woods(rng, lambda x, z: (shore(x, z) > 0.8) & (z > 7) & (envelope(x, z) < 7),
                              rng.uniform(0.3, 0.8))
    stones, stone_cover = boulders(rng, lambda x, z: np.exp(-(shore(x, z) / 0.35) ** 2), rng.choice([0.0, 0.25, 0.35]))
    margin = rng.choice(["earth", "sand", "grass"])
    covers = [Cover("grass", "grass", None), Cover("field", "furrows", lambda p: (shore(p.x, p.z) > 3.5) & (p.z > 6)),
              Cover(margin, margin, lambda p: shore(p.x, p.z) < 0.25),
              stone_cover, *mountain_covers(envelope, 1.5, tree_cover)]
    water = _water("river", rng.uniform(0.05, 0.3), _LAKES[rng.integers(len(_LAKES))])
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
    return Scene(rng.uniform(0.9, 1.6), rng.uniform(0.40, 0.56), land, covers + [_under(water)], water, furnish)


def waterfall(rng: np.random.Generator, flora: Flora) -> Scene:
    """A cliff with a fall, boulders and a pool before it, woods above."""
    edge, tall = rng.uniform(7, 11), rng.uniform(3.0, 5.5)
    middle, half = rng.uniform(-1.6, 1.6), rng.uniform(0.35, 0.9)
    shape, ripple = Field(rng, "fbm", 9), Field(rng, "fbm", 4)
    pool = rng.uniform(2.2, 4.2)

    @remembered
    def behind(x, z):
        return z - edge - 1.6 * shape(x, z) * np.minimum(np.abs(x - middle), 1)

    @remembered
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
    stones, stone_cover = boulders(rng, lambda x, z: np.exp(-((shore(x, z) - 0.35) / 0.4) ** 2) * (behind(x, z) < 0),
                                   0.45)
    crags, _ = boulders(rng, lambda x, z: smoothstep(-0.2, 0.3, behind(x, z)) * (behind(x, z) < 1.6)
                        * (np.abs(x - middle) > half), 0.5)
    covers = [Cover("rock", "stone", None), Cover("grass", "grass", lambda p: (shore(p.x, p.z) > 1.1) & (p.height < 1)),
              stone_cover, Cover("rock", "stone", lambda p: behind(p.x, p.z) > -0.2), tree_cover]
    water = _water("water", 0.25, _LAKES[rng.integers(len(_LAKES))], foam=0.5)

    def furnish(canvas, rng):
        plant_some(canvas, rng, flora, ("grass",), 3, edge, rng.integers(0, 8), 0.5)
        undergrowth(canvas, rng, ("grass", "rock"), 5, 6)

    return Scene(rng.uniform(0.9, 1.4), rng.uniform(0.44, 0.56), Land(base, [trees, stones, crags]),
                 covers + [_under(water), Cover("waterfall", "falls", falling)], water, furnish)


def harbour(rng: np.random.Generator, flora: Flora) -> Scene:
    """A town across the water, hills or mountains behind it, boats before it."""
    far, ground = rng.uniform(11, 16), 0.35
    envelope = mountain_range(rng, far + 14, rng.uniform(8, 24), rng.uniform(0, 0.6))
    rolling = hills(rng, far + 4, rng.uniform(1, 4))
    name = rng.choice(["sea", "water", "river"])
    quay = rng.random() < 0.6

    @remembered
    def shore(x, z):
        return z - far

    covers = [Cover("hill", "grass", None), Cover("land", "steppe", lambda p: p.z < far + 4),
              Cover("wall" if quay else "earth", "stone" if quay else "earth", lambda p: p.z < far + 0.6),
              Cover("mountain", "alpine", lambda p: envelope(p.x, p.z) > 1 + 0.5 * p.coarse)]
    water = _water(name, rng.uniform(0.08, 0.5), (_SEAS if name == "sea" else _LAKES)[rng.integers(3)])
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
    return Scene(rng.uniform(0.7, 1.4), rng.uniform(0.44, 0.58), Land(base, [mountains(rng, envelope)]),
                 covers + [_under(water)], water, furnish)


def _water(name: str, chop: float, colors, foam: float = 0.0) -> Water:
    return Water(name, chop, np.float32(colors[0])[:, None], np.float32(colors[1])[:, None], foam)


def _under(water: Water) -> Cover:
    return Cover(water.name, "earth", lambda p: p.height < 0)  # painted over by `paint_water`


def _sail(canvas, rng: np.random.Generator, chance: float) -> None:
    if rng.random() < chance * 0.5:
        put_some(canvas, rng, "ship", ("sea",), 30, 80)
    if rng.random() < chance:
        put_some(canvas, rng, "sailboat", ("sea",), 8, 30, rng.integers(1, 4))
