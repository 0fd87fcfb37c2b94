"""Change a photo to another weather: new sky, other light and season, and the colours of another photo."""

from __future__ import annotations

from typing import Dict, NamedTuple, Tuple

import numpy as np

from data_tools.planting.fields import WATER_IDS, blurred_field, smooth_noise
from data_tools.sets.classes import CLASS_IDS
from data_tools.sets.image_io import resize_label

_TO_CONES = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]], np.float32)
_TO_OPPONENTS = np.diag([3**-0.5, 6**-0.5, 2**-0.5]) @ [[1, 1, 1], [1, 1, -2], [1, -1, 0]]
_GREENS = [CLASS_IDS[name] for name in ("tree", "grass", "plant", "field", "hill", "mountain", "land")]


class Weather(NamedTuple):
    """A weather. Colours are tones 0..1. `light` multiplies the ground, `turn` rotates the hue of green classes
    (degrees), and `clouds`, `fog` and `snow` are shares 0..1.
    """

    zenith: Tuple[float, float, float]
    horizon: Tuple[float, float, float]
    clouds: float
    light: Tuple[float, float, float]
    saturation: float
    turn: float = 0.0
    fog: float = 0.0
    snow: float = 0.0


# Chosen by eye, so that any two of them look clearly different.
WEATHERS: Dict[str, Weather] = {
    "sun": Weather((0.20, 0.45, 0.85), (0.75, 0.87, 0.97), 0.3, (1.15, 1.07, 0.95), 1.2),
    "overcast": Weather((0.60, 0.63, 0.67), (0.80, 0.81, 0.83), 0.9, (0.72, 0.75, 0.80), 0.5),
    "fog": Weather((0.78, 0.79, 0.80), (0.85, 0.85, 0.85), 0.1, (0.85, 0.86, 0.88), 0.4, fog=0.75),
    "dusk": Weather((0.20, 0.22, 0.42), (0.98, 0.62, 0.36), 0.4, (0.50, 0.37, 0.40), 0.9),
    "autumn": Weather((0.42, 0.60, 0.85), (0.85, 0.90, 0.93), 0.5, (1.10, 1.00, 0.80), 1.3, turn=-40),
    "snow": Weather((0.64, 0.72, 0.84), (0.86, 0.89, 0.93), 0.6, (0.92, 0.98, 1.06), 0.5, snow=0.8),
}


def in_weather(
    photo: np.ndarray, label: np.ndarray, donor: np.ndarray, weather: Weather, rng: np.random.Generator
) -> np.ndarray:
    """Return the photo in the given weather, with the colours of the photo `donor`.

    Args:
        label: Label map of the photo, of any size. It gives the sky, the green classes and the water (without snow).

    Shapes:
        photo [H, W, 3], label [h, w], donor [any, any, 3] -> [H, W, 3], all uint8
    """
    height, width = photo.shape[:2]
    label = resize_label(label, width, height)
    is_sky = blurred_field(label == CLASS_IDS["sky"], sigma=width / 512)[..., None]  # [H, W, 1]
    turning = blurred_field(np.isin(label, _GREENS), sigma=width / 256)[..., None]
    ground = _light(_transfer_colours(photo, donor), turning, weather, rng)
    snow = blurred_field(~np.isin(label, WATER_IDS), sigma=width / 256) * weather.snow
    ground = _add_snow(ground, snow, rng)
    # Distant things are mostly in the upper part of the picture.
    haze = weather.fog * np.linspace(1.0, 0.4, height, dtype=np.float32)[:, None, None]
    ground = ground * (1 - haze) + np.array(weather.horizon, np.float32) * haze
    tones = ground * (1 - is_sky) + _sky(weather, rng, height, width) * is_sky
    return np.rint(np.clip(tones, 0, 1) * 255).astype(np.uint8)


