"""Light and weather: the colours of sky, sun, haze and clouds, and the position of the sun."""

from __future__ import annotations

from typing import NamedTuple, Tuple

import numpy as np

Color = Tuple[float, float, float]  # sRGB, 0..1


class Light(NamedTuple):
    """Light and weather of one picture. Colours are [3, 1] float32, which broadcasts with colours of points [3, N]."""

    zenith: np.ndarray  # sky colour overhead
    horizon: np.ndarray  # sky colour at the horizon
    glow: np.ndarray  # added to the sky around the sun
    sun: np.ndarray  # strength of direct light
    ambient: np.ndarray  # strength of the light of the sky
    haze: np.ndarray  # colour of very distant things
    haze_depth: float  # distance in units at which 63 % of a colour is replaced by haze
    cloud_lit: np.ndarray
    cloud_dark: np.ndarray
    cloud_cover: float  # -1 no clouds, 1 closed
    sun_at: Tuple[float, float]  # column as a share of the width, height above the horizon as a share of the height
    direction: np.ndarray  # [3] unit vector to the sun: x right, y up, z away from the camera


class _Weather(NamedTuple):
    """Ranges and colours of one kind of weather, from which the light of a picture is drawn."""

    share: float  # share of all pictures
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
    in_front: bool  # the sun is in front of the camera, which sees the dark side of slopes


_WEATHERS = {
    "day": _Weather(
        0.40,
        (0.20, 0.43, 0.76),
        (0.70, 0.84, 0.95),
        (0.10, 0.09, 0.06),
        (0.92, 0.86, 0.74),
        (0.36, 0.42, 0.50),
        (0.99, 0.99, 0.98),
        (0.72, 0.77, 0.84),
        (-0.5, 0.35),
        (45, 110),
        (0.75, 0.95),
        False,
    ),
    "hazy": _Weather(
        0.14,
        (0.42, 0.58, 0.74),
        (0.86, 0.89, 0.90),
        (0.16, 0.14, 0.10),
        (0.74, 0.70, 0.62),
        (0.46, 0.49, 0.53),
        (0.97, 0.97, 0.96),
        (0.80, 0.83, 0.86),
        (-0.4, 0.3),
        (34, 60),
        (0.55, 0.9),
        False,
    ),
    "overcast": _Weather(
        0.16,
        (0.56, 0.61, 0.67),
        (0.82, 0.85, 0.87),
        (0.04, 0.04, 0.04),
        (0.26, 0.26, 0.26),
        (0.62, 0.65, 0.68),
        (0.90, 0.91, 0.92),
        (0.56, 0.60, 0.65),
        (0.3, 0.8),
        (28, 60),
        (0.6, 0.9),
        False,
    ),
    "golden": _Weather(
        0.12,
        (0.30, 0.45, 0.68),
        (0.97, 0.84, 0.64),
        (0.34, 0.24, 0.08),
        (1.0, 0.76, 0.46),
        (0.34, 0.36, 0.44),
        (1.0, 0.90, 0.74),
        (0.66, 0.62, 0.66),
        (-0.3, 0.4),
        (40, 80),
        (0.16, 0.34),
        False,
    ),
    "dusk": _Weather(
        0.10,
        (0.19, 0.24, 0.46),
        (0.97, 0.62, 0.38),
        (0.62, 0.36, 0.10),
        (0.62, 0.38, 0.26),
        (0.30, 0.29, 0.40),
        (1.0, 0.66, 0.44),
        (0.40, 0.33, 0.46),
        (-0.2, 0.5),
        (30, 60),
        (0.03, 0.14),
        True,
    ),
    "dawn": _Weather(
        0.08,
        (0.40, 0.48, 0.70),
        (0.97, 0.78, 0.74),
        (0.46, 0.30, 0.20),
        (0.66, 0.52, 0.46),
        (0.42, 0.42, 0.52),
        (1.0, 0.84, 0.80),
        (0.60, 0.56, 0.68),
        (-0.3, 0.4),
        (32, 60),
        (0.05, 0.16),
        True,
    ),
}


def choose_light(rng: np.random.Generator) -> Light:
    """Choose a time of day and a weather at random, vary the colours, and return the light."""
    shares = np.array([w.share for w in _WEATHERS.values()])
    weather = list(_WEATHERS.values())[rng.choice(len(shares), p=shares / shares.sum())]
    horizon = _vary(rng, weather.horizon, 0.03)
    side = float(rng.choice([-1, 1]))
    elevation = rng.uniform(*weather.sun_height)
    toward = 0.55 if weather.in_front else -0.45
    direction = np.array([side * rng.uniform(0.5, 0.8), 0.35 + 0.5 * elevation, toward])
    return Light(
        zenith=_vary(rng, weather.zenith, 0.04),
        horizon=horizon,
        glow=_vary(rng, weather.glow, 0.02),
        sun=_vary(rng, weather.sun, 0.03),
        ambient=_vary(rng, weather.ambient, 0.02),
        haze=horizon * 0.9 + np.array([[0.02], [0.05], [0.10]], np.float32),
        haze_depth=rng.uniform(*weather.haze_depth),
        cloud_lit=_vary(rng, weather.cloud_lit, 0.01),
        cloud_dark=_vary(rng, weather.cloud_dark, 0.03),
        cloud_cover=rng.uniform(*weather.cover),
        sun_at=(0.5 + side * rng.uniform(0.05, 0.4), elevation),
        direction=(direction / np.linalg.norm(direction)).astype(np.float32),
    )


def _vary(rng: np.random.Generator, color: Color, spread: float) -> np.ndarray:
    varied = np.array(color) * (1 + rng.uniform(-1, 1) * spread) + rng.uniform(-0.5, 0.5, 3) * spread
    return varied.astype(np.float32)[:, None]
