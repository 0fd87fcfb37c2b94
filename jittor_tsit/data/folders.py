"""Search for the training samples of a data set in its folders, for each kind of data. Imports no Jittor."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Optional, Sequence, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.sets.held_out import hold_out
from data_tools.sets.pairing import Pair, find_pairs, match_files
from data_tools.sets.splits import read_split, select_stems
from jittor_tsit.config import DataConfig
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.data.labels import ATTRIBUTE_FILE, LabelledSamples, LabelNames, TwoLabelledSets, list_labelled
from jittor_tsit.data.photo_lists import (
    PhotosAndLabels,
    by_stem,
    list_photos,
    photos_of_any_class,
    photos_with_classes,
)
from jittor_tsit.data.samples import (
    AlignedSamples,
    Augmentation,
    DomainSamples,
    PairedSamples,
    Samples,
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
    _refuse_unused_options(config, "cache")
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
    return Augmentation(load, size, config.flip, config.color_jitter, config.load_side)


def unpaired_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> UnpairedSamples:
    """Return training photos of a content folder and of a style folder, which the option `domains` names.

    Raises:
        InputError: A folder is missing or empty, or an option has no meaning for this kind of data.
    """
    _refuse_split_and_folds(config, split)
    if config.direction != "AtoB":
        raise InputError(f"direction={config.direction}: a is the content and b the style; must be AtoB")
    _refuse_unused_options(config, "domains")
    a, b = (list_photos(Path(config.root, name)) for name in config.domains)
    return UnpairedSamples(a, b, augmentation_of(config), seeds)


def domain_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> DomainSamples:
    """Return unpaired training photos of two domains, the folders `domains`. direction=BtoA swaps them.

    Raises:
        InputError: A folder is missing or empty, or an option has no meaning for this kind of data.
    """
    _refuse_split_and_folds(config, split)
    _refuse_unused_options(config, "domains", "load_side")
    a, b = (list_photos(Path(config.root, name)) for name in config.domains)
    if config.direction == "BtoA":
        a, b = b, a
    return DomainSamples(a, b, augmentation_of(config), seeds)


# Options that only some kinds of data use.
OPTIONS_OF_SOME_KINDS = (
    "domains",
    "load_side",
    "crop",
    "second_crop",
    "second_root",
    "num_test",
    "cache",
    "side_by_side",
)


def _refuse_unused_options(config: DataConfig, *known: str) -> None:
    """Raise InputError if an option is set that this kind of data does not use.

    Args:
        known: The members of OPTIONS_OF_SOME_KINDS that this kind uses.
    """
    for name in OPTIONS_OF_SOME_KINDS:
        if name not in known and getattr(config, name) != getattr(DataConfig(), name):
            raise InputError(f"{name}={getattr(config, name)}: this system's data has no such option")


def _refuse_split_and_folds(config: DataConfig, split: Optional[Path]) -> None:
    """Raise InputError if `split` or `folds` is set. Only photos with label maps have them."""
    if split is not None:
        raise InputError(f"split={split}: training without label maps takes all photos of the folders")
    if config.folds:
        raise InputError(f"folds={config.folds}: only pairs with label maps are held out; must be 0")


def aligned_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> AlignedSamples:
    """Return the training samples of a set of image pairs (an input and its target).

    The images of a pair lie in `trainA` and `trainB` under the same name, or side by side in one file in `train`.
    The option `side_by_side` says which; without it, the folders on the disk decide.

    Raises:
        InputError: A folder is missing or empty, an image has no partner, or an option has no meaning for this kind.
    """
    _refuse_split_and_folds(config, split)
    _refuse_unused_options(config, "side_by_side")
    if config.color_jitter:
        raise InputError(f"color_jitter={config.color_jitter}: pairs of images keep their colours; must be 0")
    root, is_reversed = Path(config.root), config.direction == "BtoA"
    if with_layout(config).side_by_side:
        files = [(path,) for path in list_photos(Path(root, "train"))]
        return AlignedSamples(files, is_reversed, augmentation_of(config), seeds)
    a, b = (by_stem(list_photos(Path(root, name))) for name in ("trainA", "trainB"))
    lone = sorted(set(a) ^ set(b))
    if lone:
        path, other = (a[lone[0]], "trainB") if lone[0] in a else (b[lone[0]], "trainA")
        raise InputError(f"{path}: no image of that name in {other} ({len(lone)} images have no partner)")
    return AlignedSamples([(a[stem], b[stem]) for stem in sorted(a)], is_reversed, augmentation_of(config), seeds)


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


def labelled_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int], names: LabelNames) -> Samples:
    """Return the training samples of photos with attributes or classes, as `names` says. `split` must be None.

    With both there are two sets: the photos of `root` have attributes, those of `second_root` have classes.

    Raises:
        InputError: See `photos_with_attributes` and `photos_with_classes`; or an option has no meaning for this kind.
    """
    _refuse_split_and_folds(config, split)
    if config.direction != "AtoB":
        raise InputError(f"direction={config.direction}: photos with labels have no direction; must be AtoB")
    known = ["crop", *(("num_test",) if names.attributes else ())]
    _refuse_unused_options(config, *known, *(("second_root", "second_crop") if names.has_two_sets else ()))
    augmentation, samples = augmentation_of(config), []
    if names.attributes:
        photos, labels = photos_with_attributes(Path(config.root), names, config.num_test)[0]
        samples.append(LabelledSamples(photos, labels, config.crop, augmentation, seeds))
    if names.has_two_sets and not config.second_root:
        raise InputError("second_root=: with attributes and classes the folder of the classes is needed")
    if names.classes:
        root, crop = (config.second_root, config.second_crop) if names.has_two_sets else (config.root, config.crop)
        photos, labels = photos_with_classes(Path(root), names, "train")
        samples.append(LabelledSamples(photos, labels, crop, augmentation, seeds))
    return TwoLabelledSets(*samples) if names.has_two_sets else samples[0]


def adaptation_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int], names: LabelNames) -> Samples:
    """Return the training samples of two domains, the folders `domains`, for domain adaptation.

    The first domain holds a folder for each class. The second may hold them, too, but its label vectors are all 0.

    Raises:
        InputError: See `photos_with_classes` and `list_photos`; or an option has no meaning for this kind of data.
    """
    _refuse_split_and_folds(config, split)
    if config.direction != "AtoB":
        raise InputError(f"direction={config.direction}: a is the domain with classes; must be AtoB")
    _refuse_unused_options(config, "domains")
    source, target = (Path(config.root, name) for name in config.domains)
    photos, labels = photos_with_classes(source, names, "")
    others = photos_of_any_class(target, names)
    unknown = [np.zeros(names.size, np.float32)] * len(others)
    first = LabelledSamples(photos, labels, 0, augmentation_of(config), (*seeds, 0))
    return TwoLabelledSets(first, LabelledSamples(others, unknown, 0, augmentation_of(config), (*seeds, 1)))


def photos_with_attributes(root: Path, names: LabelNames, num_test: int) -> Tuple[PhotosAndLabels, PhotosAndLabels]:
    """Return two pairs (photos, label vectors): first those for training, then those for test.

    The photos lie in the folder `images` or `imgs`. The attribute list lies beside this folder.

    Args:
        num_test: Number of photos for test, drawn with the seed of StarGAN's code.

    Raises:
        InputError: A file or folder is missing, the list does not match the photos, or none is left for training.
    """
    folder = next((root / name for name in ("images", "imgs") if (root / name).is_dir()), None)
    if folder is None:
        raise InputError(f"{root}: no folder images or imgs; photos with attributes lie there, beside {ATTRIBUTE_FILE}")
    photos, labels = list_labelled(list_photos(folder), root / ATTRIBUTE_FILE, names)
    if num_test >= len(photos):
        raise InputError(f"num_test={num_test}: {root} has {len(photos)} photos; none would be left to train on")
    order = list(range(len(photos)))
    random.Random(1234).shuffle(order)  # the official seed
    parts = [([photos[k] for k in part], [labels[k] for k in part]) for part in (order[num_test:], order[:num_test])]
    return parts[0], parts[1]
