"""The same view on another day: new sky, other light and season, the colours of another photo."""

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
    """Colours are tones 0..1; `light` multiplies the ground, `turn` are degrees of hue (of what is green), the
    rest shares 0..1.
    """

    zenith: Tuple[float, float, float]
    horizon: Tuple[float, float, float]
    clouds: float
    light: Tuple[float, float, float]
    saturation: float
    turn: float = 0.0
    fog: float = 0.0
    snow: float = 0.0


# Chosen by eye, so that any two of them differ at a glance.
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
    """The view of `photo` with the colours of `donor` and in the given weather.

    Args:
        label: Map of the photo, of any size: says where the sky is, and the water, on which no snow lies.

    Shapes:
        photo [H, W, 3], label [h, w], donor [any, any, 3] -> [H, W, 3], all uint8
    """
    height, width = photo.shape[:2]
    label = resize_label(label, width, height)
    is_sky = blurred_field(label == CLASS_IDS["sky"], sigma=width / 512)[..., None]  # [H, W, 1]
    turning = blurred_field(np.isin(label, _GREENS), sigma=width / 256)[..., None]
    ground = _lit(_with_colours_of(photo, donor), turning, weather, rng)
    lying = blurred_field(~np.isin(label, WATER_IDS), sigma=width / 256) * weather.snow
    ground = _snowed(ground, lying, rng)
    haze = weather.fog * np.linspace(1.0, 0.4, height, dtype=np.float32)[:, None, None]  # far is mostly high up
    ground = ground * (1 - haze) + np.float32(weather.horizon) * haze
    tones = ground * (1 - is_sky) + _sky(weather, rng, height, width) * is_sky
    return np.rint(np.clip(tones, 0, 1) * 255).astype(np.uint8)


def _lit(tones: np.ndarray, turning: np.ndarray, weather: Weather, rng: np.random.Generator) -> np.ndarray:
    """The ground in the weather's light, with the shadows of clouds on it; hues turn where `turning` says."""
    height, width = tones.shape[:2]
    grey = tones.mean(-1, keepdims=True)
    chroma = tones - grey
    chroma += turning * (chroma @ _turned(np.radians(weather.turn)).T - chroma)
    tones = grey + weather.saturation * chroma
    shadows = np.exp(0.2 * weather.clouds * smooth_noise(rng, height, width, cells=5))[..., None]
    return np.clip(tones * shadows * np.float32(weather.light), 0, 1) ** rng.uniform(0.8, 1.25)


def _snowed(tones: np.ndarray, lying: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Snow where `lying` says, but for patches that are bare, and for what is dark and steep."""
    height, width = lying.shape
    patches = sum(smooth_noise(rng, height, width, cells=6 * 3**i) * 0.6**i for i in range(4))
    cover = lying * np.clip(0.7 + 0.4 * patches, 0, 1) * np.clip(tones.mean(-1) * 4, 0.2, 1)
    white = np.float32([0.90, 0.93, 0.98]) * (0.7 + 0.3 * tones.mean(-1, keepdims=True))
    return tones * (1 - cover[..., None]) + white * cover[..., None]


def _sky(weather: Weather, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Clouds over a sky that goes from the zenith's colour to the horizon's: [height, width, 3]."""
    down = np.linspace(0, 1.3, height, dtype=np.float32).clip(0, 1)[:, None, None]
    clear = np.float32(weather.zenith) * (1 - down) + np.float32(weather.horizon) * down
    billows = sum(smooth_noise(rng, 3 * height, width, cells=6 * 2**i)[::3] * 0.55**i for i in range(5))  # flattened
    cover = np.clip((billows - np.quantile(billows, 1 - weather.clouds)) * 0.8, 0, 1)[..., None]
    shade = np.clip(0.85 + 0.08 * billows, 0.6, 1.0)[..., None]
    return clear * (1 - cover) + (0.4 + 0.6 * np.float32(weather.horizon)) * shade * cover


def _turned(angle: float) -> np.ndarray:
    """Rotation of colours about the grey axis: [3, 3]."""
    axis = np.full(3, 3**-0.5)
    cross = np.cross(np.eye(3), axis)
    return (np.cos(angle) * np.eye(3) - np.sin(angle) * cross + (1 - np.cos(angle)) * np.outer(axis, axis)).T


def _with_colours_of(photo: np.ndarray, donor: np.ndarray) -> np.ndarray:
    """Tones 0..1 of the photo with the donor's means and deviations.

    Source: Reinhard et al., Color Transfer between Images (2001): in l-alpha-beta, per channel.
        Differs: a channel is stretched by 0.6..1.6 at most, for the noise of a plain photo is no contrast; the
        means go 60 % of the way, for a sea in the colours of a meadow is no sea.
    """
    own, other = _opponents(photo), _opponents(donor)
    stretch = np.clip(other.std((0, 1)) / np.maximum(own.std((0, 1)), 1e-4), 0.6, 1.6)
    mean = 0.4 * own.mean((0, 1)) + 0.6 * other.mean((0, 1))
    moved = (own - own.mean((0, 1))) * stretch + mean
    cones = 10 ** (moved @ np.linalg.inv(_TO_OPPONENTS).T)
    return np.clip(cones @ np.linalg.inv(_TO_CONES).T, 0, 1).astype(np.float32)


def _opponents(photo: np.ndarray) -> np.ndarray:
    tones = np.maximum(photo.astype(np.float32) / 255, 1 / 255)
    return np.log10(np.maximum(tones @ _TO_CONES.T, 1e-3)) @ _TO_OPPONENTS.T
