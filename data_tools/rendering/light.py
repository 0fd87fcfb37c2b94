"""Times of day: the colours of sky, sun, haze and clouds, and where the sun stands."""

from __future__ import annotations

from typing import NamedTuple, Tuple

import numpy as np

Color = Tuple[float, float, float]  # sRGB, 0..1


class Light(NamedTuple):
    """All that the painters ask about the weather. Colours are [3, 1] float32, to go with colours of points, [3, N]."""

    zenith: np.ndarray  # sky colour overhead
    horizon: np.ndarray  # sky colour at the horizon
    glow: np.ndarray  # added to the sky around the sun
    sun: np.ndarray  # strength of direct light
    ambient: np.ndarray  # strength of light from all the sky
    haze: np.ndarray  # what distance fades to
    haze_depth: float  # distance at which 63 % of a colour has faded
    cloud_lit: np.ndarray
    cloud_dark: np.ndarray
    cloud_cover: float  # -1 none, 1 closed
    sun_at: Tuple[float, float]  # column as a share of the width, height above the horizon as a share of the height
    direction: np.ndarray  # [3] unit vector to the sun: x right, y up, z away from the camera


class _Weather(NamedTuple):
    share: float  # of all pictures
    zenith: Color
    horizon: Color
    glow: Color
    sun: Color
    ambient: Color
    cloud_lit: Color
    cloud_dark: Color
    cover: Tuple[float, float]
    haze_depth: Tuple[float, float]
    sun_height: Tuple[float, float]
    in_front: bool  # the sun stands before the camera, and slopes are seen from their dark side


_WEATHERS = {
    "day": _Weather(0.40, (.20, .43, .76), (.70, .84, .95), (.10, .09, .06), (.92, .86, .74), (.36, .42, .50),
                    (.99, .99, .98), (.72, .77, .84), (-0.5, 0.35), (45, 110), (.75, .95), False),
    "hazy": _Weather(0.14, (.42, .58, .74), (.86, .89, .90), (.16, .14, .10), (.74, .70, .62), (.46, .49, .53),
                     (.97, .97, .96), (.80, .83, .86), (-0.4, 0.3), (34, 60), (.55, .9), False),
    "overcast": _Weather(0.16, (.56, .61, .67), (.82, .85, .87), (.04, .04, .04), (.26, .26, .26), (.62, .65, .68),
                         (.90, .91, .92), (.56, .60, .65), (0.3, 0.8), (28, 60), (.6, .9), False),
    "golden": _Weather(0.12, (.30, .45, .68), (.97, .84, .64), (.34, .24, .08), (1.0, .76, .46), (.34, .36, .44),
                       (1.0, .90, .74), (.66, .62, .66), (-0.3, 0.4), (40, 80), (.16, .34), False),
    "dusk": _Weather(0.10, (.19, .24, .46), (.97, .62, .38), (.62, .36, .10), (.62, .38, .26), (.30, .29, .40),
                     (1.0, .66, .44), (.40, .33, .46), (-0.2, 0.5), (30, 60), (.03, .14), True),
    "dawn": _Weather(0.08, (.40, .48, .70), (.97, .78, .74), (.46, .30, .20), (.66, .52, .46), (.42, .42, .52),
                     (1.0, .84, .80), (.60, .56, .68), (-0.3, 0.4), (32, 60), (.05, .16), True),
}


def choose_light(rng: np.random.Generator) -> Light:
    """A random time of day, no two quite alike."""
    shares = np.array([w.share for w in _WEATHERS.values()])
    weather = list(_WEATHERS.values())[rng.choice(len(shares), p=shares / shares.sum())]
    horizon = _varied(rng, weather.horizon, 0.03)
    side = float(rng.choice([-1, 1]))
    elevation = rng.uniform(*weather.sun_height)
    toward = 0.55 if weather.in_front else -0.45
    direction = np.array([side * rng.uniform(0.5, 0.8), 0.35 + 0.5 * elevation, toward])
    return Light(
        zenith=_varied(rng, weather.zenith, 0.04), horizon=horizon, glow=_varied(rng, weather.glow, 0.02),
        sun=_varied(rng, weather.sun, 0.03), ambient=_varied(rng, weather.ambient, 0.02),
        haze=horizon * 0.9 + np.float32([[.02], [.05], [.10]]), haze_depth=rng.uniform(*weather.haze_depth),
        cloud_lit=_varied(rng, weather.cloud_lit, 0.01), cloud_dark=_varied(rng, weather.cloud_dark, 0.03),
        cloud_cover=rng.uniform(*weather.cover), sun_at=(0.5 + side * rng.uniform(0.05, 0.4), elevation),
        direction=np.float32(direction / np.linalg.norm(direction)))


def _varied(rng: np.random.Generator, color: Color, spread: float) -> np.ndarray:
    varied = np.array(color) * (1 + rng.uniform(-1, 1) * spread) + rng.uniform(-0.5, 0.5, 3) * spread
    return varied.astype(np.float32)[:, None]
