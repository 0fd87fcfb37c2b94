"""Data sets on disk as samples. Imports no Jittor."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.sets.held_out import hold_out
from data_tools.sets.pairing import PHOTO_SUFFIXES, Pair, find_pairs, match_files, read_split, select_stems
from jittor_tsit.config import DataConfig
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.data.labels import ATTRIBUTE_FILE, LabelledSamples, LabelNames, TwoLabelledSets, list_labelled
from jittor_tsit.data.samples import AlignedSamples, DomainSamples, PairedSamples, Samples, UnpairedSamples, View


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
    _refuse_special(config, "cache")
    pairs = training_pairs(Path(config.root), split)
    if config.folds:
        pairs, _ = hold_out(pairs, config.folds, config.fold)
    return PairedSamples(pairs, label_maps_of(config), view_of(config), seeds)


def held_out_samples(config: DataConfig, split: Optional[Path]) -> PairedSamples:
    """The pairs that `paired_samples` leaves out."""
    _, held = hold_out(training_pairs(Path(config.root), split), config.folds, config.fold)
    return PairedSamples(held, label_maps_of(config), view_of(config), (0,))


def view_of(config: DataConfig) -> View:
    """How its training images are made."""
    size = config.image_width, config.image_height
    load = (config.load_width, config.load_height) if config.load_width else size
    return View(load, size, config.flip, config.color_jitter, config.load_side)


def unpaired_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> UnpairedSamples:
    """The samples of a set's two `domains`.

    Raises:
        InputError: One of the folders is missing or empty, or a split was named, which only pairs have.
    """
    _require_plain(config, split)
    if config.direction != "AtoB":
        raise InputError(f"direction={config.direction}: content is a and style b; only AtoB")
    _refuse_special(config, "domains")
    a, b = (list_photos(Path(config.root, name)) for name in config.domains)
    return UnpairedSamples(a, b, view_of(config), seeds)


def domain_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> DomainSamples:
    """The samples of a set's two `domains`, turned round by direction=BtoA.

    Raises:
        InputError: As `unpaired_samples`.
    """
    _require_plain(config, split)
    _refuse_special(config, "domains", "load_side")
    a, b = (list_photos(Path(config.root, name)) for name in config.domains)
    if config.direction == "BtoA":
        a, b = b, a
    return DomainSamples(a, b, view_of(config), seeds)


# What only some kinds of sets have.
SPECIAL = "domains", "load_side", "crop", "second_crop", "second_root", "num_test", "cache", "side_by_side"


def _refuse_special(config: DataConfig, *known: str) -> None:
    """Refuse options that this kind of set has no use for.

    Args:
        known: Those of SPECIAL that it has.
    """
    for name in SPECIAL:
        if name not in known and getattr(config, name) != getattr(DataConfig(), name):
            raise InputError(f"{name}={getattr(config, name)}: this system's data has no such option")


def _require_plain(config: DataConfig, split: Optional[Path]) -> None:
    """Refuse what only pairs with label maps have."""
    if split is not None:
        raise InputError(f"split={split}: training without label maps takes all photos of the folders")
    if config.folds:
        raise InputError(f"folds={config.folds}: only pairs with label maps are held out; must be 0")


def aligned_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> AlignedSamples:
    """The samples of a set whose folders `trainA` and `trainB` hold images of equal names, or `train` both in one file.

    Which of the two it is says `side_by_side`, or else the folders.

    Raises:
        InputError: A folder is missing or empty, an image has no partner, or a split was named.
    """
    _require_plain(config, split)
    _refuse_special(config, "side_by_side")
    if config.color_jitter:
        raise InputError(f"color_jitter={config.color_jitter}: pairs of images keep their colours; must be 0")
    root, is_reversed = Path(config.root), config.direction == "BtoA"
    if with_layout(config).side_by_side:
        files = [(path,) for path in list_photos(Path(root, "train"))]
        return AlignedSamples(files, is_reversed, view_of(config), seeds)
    a, b = (_by_stem(list_photos(Path(root, name))) for name in ("trainA", "trainB"))
    lone = sorted(set(a) ^ set(b))
    if lone:
        path, other = (a[lone[0]], "trainB") if lone[0] in a else (b[lone[0]], "trainA")
        raise InputError(f"{path}: no image of that name in {other} ({len(lone)} images have no partner)")
    return AlignedSamples([(a[stem], b[stem]) for stem in sorted(a)], is_reversed, view_of(config), seeds)


def with_layout(config: DataConfig) -> DataConfig:
    """The config with `side_by_side` set for its training set of pairs of images."""
    if config.side_by_side is not None:
        return config
    return dataclasses.replace(config, side_by_side=bool(layout_of(config.root)))


def layout_of(root: str) -> Optional[bool]:
    """Whether a folder's pairs of images lie side by side in one file; None if it is no training set of pairs."""
    has_two_folders, has_one = (bool(root) and Path(root, name).is_dir() for name in ("trainA", "train"))
    return not has_two_folders if has_two_folders or has_one else None


