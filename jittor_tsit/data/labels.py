"""Training samples with labels: photos with attributes (CelebA) or classes. Imports no Jittor.

A label here describes a whole photo. Label maps, with a class for each pixel, are in label_maps.py.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, NamedTuple, Sequence, Tuple

import numpy as np
from PIL import Image

from data_tools.sets.formats import Kind
from data_tools.sets.image_io import read_photo, resize_photo
from jittor_tsit.data.read_ahead import Arrays
from jittor_tsit.data.samples import Augmentation, Samples, draw


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
        notes: See `Samples`.

    Source: StarGAN's loader. Difference: the target label is the label of a random photo of the set; in the official
        code it is the label of a random photo of the batch.
    """

    photos: Sequence[Path]
    labels: Sequence[np.ndarray]
    crop: int
    augmentation: Augmentation
    seeds: Sequence[int]
    notes: Sequence[str] = ()

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

    def name(self, position: int) -> str:
        return self.photos[position].stem

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

    @property
    def notes(self) -> Sequence[str]:  # type: ignore[override]
        """Lines for the user; see `Samples`."""
        return [*self.first.notes, *self.second.notes]

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

    def name(self, position: int) -> str:
        """Return the stem of the photo of the first set."""
        return self.first.name(position % len(self.first))

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
