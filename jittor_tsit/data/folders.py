"""Search for the training samples of a data set in its folders, for each kind of data. Imports no Jittor."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Optional, Sequence

from data_tools.basics.errors import InputError
from data_tools.sets.held_out import hold_out
from data_tools.sets.pairing import Pair, find_pairs, match_files
from data_tools.sets.splits import read_split, select_stems
from jittor_tsit.config import DataConfig
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.data.photo_lists import by_stem, list_photos
from jittor_tsit.data.samples import (
    COLOUR,
    AlignedSamples,
    Augmentation,
    Channels,
    DomainSamples,
    PairedSamples,
    UnpairedSamples,
)


def training_pairs(root: Path, split: Optional[Path]) -> list[Pair]:
    """Return the pairs of a folder, or only those that a split file names.

    With a split file, pairs that it does not name may be faulty.

    Raises:
        InputError: See `find_pairs`, `read_split` and `select_stems`.
    """
    if split is None:
        return find_pairs(root)
    try:
        return select_stems(match_files(root).pairs, read_split(split))
    except InputError as error:
        raise InputError(f"split={split}: {error}") from None


def paired_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> PairedSamples:
    """Return the training samples of a set of photos and label maps, in the contest's folder layout.

    Only pairs that the file `split` names are used; all if it is None. With `folds`, held-out pairs are left out.

    Raises:
        InputError: See `training_pairs` and `hold_out`; or an option has no meaning for this kind of data.
    """
    if config.direction != "AtoB":
        raise InputError(f"direction={config.direction}: photos are made from label maps; must be AtoB")
    refuse_unused_options(config, "cache", "warp", "balance_pairs")
    pairs = training_pairs(Path(config.root), split)
    if config.folds:
        pairs, _ = hold_out(pairs, config.folds, config.fold)
    return PairedSamples(pairs, label_maps_of(config), augmentation_of(config), seeds)


def held_out_samples(config: DataConfig, split: Optional[Path]) -> PairedSamples:
    """Return the samples of the held-out pairs only: those that `paired_samples` leaves out. `folds` must not be 0."""
    _, held = hold_out(training_pairs(Path(config.root), split), config.folds, config.fold)
    return PairedSamples(held, label_maps_of(config), augmentation_of(config), (0,))


def augmentation_of(config: DataConfig) -> Augmentation:
    """Convert the data options for sizes, mirroring and colours to an `Augmentation`."""
    size = config.image_width, config.image_height
    load = (config.load_width, config.load_height) if config.load_width else size
    return Augmentation(load, size, config.flip, config.color_jitter, config.load_side, config.warp)


def unpaired_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> UnpairedSamples:
    """Return training photos of a content folder and of a style folder, which the option `domains` names.

    Raises:
        InputError: A folder is missing or empty, or an option has no meaning for this kind of data.
    """
    refuse_split_and_folds(config, split)
    if config.direction != "AtoB":
        raise InputError(f"direction={config.direction}: a is the content and b the style; must be AtoB")
    refuse_unused_options(config, "domains")
    a, b = (list_photos(Path(config.root, name)) for name in config.domains)
    return UnpairedSamples(a, b, augmentation_of(config), seeds)


def domain_samples(
    config: DataConfig, split: Optional[Path], seeds: Sequence[int], channels: Channels = COLOUR
) -> DomainSamples:
    """Return unpaired training photos of two domains, the folders `domains`. direction=BtoA swaps them.

    Args:
        channels: Of the images of both domains, after they are swapped.

    Raises:
        InputError: A folder is missing or empty, or an option has no meaning for this kind of data.
    """
    refuse_split_and_folds(config, split)
    refuse_unused_options(config, "domains", "load_side")
    a, b = (list_photos(Path(config.root, name)) for name in config.domains)
    if config.direction == "BtoA":
        a, b = b, a
    return DomainSamples(a, b, augmentation_of(config), seeds, channels)


# Options that only some kinds of data use.
OPTIONS_OF_SOME_KINDS = (
    "domains",
    "load_side",
    "crop",
    "second_crop",
    "second_root",
    "num_test",
    "cache",
    "warp",
    "balance_pairs",
    "side_by_side",
)


def refuse_unused_options(config: DataConfig, *known: str) -> None:
    """Raise InputError if an option is set that this kind of data does not use.

    Args:
        known: The members of OPTIONS_OF_SOME_KINDS that this kind uses.
    """
    for name in OPTIONS_OF_SOME_KINDS:
        if name not in known and getattr(config, name) != getattr(DataConfig(), name):
            raise InputError(f"{name}={getattr(config, name)}: this system's data has no such option")


def refuse_split_and_folds(config: DataConfig, split: Optional[Path]) -> None:
    """Raise InputError if `split` or `folds` is set. Only photos with label maps have them."""
    if split is not None:
        raise InputError(f"split={split}: training without label maps takes all photos of the folders")
    if config.folds:
        raise InputError(f"folds={config.folds}: only pairs with label maps are held out; must be 0")


def aligned_samples(
    config: DataConfig, split: Optional[Path], seeds: Sequence[int], channels: Channels = COLOUR
) -> AlignedSamples:
    """Return the training samples of a set of image pairs (an input and its target).

    The images of a pair lie in `trainA` and `trainB` under the same name, or side by side in one file in `train`.
    The option `side_by_side` says which; without it, the folders on the disk decide.

    Args:
        channels: Of the inputs and of the targets.

    Raises:
        InputError: A folder is missing or empty, an image has no partner, or an option has no meaning for this kind.
    """
    refuse_split_and_folds(config, split)
    refuse_unused_options(config, "side_by_side")
    if config.color_jitter:
        raise InputError(f"color_jitter={config.color_jitter}: pairs of images keep their colours; must be 0")
    root, is_reversed = Path(config.root), config.direction == "BtoA"
    if with_layout(config).side_by_side:
        files = [(path,) for path in list_photos(Path(root, "train"))]
        return AlignedSamples(files, is_reversed, augmentation_of(config), seeds, channels)
    a, b = (by_stem(list_photos(Path(root, name))) for name in ("trainA", "trainB"))
    lone = sorted(set(a) ^ set(b))
    if lone:
        path, other = (a[lone[0]], "trainB") if lone[0] in a else (b[lone[0]], "trainA")
        raise InputError(f"{path}: no image of that name in {other} ({len(lone)} images have no partner)")
    pairs = [(a[stem], b[stem]) for stem in sorted(a)]
    return AlignedSamples(pairs, is_reversed, augmentation_of(config), seeds, channels)


def with_layout(config: DataConfig) -> DataConfig:
    """Return the options with `side_by_side` True or False. If it was None, the folders of the training set decide."""
    if config.side_by_side is not None:
        return config
    return dataclasses.replace(config, side_by_side=bool(layout_of(config.root)))


def layout_of(root: str) -> Optional[bool]:
    """Return whether the image pairs of a training set lie side by side in one file.

    None if the folder is not a training set of image pairs.
    """
    has_two_folders, has_one = (bool(root) and Path(root, name).is_dir() for name in ("trainA", "train"))
    return not has_two_folders if has_two_folders or has_one else None