def _by_stem(paths: Sequence[Path]) -> Dict[str, Path]:
    found: Dict[str, Path] = {}
    for path in paths:
        if path.stem in found:
            raise InputError(f"{path}: {found[path.stem].name} has the same name, in another format")
        found[path.stem] = path
    return found


Labelled = Tuple[List[Path], List[np.ndarray]]  # photos and their labels


def labelled_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int], names: LabelNames) -> Samples:
    """The samples of a set whose photos have attributes, of one whose photos have classes, or of both.

    Raises:
        InputError: As `photos_with_attributes` and `photos_with_classes`; or options that such sets do not have.
    """
    _require_plain(config, split)
    if config.direction != "AtoB":
        raise InputError(f"direction={config.direction}: photos with labels go every way; only AtoB")
    known = ["crop", *(("num_test",) if names.attributes else ())]
    _refuse_special(config, *known, *(("second_root", "second_crop") if names.has_two_sets else ()))
    view, samples = view_of(config), []
    if names.attributes:
        photos, labels = photos_with_attributes(Path(config.root), names, config.num_test)[0]
        samples.append(LabelledSamples(photos, labels, config.crop, view, seeds))
    if names.has_two_sets and not config.second_root:
        raise InputError("second_root=: with attributes and classes the folder of the classes is needed")
    if names.classes:
        root, crop = (config.second_root, config.second_crop) if names.has_two_sets else (config.root, config.crop)
        photos, labels = photos_with_classes(Path(root), names, "train")
        samples.append(LabelledSamples(photos, labels, crop, view, seeds))
    return TwoLabelledSets(*samples) if names.has_two_sets else samples[0]


def adaptation_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int], names: LabelNames) -> Samples:
    """The samples of a set whose first domain has class folders; the photos of the second are in such or in none.

    Raises:
        InputError: As `photos_with_classes` and `list_photos`; or options that such sets do not have.
    """
    _require_plain(config, split)
    if config.direction != "AtoB":
        raise InputError(f"direction={config.direction}: a is the domain with classes; only AtoB")
    _refuse_special(config, "domains")
    source, target = (Path(config.root, name) for name in config.domains)
    photos, labels = photos_with_classes(source, names, "")
    others = photos_of_any_class(target, names)
    unknown = [np.zeros(names.size, np.float32)] * len(others)
    view = view_of(config)
    return TwoLabelledSets(
        LabelledSamples(photos, labels, 0, view, (*seeds, 0)), LabelledSamples(others, unknown, 0, view, (*seeds, 1))
    )


def photos_of_any_class(folder: Path, names: LabelNames) -> List[Path]:
    """The photos of class folders, or of a folder that has none.

    Raises:
        InputError: As `photos_with_classes` and `list_photos`.
    """
    if any((folder / name).is_dir() for name in names.classes):
        return photos_with_classes(folder, names, "")[0]
    return list_photos(folder)


def photos_with_attributes(root: Path, names: LabelNames, num_test: int) -> Tuple[Labelled, Labelled]:
    """The photos in `images` or `imgs`, as the attribute list beside it has them: those for training, those for test.

    Args:
        num_test: How many are for test, drawn as StarGAN draws them.

    Raises:
        InputError: A file or folder is missing, the list does not fit, or nothing is left for training.
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


def photos_with_classes(root: Path, names: LabelNames, part: str) -> Labelled:
    """The photos of class folders, in the folder `part` where there is one.

    Raises:
        InputError: A class has no folder, or a folder no photos.
    """
    folder = root / part if (root / part).is_dir() else root
    photos, labels = [], []
    for number, name in enumerate(names.classes):
        if not (folder / name).is_dir():
            there = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
            raise InputError(f"{folder}: no folder for the class {name}; there are {', '.join(there) or 'none'}")
        found = list_photos(folder / name)
        photos += found
        labels += [names.of_class(number)] * len(found)
    return photos, labels


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
