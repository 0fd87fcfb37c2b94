"""Search for the training samples of photos with labels (attributes or classes). Imports no Jittor."""

from __future__ import annotations

import random
from pathlib import Path
from typing import List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit.config import DataConfig
from jittor_tsit.data.attribute_lists import LIST_FILES, PHOTO_FOLDERS, find_list, match_attributes
from jittor_tsit.data.folders import augmentation_of, refuse_split_and_folds, refuse_unused_options
from jittor_tsit.data.labels import LabelledSamples, LabelNames, TwoLabelledSets
from jittor_tsit.data.photo_lists import (
    PhotosAndLabels,
    holds_photos,
    list_photos,
    photos_of_any_class,
    photos_with_classes,
)
from jittor_tsit.data.samples import Samples


def labelled_samples(config: DataConfig, split: Optional[Path], seeds: Sequence[int], names: LabelNames) -> Samples:
    """Return the training samples of photos with attributes or classes, as `names` says. `split` must be None.

    With both there are two sets: the photos of `root` have attributes, those of `second_root` have classes.

    Raises:
        InputError: See `photos_with_attributes` and `photos_with_classes`; or an option has no meaning for this kind.
    """
    refuse_split_and_folds(config, split)
    if config.direction != "AtoB":
        raise InputError(f"direction={config.direction}: photos with labels have no direction; must be AtoB")
    known = ["crop", *(("num_test",) if names.attributes else ())]
    refuse_unused_options(config, *known, *(("second_root", "second_crop") if names.has_two_sets else ()))
    augmentation, samples = augmentation_of(config), []
    if names.attributes:
        found = photos_with_attributes(Path(config.root), names, config.num_test)
        samples.append(LabelledSamples(*found.train, config.crop, augmentation, seeds, found.notes))
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
    refuse_split_and_folds(config, split)
    if config.direction != "AtoB":
        raise InputError(f"direction={config.direction}: a is the domain with classes; must be AtoB")
    refuse_unused_options(config, "domains")
    source, target = (Path(config.root, name) for name in config.domains)
    photos, labels = photos_with_classes(source, names, "")
    others = photos_of_any_class(target, names)
    unknown = [np.zeros(names.size, np.float32)] * len(others)
    first = LabelledSamples(photos, labels, 0, augmentation_of(config), (*seeds, 0))
    return TwoLabelledSets(first, LabelledSamples(others, unknown, 0, augmentation_of(config), (*seeds, 1)))


class AttributePhotos(NamedTuple):
    """Photos with attributes, as (photos, label vectors), and lines for the user that say what was left out."""

    train: PhotosAndLabels
    test: PhotosAndLabels
    notes: Tuple[str, ...]


def photos_with_attributes(root: Path, names: LabelNames, num_test: int) -> AttributePhotos:
    """Return the photos of a set with an attribute list, split into those for training and those for test.

    The photos lie in one of PHOTO_FOLDERS of attribute_lists.py, the list is one of its LIST_FILES.

    Args:
        num_test: Number of photos for test, drawn with the seed of StarGAN's code.

    Raises:
        InputError: There is no list or no photo; see `match_attributes`; or no photo is left for training.
    """
    path = find_list(root)
    if path is None:
        raise InputError(f"{root}: holds no attribute list; needed is {' or '.join(LIST_FILES[:2])} beside the photos")
    photos, labels, notes = match_attributes(photos_of_attribute_set(root), path, names)
    if num_test >= len(photos):
        raise InputError(
            f"num_test={num_test}: {root} has {len(photos)} photos; none would be left to train on; "
            "give a smaller num_test, such as num_test=0"
        )
    order = list(range(len(photos)))
    random.Random(1234).shuffle(order)  # the official seed
    parts = [([photos[k] for k in part], [labels[k] for k in part]) for part in (order[num_test:], order[:num_test])]
    return AttributePhotos(parts[0], parts[1], notes)


def photos_of_attribute_set(root: Path) -> List[Path]:
    """Return the photos of the first folder of PHOTO_FOLDERS that holds any, sorted by name.

    Raises:
        InputError: There are no photos.
    """
    for name in PHOTO_FOLDERS[:-1]:
        if (root / name).is_dir() and holds_photos(root / name):
            return list_photos(root / name)
    return list_photos(root)