def _light(tones: np.ndarray, turning: np.ndarray, weather: Weather, rng: np.random.Generator) -> np.ndarray:
    """Apply the light of a weather and the shadows of clouds to tones [H, W, 3], and rotate hues.

    Args:
        turning: [H, W, 1], share 0..1 of the weather's hue rotation at each pixel.
    """
    height, width = tones.shape[:2]
    grey = tones.mean(-1, keepdims=True)
    chroma = tones - grey
    chroma += turning * (chroma @ _hue_rotation(np.radians(weather.turn)).T - chroma)
    tones = grey + weather.saturation * chroma
    shadows = np.exp(0.2 * weather.clouds * smooth_noise(rng, height, width, cells=5))[..., None]
    return np.clip(tones * shadows * np.array(weather.light, np.float32), 0, 1) ** rng.uniform(0.8, 1.25)


def _add_snow(tones: np.ndarray, snow: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mix snow into tones [H, W, 3], except on random bare patches. Dark parts get less snow.

    Args:
        snow: [H, W], share of snow 0..1 at each pixel.
    """
    height, width = snow.shape
    patches = sum(smooth_noise(rng, height, width, cells=6 * 3**i) * 0.6**i for i in range(4))
    cover = snow * np.clip(0.7 + 0.4 * patches, 0, 1) * np.clip(tones.mean(-1) * 4, 0.2, 1)
    white = np.array([0.90, 0.93, 0.98], np.float32) * (0.7 + 0.3 * tones.mean(-1, keepdims=True))
    return tones * (1 - cover[..., None]) + white * cover[..., None]


def _sky(weather: Weather, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return a sky: a gradient from the colour of the zenith to that of the horizon, with clouds, [height, width, 3].

    Values are tones 0..1.
    """
    down = np.linspace(0, 1.3, height, dtype=np.float32).clip(0, 1)[:, None, None]
    zenith, horizon = np.array(weather.zenith, np.float32), np.array(weather.horizon, np.float32)
    clear = zenith * (1 - down) + horizon * down
    billows = sum(smooth_noise(rng, 3 * height, width, cells=6 * 2**i)[::3] * 0.55**i for i in range(5))  # flattened
    cover = np.clip((billows - np.quantile(billows, 1 - weather.clouds)) * 0.8, 0, 1)[..., None]
    shade = np.clip(0.85 + 0.08 * billows, 0.6, 1.0)[..., None]
    return clear * (1 - cover) + (0.4 + 0.6 * horizon) * shade * cover


def _hue_rotation(angle: float) -> np.ndarray:
    """Return the matrix [3, 3] that rotates RGB colours about the grey axis by an angle in radians."""
    axis = np.full(3, 3**-0.5)
    cross = np.cross(np.eye(3), axis)
    return (np.cos(angle) * np.eye(3) - np.sin(angle) * cross + (1 - np.cos(angle)) * np.outer(axis, axis)).T


def _transfer_colours(photo: np.ndarray, donor: np.ndarray) -> np.ndarray:
    """Return the photo with the colours of another photo, `donor`: mean and deviation of its channels, as tones 0..1.

    Source: Reinhard et al., Color Transfer between Images (2001), in l-alpha-beta for each channel.
        Differs: a channel is scaled by 0.6..1.6 at most, so that noise is not amplified; the means move 60 % of the
        way only, so that a sea does not get the colours of a meadow.
    """
    own, other = _opponents(photo), _opponents(donor)
    stretch = np.clip(other.std((0, 1)) / np.maximum(own.std((0, 1)), 1e-4), 0.6, 1.6)
    mean = 0.4 * own.mean((0, 1)) + 0.6 * other.mean((0, 1))
    moved = (own - own.mean((0, 1))) * stretch + mean
    cones = 10 ** (moved @ np.linalg.inv(_TO_OPPONENTS).T)
    return np.clip(cones @ np.linalg.inv(_TO_CONES).T, 0, 1).astype(np.float32)


def _opponents(photo: np.ndarray) -> np.ndarray:
    """Convert a photo [H, W, 3] uint8 RGB to the colour space l-alpha-beta, [H, W, 3].

    The channels of this colour space are nearly independent.
    """
    tones = np.maximum(photo.astype(np.float32) / 255, 1 / 255)
    return np.log10(np.maximum(tones @ _TO_CONES.T, 1e-3)) @ _TO_OPPONENTS.T
