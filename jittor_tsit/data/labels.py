"""Photos told apart by attributes or classes, as samples. Imports no Jittor."""

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
from data_tools.sets.image_io import read_photo, resize_photo
from jittor_tsit.data.read_ahead import Arrays
from jittor_tsit.data.samples import Samples, View, draw

ATTRIBUTE_FILE = "list_attr_celeba.txt"  # CelebA's name
YES, NO = "1", "-1"  # in it


class LabelNames(NamedTuple):
    """What a label says of a photo: attributes that it has or has not, the one class it is of, or for two sets either.

    A label of two sets is [attributes, classes, 1 for the first set, 1 for the second]; what is unknown is 0.
    """

    attributes: Tuple[str, ...]
    classes: Tuple[str, ...]

    @property
    def has_two_sets(self) -> bool:
        """Whether one set has attributes and another classes."""
        return bool(self.attributes and self.classes)

    @property
    def size(self) -> int:
        """Length of a label."""
        return len(self.attributes) + len(self.classes) + 2 * self.has_two_sets

    def of_attributes(self, values: Sequence[int]) -> np.ndarray:
        """Label [size] float32 of a photo with these attributes, zeros and ones."""
        return self._label((*values, *(0,) * len(self.classes)), (1, 0))

    def of_class(self, number: int) -> np.ndarray:
        """Label [size] float32 of a photo of this class, counted from 0."""
        values = [0] * (len(self.attributes) + len(self.classes))
        values[len(self.attributes) + number] = 1
        return self._label(values, (0, 1))

    def _label(self, values: Sequence[int], mask: Tuple[int, int]) -> np.ndarray:
        return np.array([*values, *(mask if self.has_two_sets else ())], np.float32)


@dataclass(frozen=True)
class LabelledSamples(Samples):
    """Photo [H, W, 3] uint8, its label and that of another photo, which it shall get, each [size] float32.

    Args:
        crop: Side of the square in the middle of each photo that is seen; 0: all of it.

    Source: StarGAN's loader. Differs: the other label is that of any photo of the set, officially of one in the
        batch.
    """

    photos: Sequence[Path]
    labels: Sequence[np.ndarray]
    crop: int
    view: View
    seeds: Sequence[int]

    def __len__(self) -> int:
        return len(self.photos)

    def __call__(self, nimg: int) -> Arrays:
        """The sample at place `nimg`, as training sees it."""
        position, _ = draw(self.seeds, nimg, len(self))
        other = int(np.random.default_rng([*self.seeds, nimg, 1]).integers(len(self)))
        return (*super().__call__(nimg), self.labels[position], self.labels[other])

    def at(self, position: int) -> Arrays:
        """The sample at a place of the list, whole and not mirrored, with the label of the next one."""
        return (*super().at(position), self.labels[position], self.labels[(position + 1) % len(self)])

    def paths(self) -> Iterable[Path]:
        """Every file of the set."""
        return self.photos

    def digest(self) -> str:
        """Tells this set from others: its photos and labels."""
        return hashlib.sha256(super().digest().encode() + np.stack(self.labels).tobytes()).hexdigest()

    def read(self, position: int, width: int, height: int) -> Arrays:
        """The photo at a place of the list."""
        return (read_middle(self.photos[position], self.crop, width, height),)


@dataclass(frozen=True)
class TwoLabelledSets(Samples):
    """The sample of one set, and that of another, at the same place of the run."""

    first: LabelledSamples
    second: LabelledSamples

    def __len__(self) -> int:
        return max(len(self.first), len(self.second))

    def __call__(self, nimg: int) -> Arrays:
        """Both samples at place `nimg`."""
        return (*self.first(nimg), *self.second(nimg))

    def at(self, position: int) -> Arrays:
        """Both samples at a place of the lists, either list begun anew at its end."""
        return (*self.first.at(position % len(self.first)), *self.second.at(position % len(self.second)))

    def paths(self) -> Iterable[Path]:
        """Every file of either set."""
        return [*self.first.photos, *self.second.photos]

    def digest(self) -> str:
        """Tells these sets from others."""
        return f"{self.first.digest()} {self.second.digest()}"


def read_middle(path: Path, side: int, width: int, height: int) -> np.ndarray:
    """The square in the middle of a photo, as far as the photo reaches, resized bilinearly: [height, width, 3] uint8.

    Args:
        side: Of the square, in pixels of the file; 0: all of the photo.
    """
    return resize_middle(read_photo(path), side, width, height)


def resize_middle(photo: np.ndarray, side: int, width: int, height: int) -> np.ndarray:
    """Cut the square in the middle out of a photo [H, W, 3] uint8 and resize it; arguments as of `read_middle`."""
    if side:
        top, left = (max(0, (whole - side) // 2) for whole in photo.shape[:2])
        photo = photo[top : top + side, left : left + side]
    return resize_photo(photo, width, height, Image.BILINEAR)


def read_attributes(path: Path, names: Sequence[str]) -> Dict[str, Tuple[int, ...]]:
    """File name of each photo -> these attributes, zeros and ones, from a list as CelebA has it.

    The first line is the number of photos, the second the names of the attributes, then there is a line a photo.

    Raises:
        InputError: No such file, an attribute that it does not name, or a line that does not fit.
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
        raise InputError(f"{path}, line 1: tells of {lines[0].strip()} photos, and there are lines for {len(found)}")
    return found


def list_labelled(photos: Sequence[Path], path: Path, names: LabelNames) -> Tuple[List[Path], List[np.ndarray]]:
    """Photos in the order of an attribute list, and their labels.

    Raises:
        InputError: As `read_attributes`; or a photo has no line, or a line no photo.
    """
    attributes, files = read_attributes(path, names.attributes), {photo.name: photo for photo in photos}
    for photo in photos:
        if photo.name not in attributes:
            raise InputError(f"{path}: no line for {photo}")
    for name in attributes:
        if name not in files:
            raise InputError(f"{path}: names {name}, which is not in {photos[0].parent}")
    return [files[name] for name in attributes], [names.of_attributes(values) for values in attributes.values()]
