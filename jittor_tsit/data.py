"""Batches for training and generation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import tee
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import jittor as jt
import numpy as np

from data_tools.errors import InputError
from data_tools.pairing import PHOTO_SUFFIXES, Pair, find_pairs, match_files, read_split, select_stems
from jittor_tsit.config import DataConfig
from jittor_tsit.parallel import Piece, Share
from jittor_tsit.reading import Arrays, read_ahead
from jittor_tsit.samples import (
    AlignedSamples,
    DomainSamples,
    PairedSamples,
    PhasedSamples,
    Samples,
    UnpairedSamples,
    View,
    WithOther,
)

IMAGES_ONLY = ("unpaired", "aligned", "domains")  # kinds of batches without label maps


@dataclass(frozen=True)
class PairedBatch:
    """Label maps with their photos."""

    segmap: jt.Var  # [N, label_channels, H, W], one-hot, then the borders of instances if there are any
    image: Optional[jt.Var]  # [N, 3, H, W] in [-1, 1]; None where a photo is to be made up
    index: Sequence[int]  # a number for each image, for its random draws
    share: Share  # of the step's images
    other: Optional[jt.Var] = None  # as `image`, but of other pairs, for a system that wants such


@dataclass(frozen=True)
class ImageBatch:
    """Images of two kinds: of the same things ("aligned"), or of different ones ("unpaired", "domains")."""

    a: jt.Var  # [N, 3, H, W] in [-1, 1]
    b: jt.Var  # [N, 3, H, W] in [-1, 1]
    index: Sequence[int]
    share: Share
    other: Optional[jt.Var] = None  # as `b`, but of other pairs


def alone(num_images: int) -> Share:
    """The share of a batch that is all there is."""
    return Share(num_images, num_images, num_images)


def one_hot(label: np.ndarray, num_classes: int) -> jt.Var:
    """[N, H, W] uint8 -> [N, num_classes, H, W] float32, one channel a class."""
    ids = jt.array(label)
    n, h, w = label.shape
    classes = jt.array(np.arange(num_classes, dtype=np.uint8))
    shape = [n, num_classes, h, w]
    return (ids.broadcast(shape, [1]) == classes.broadcast(shape, [0, 2, 3])).float32()


def to_segmap(num_ids: int, label: np.ndarray, *edges: np.ndarray) -> jt.Var:
    """A label map as networks take it.

    Args:
        label: [N, H, W] uint8, ids below `num_ids`.
        edges: None, or one [N, H, W] uint8 of zeros and ones, which becomes the last channel.

    Returns:
        [N, num_ids or one more, H, W] float32
    """
    segmap = one_hot(label, num_ids)
    return jt.concat([segmap, *(jt.array(one).float32().unsqueeze(1) for one in edges)], 1) if edges else segmap


def to_image(photo: np.ndarray) -> jt.Var:
    """[N, H, W, 3] uint8 -> [N, 3, H, W] float32 in [-1, 1]"""
    return jt.array(photo).float32().permute(0, 3, 1, 2) / 127.5 - 1


def to_pixels(image: jt.Var) -> np.ndarray:
    """[N, 3, H, W] in [-1, 1] -> [N, H, W, 3] uint8, rounded"""
    pixels = np.clip(np.rint((image.numpy() + 1) * 127.5), 0, 255)
    return pixels.astype(np.uint8).transpose(0, 2, 3, 1)


def training_pairs(root: Path, split: Optional[Path]) -> list[Pair]:
    """The pairs of a folder, or those that a split file names; then other files may be faulty.

    Raises:
        InputError: As `find_pairs`, `read_split` and `select_stems`.
    """
    if split is None:
        return find_pairs(root)
    try:
        return select_stems(match_files(root).pairs, read_split(split))
    except InputError as error:
        raise InputError(f"split={split}: {error}") from None


def paired_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> PairedSamples:
    """The samples of a set in the contest's layout."""
    if config.direction != "AtoB":
        raise InputError(f"direction={config.direction}: label maps are what photos are made from; only AtoB")
    pairs = training_pairs(Path(config.root), split)
    if config.folds:
        pairs, _ = hold_out(pairs, config.folds, config.fold)
    return PairedSamples(pairs, config.label_maps, view_of(config), seeds)


def held_out_samples(config: DataConfig, split: Optional[Path]) -> PairedSamples:
    """The pairs that `paired_samples` leaves out."""
    _, held = hold_out(training_pairs(Path(config.root), split), config.folds, config.fold)
    return PairedSamples(held, config.label_maps, view_of(config), (0,))


def hold_out(pairs: Sequence[Pair], folds: int, fold: int) -> Tuple[List[Pair], List[Pair]]:
    """Pairs for training, and those held out: the `fold`-th of `folds` parts, counted from 1.

    The part of a pair follows from its stem alone, whatever other pairs there are.

    Raises:
        InputError: One of the two has no pair.
    """
    held = {pair for pair in pairs if int(hashlib.sha256(pair.stem.encode()).hexdigest(), 16) % folds == fold - 1}
    if not 0 < len(held) < len(pairs):
        raise InputError(f"folds={folds}, fold={fold}: holds out {len(held)} of {len(pairs)} pairs; take other folds")
    return [pair for pair in pairs if pair not in held], sorted(held)


