"""Batches for training and generation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Optional, Sequence

import jittor as jt
import numpy as np

from data_tools.errors import InputError
from data_tools.pairing import PHOTO_SUFFIXES, Pair, find_pairs, match_files, read_split, select_stems
from jittor_tsit.config import DataConfig
from jittor_tsit.samples import PairedSamples, UnpairedSamples, read_ahead


@dataclass(frozen=True)
class PairedBatch:
    """Label maps with their photos."""

    segmap: jt.Var  # [N, num_classes, H, W], one-hot
    image: Optional[jt.Var]  # [N, 3, H, W] in [-1, 1]; None where a photo is to be made up
    index: Sequence[int]  # a number for each image, for its random draws


@dataclass(frozen=True)
class UnpairedBatch:
    """Photos of two domains that show different things."""

    a: jt.Var  # [N, 3, H, W] in [-1, 1]
    b: jt.Var  # [N, 3, H, W] in [-1, 1]
    index: Sequence[int]


def one_hot(label: np.ndarray, num_classes: int) -> jt.Var:
    """[N, H, W] uint8 -> [N, num_classes, H, W] float32, one channel a class."""
    ids = jt.array(label)
    n, h, w = label.shape
    classes = jt.array(np.arange(num_classes, dtype=np.uint8))
    shape = [n, num_classes, h, w]
    return (ids.broadcast(shape, [1]) == classes.broadcast(shape, [0, 2, 3])).float32()


def to_image(photo: np.ndarray) -> jt.Var:
    """[N, H, W, 3] uint8 -> [N, 3, H, W] float32 in [-1, 1]"""
    return jt.array(photo).float32().permute(0, 3, 1, 2) / 127.5 - 1


def to_pixels(image: jt.Var) -> np.ndarray:
    """[N, 3, H, W] in [-1, 1] -> [N, H, W, 3] uint8, rounded"""
    pixels = np.clip(np.rint((image.numpy() + 1) * 127.5), 0, 255)
    return pixels.astype(np.uint8).transpose(0, 2, 3, 1)


def training_pairs(config: DataConfig) -> list[Pair]:
    """The pairs of `config.root`, or those that `config.split` names; then other files may be faulty.

    Raises:
        InputError: As `find_pairs`, `read_split` and `select_stems`.
    """
    if not config.split:
        return find_pairs(Path(config.root))
    try:
        return select_stems(match_files(Path(config.root)).pairs, read_split(Path(config.split)))
    except InputError as error:
        raise InputError(f"split={config.split}: {error}") from None


def paired_samples(config: DataConfig, seed: int) -> PairedSamples:
    """The samples of a set in the contest's layout."""
    pairs = training_pairs(config)
    return PairedSamples(pairs, config.image_width, config.image_height, config.num_classes, config.flip, seed)


def unpaired_samples(config: DataConfig, seed: int) -> UnpairedSamples:
    """The samples of a set with folders `trainA` and `trainB`.

    Raises:
        InputError: One of the folders is missing or empty, or a split was named, which only pairs have.
    """
    if config.split:
        raise InputError(f"split={config.split}: unpaired training takes all photos of trainA and trainB")
    photos = [_photos(Path(config.root, name)) for name in ("trainA", "trainB")]
    return UnpairedSamples(*photos, config.image_width, config.image_height, config.flip, seed)


def _photos(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; unpaired training reads photos from trainA and trainB")
    visible = (path for path in folder.iterdir() if not path.name.startswith("."))
    paths = sorted(path for path in visible if path.suffix.lower() in PHOTO_SUFFIXES)
    if not paths:
        raise InputError(f"{folder}: holds no photos ({', '.join(PHOTO_SUFFIXES)})")
    return paths


def paired_batches(samples: PairedSamples, batch_size: int, start_nimg: int, workers: int) -> Iterator[PairedBatch]:
    """Endless batches from the `start_nimg`-th image of the run on."""
    for step, (photo, label) in enumerate(read_ahead(samples, batch_size, start_nimg, workers)):
        first = start_nimg + step * batch_size
        yield PairedBatch(one_hot(label, samples.num_classes), to_image(photo), range(first, first + batch_size))


def unpaired_batches(
    samples: UnpairedSamples, batch_size: int, start_nimg: int, workers: int
) -> Iterator[UnpairedBatch]:
    """Endless batches from the `start_nimg`-th image of the run on."""
    for step, (a, b) in enumerate(read_ahead(samples, batch_size, start_nimg, workers)):
        first = start_nimg + step * batch_size
        yield UnpairedBatch(to_image(a), to_image(b), range(first, first + batch_size))
