"""Training samples with labels: photos with attributes (CelebA) or classes. Imports no Jittor.

A label here describes a whole photo. Label maps, with a class for each pixel, are in label_maps.py.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Dict, Iterable, List, NamedTuple, Sequence, Tuple

import numpy as np
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_text
from data_tools.sets.formats import Kind
from data_tools.sets.image_io import read_photo, resize_photo
from jittor_tsit.data.read_ahead import Arrays
from jittor_tsit.data.samples import Augmentation, Samples, draw

ATTRIBUTE_FILE = "list_attr_celeba.txt"  # the name in CelebA
YES, NO = "1", "-1"  # values in this file


class LabelNames(NamedTuple):
    """Names of the attributes and classes that a label vector describes.

    With attributes only, a label holds a 0 or 1 for each attribute. With classes only, it is the one-hot class. With
    both, there are two data sets, and a label is [attributes, classes, mask]: the mask is (1, 0) for the set with
    attributes and (0, 1) for the set with classes, and the unknown entries are 0.
    """

    attributes: Tuple[str, ...]
    classes: Tuple[str, ...]

    @property
    def has_two_sets(self) -> bool:
        """Whether there are two data sets, one with attributes and one with classes."""
        return bool(self.attributes and self.classes)

    @property
    def size(self) -> int:
        """Length of a label vector."""
        return len(self.attributes) + len(self.classes) + 2 * self.has_two_sets

    def of_attributes(self, values: Sequence[int]) -> np.ndarray:
        """Return the label vector [size] float32 of a photo with these attributes (zeros and ones)."""
        return self._label((*values, *(0,) * len(self.classes)), (1, 0))

    def of_class(self, number: int) -> np.ndarray:
        """Return the label vector [size] float32 of a photo of class `number`, counted from 0."""
        values = [0] * (len(self.attributes) + len(self.classes))
        values[len(self.attributes) + number] = 1
        return self._label(values, (0, 1))

    def _label(self, values: Sequence[int], mask: Tuple[int, int]) -> np.ndarray:
        return np.array([*values, *(mask if self.has_two_sets else ())], np.float32)


@dataclass(frozen=True)
class LabelledSamples(Samples):
    """Photos with labels. A sample is photo [H, W, 3] uint8, label [size] float32 and target label [size] float32.

    `size` is the length of a label, `LabelNames.size`. Photos are resized to the size that `augmentation` names.

    Args:
        crop: Side of the square that is cut from the middle of each photo before it is resized, in pixels. A smaller
            photo stays whole. 0: the whole photo.

    Source: StarGAN's loader. Difference: the target label is the label of a random photo of the set; in the official
        code it is the label of a random photo of the batch.
    """

    photos: Sequence[Path]
    labels: Sequence[np.ndarray]
    crop: int
    augmentation: Augmentation
    seeds: Sequence[int]

    def __len__(self) -> int:
        return len(self.photos)

    def __call__(self, nimg: int) -> Arrays:
        """Return the augmented sample number `nimg` of the run, counted from 0 over all epochs."""
        position, _ = draw(self.seeds, nimg, len(self))
        other = int(np.random.default_rng([*self.seeds, nimg, 1]).integers(len(self)))
        return (*super().__call__(nimg), self.labels[position], self.labels[other])

    def unaugmented(self, position: int) -> Arrays:
        """Return the sample at a position of the list without random changes.

        Its target is the label of the next sample of the list.
        """
        return (*super().unaugmented(position), self.labels[position], self.labels[(position + 1) % len(self)])

    def paths(self) -> Iterable[Path]:
        """Return every file of the set."""
        return self.photos

    def digest(self) -> str:
        """Return a digest that identifies the set: of the photos and their labels."""
        return hashlib.sha256(super().digest().encode() + np.stack(self.labels).tobytes()).hexdigest()

    def read(self, position: int, width: int, height: int) -> Arrays:
        """Return the photo at a position of the list, alone in a tuple: cut, resized, [height, width, 3] uint8."""
        return (read_middle(self.photos[position], self.crop, width, height),)


@dataclass(frozen=True)
class TwoLabelledSets(Samples):
    """Two labelled sets. A sample is (photo, label, target) of the first set, then of the second."""

    first: LabelledSamples
    second: LabelledSamples

    def __len__(self) -> int:
        return max(len(self.first), len(self.second))

    def __call__(self, nimg: int) -> Arrays:
        """Return the samples of both sets at place `nimg` of the run."""
        return (*self.first(nimg), *self.second(nimg))

    def unaugmented(self, position: int) -> Arrays:
        """Return the samples at a position of both lists, without random changes. The shorter list repeats."""
        return (
            *self.first.unaugmented(position % len(self.first)),
            *self.second.unaugmented(position % len(self.second)),
        )

    def paths(self) -> Iterable[Path]:
        """Return every file of both sets."""
        return [*self.first.photos, *self.second.photos]

    def lists(self) -> Sequence[Tuple[Sequence[Path], Kind]]:
        """Return the photos of each set."""
        return [*self.first.lists(), *self.second.lists()]

    def digest(self) -> str:
        """Return a digest that identifies both sets."""
        return f"{self.first.digest()} {self.second.digest()}"


def read_middle(path: Path, side: int, width: int, height: int) -> np.ndarray:
    """Read a photo, cut the square from its middle and resize it bilinearly to [height, width, 3] uint8.

    Args:
        side: Side of the square in pixels of the file; a photo that is smaller stays whole. 0: do not cut.
    """
    return resize_middle(read_photo(path), side, width, height)


def resize_middle(photo: np.ndarray, side: int, width: int, height: int) -> np.ndarray:
    """Cut the square from the middle of a photo [H, W, 3] uint8 and resize it. See `read_middle` for the arguments."""
    if side:
        top, left = (max(0, (whole - side) // 2) for whole in photo.shape[:2])
        photo = photo[top : top + side, left : left + side]
    return resize_photo(photo, width, height, Image.BILINEAR)


def read_attributes(path: Path, names: Sequence[str]) -> Dict[str, Tuple[int, ...]]:
    """Read attributes from a list in CelebA's format.

    The first line is the number of photos, the second line the names of all attributes. Every other line is a file
    name with 1 or -1 for each attribute.

    Args:
        names: The attributes to read.

    Returns:
        File name -> values of these attributes, zeros and ones.

    Raises:
        InputError: The file is missing, lacks an attribute, or has a malformed line.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; attributes are read from it")
    lines = read_text(path).splitlines()
    known = lines[1].split() if len(lines) > 1 else []
    for name in names:
        if name not in known:
            raise InputError(f"{path}: has no attribute {name}; there are {', '.join(known) or 'none'}")
    columns = [known.index(name) for name in names]
    found: Dict[str, Tuple[int, ...]] = {}
    for number, line in islice(enumerate(lines, 1), 2, None):
        photo, *values = line.split() or [""]
        if not photo:
            continue
        if len(values) != len(known) or not set(values) <= {YES, NO}:
            raise InputError(f"{path}, line {number}: a name and {len(known)} times {YES} or {NO} are needed")
        if photo in found:
            raise InputError(f"{path}, line {number}: {photo} has a line already")
        found[photo] = tuple(int(values[column] == YES) for column in columns)
    if lines[0].strip() != str(len(found)):
        raise InputError(f"{path}, line 1: says {lines[0].strip()} photos, but there are lines for {len(found)}")
    return found


def list_labelled(photos: Sequence[Path], path: Path, names: LabelNames) -> Tuple[List[Path], List[np.ndarray]]:
    """Return the photos in the order of an attribute list, and their labels.

    Args:
        path: The attribute list.

    Raises:
        InputError: See `read_attributes`; or a photo has no line, or a line has no photo.
    """
    attributes, files = read_attributes(path, names.attributes), {photo.name: photo for photo in photos}
    for photo in photos:
        if photo.name not in attributes:
            raise InputError(f"{path}: no line for {photo}")
    for name in attributes:
        if name not in files:
            raise InputError(f"{path}: names {name}, which is not in {photos[0].parent}")
    return [files[name] for name in attributes], [names.of_attributes(values) for values in attributes.values()]