def view_of(config: DataConfig) -> View:
    """How its training images are made."""
    size = config.image_width, config.image_height
    load = (config.load_width, config.load_height) if config.load_width else size
    return View(load, size, config.flip, config.color_jitter)


def unpaired_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> UnpairedSamples:
    """The samples of a set with folders `trainA` and `trainB`.

    Raises:
        InputError: One of the folders is missing or empty, or a split was named, which only pairs have.
    """
    _require_plain(config, split)
    if config.direction != "AtoB":
        raise InputError(f"direction={config.direction}: content is a and style b; only AtoB")
    photos = [list_photos(Path(config.root, name)) for name in ("trainA", "trainB")]
    return UnpairedSamples(*photos, view_of(config), seeds)


def domain_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> DomainSamples:
    """The samples of a set with folders `trainA` and `trainB`, turned round by direction=BtoA.

    Raises:
        InputError: As `unpaired_samples`.
    """
    _require_plain(config, split)
    photos = [list_photos(Path(config.root, name)) for name in ("trainA", "trainB")]
    return DomainSamples(*(photos[::-1] if config.direction == "BtoA" else photos), view_of(config), seeds)


def _require_plain(config: DataConfig, split: Optional[Path]) -> None:
    """Refuse what only pairs with label maps have."""
    if split is not None:
        raise InputError(f"split={split}: training without label maps takes all photos of the folders")
    if config.folds:
        raise InputError(f"folds={config.folds}: only pairs with label maps are held out; must be 0")


def aligned_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> AlignedSamples:
    """The samples of a set whose folders `trainA` and `trainB` hold images of equal names, or `train` both in one file.

    Raises:
        InputError: A folder is missing or empty, an image has no partner, or a split was named.
    """
    _require_plain(config, split)
    if config.color_jitter:
        raise InputError(f"color_jitter={config.color_jitter}: pairs of images keep their colours; must be 0")
    root, is_reversed = Path(config.root), config.direction == "BtoA"
    if not Path(root, "trainA").is_dir() and Path(root, "train").is_dir():
        files = [(path,) for path in list_photos(Path(root, "train"))]
        return AlignedSamples(files, is_reversed, view_of(config), seeds)
    a, b = (_by_stem(list_photos(Path(root, name))) for name in ("trainA", "trainB"))
    lone = sorted(set(a) ^ set(b))
    if lone:
        path, other = (a[lone[0]], "trainB") if lone[0] in a else (b[lone[0]], "trainA")
        raise InputError(f"{path}: no image of that name in {other} ({len(lone)} images have no partner)")
    return AlignedSamples([(a[stem], b[stem]) for stem in sorted(a)], is_reversed, view_of(config), seeds)


def _by_stem(paths: Sequence[Path]) -> Dict[str, Path]:
    found: Dict[str, Path] = {}
    for path in paths:
        if path.stem in found:
            raise InputError(f"{path}: {found[path.stem].name} has the same name, in another format")
        found[path.stem] = path
    return found


def list_photos(folder: Path) -> list[Path]:
    """The photos of a folder, sorted by name.

    Raises:
        InputError: There is no such folder, or none in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; sets without label maps have trainA, trainB and testA, testB")
    visible = (path for path in folder.iterdir() if not path.name.startswith("."))
    paths = sorted(path for path in visible if path.suffix.lower() in PHOTO_SUFFIXES)
    if not paths:
        raise InputError(f"{folder}: holds no photos ({', '.join(PHOTO_SUFFIXES)})")
    return paths


def phased_samples(samples: Sequence[Samples], starts: Sequence[int], wants_other: bool) -> PhasedSamples:
    """The samples of a run's phases, with others' targets where a system wants them."""
    return PhasedSamples([WithOther(each) for each in samples] if wants_other else samples, starts)


def batches(
    kind: str, samples: PhasedSamples, num_ids: int, steps: Iterator[List[Piece]], workers: int
) -> Iterator[List[Any]]:
    """What this process computes of each step.

    Args:
        kind: "paired", "segmentation", or one of IMAGES_ONLY.
        num_ids: Of the label maps, if there are any.
        steps: The pieces of each step, as `parallel.split_batch` gives them.

    Returns:
        For each step a list of batches, one a piece.
    """
    steps, to_read = tee(steps)
    arrays = read_ahead(samples, ([piece.index for piece in pieces] for pieces in to_read), workers)
    try:
        for pieces, loaded in zip(steps, arrays):
            yield [
                make_batch(kind, stacked, piece, num_ids, samples.has_other) for piece, stacked in zip(pieces, loaded)
            ]
    finally:
        arrays.close()


def make_batch(kind: str, stacked: Arrays, piece: Piece, num_ids: int, has_other: bool):
    """Arrays as `Samples` give them, stacked, on the device."""
    stacked, last = (stacked[:-1], stacked[-1:]) if has_other else (stacked, ())
    other = map(to_image, last)
    if kind in IMAGES_ONLY:
        return ImageBatch(*map(to_image, stacked), *piece, *other)
    photo, *label = stacked
    return PairedBatch(to_segmap(num_ids, *label), to_image(photo), *piece, *other)
