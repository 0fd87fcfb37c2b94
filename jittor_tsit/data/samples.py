"""Training samples as NumPy arrays. Imports no Jittor, so that worker processes start quickly."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Sequence, Tuple

import numpy as np
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.basics.names import to_utf8
from data_tools.sets.formats import IMAGES, LABELS, Kind
from data_tools.sets.image_io import read_photo, resize_photo, with_channels
from data_tools.sets.pairing import Pair
from jittor_tsit.data.augmentation import Augmentation, color_jitter, random_crop
from jittor_tsit.data.label_maps import LabelMaps, with_edges
from jittor_tsit.data.read_ahead import Arrays
from jittor_tsit.data.warping import random_warp

Channels = Tuple[int, int]  # of the images of two sets: 3 is colour, 1 is grey
COLOUR: Channels = (3, 3)


class Samples:
    """Endless, seeded sequence of augmented samples of a data set.

    The seeds and the place in the sequence decide which sample it is, its crop and whether it is mirrored. All arrays
    of a sample get the same crop and the same mirroring. `notes` are lines for the user that say which files of the set
    are not used.
    """

    seeds: Sequence[int]
    augmentation: Augmentation
    notes: Sequence[str] = ()

    def __len__(self) -> int:
        """Return the number of samples."""
        raise NotImplementedError

    def paths(self) -> Iterable[Path]:
        """Return every file of the set."""
        raise NotImplementedError

    def name(self, position: int) -> str:
        """Return the stem of the sample at a position of the list, which names it in pictures."""
        raise NotImplementedError

    def lists(self) -> Sequence[Tuple[Sequence[Path], Kind]]:
        """Return the lists of files that make the set, each with the kind of its files."""
        return [(list(self.paths()), IMAGES)]

    def read(self, position: int, width: int, height: int) -> Arrays:
        """Read the arrays of the sample at a position of the list, from its files, resized to width x height."""
        raise NotImplementedError

    def __call__(self, nimg: int) -> Arrays:
        """Return the augmented sample at place `nimg` of the sequence."""
        return self.finish(self.augmented(nimg))

    def draw(self, nimg: int) -> Tuple[int, bool]:
        """Return the position of the sample at place `nimg` of the sequence, and whether it is mirrored."""
        return draw(self.seeds, nimg, len(self))

    def augmented(self, nimg: int) -> Arrays:
        """Return the arrays of `read` of the sample at place `nimg`, cut, with other colours and mirrored."""
        position, mirrored = self.draw(nimg)
        arrays = self.read(position, *self.augmentation.load)
        rng = np.random.default_rng([*self.seeds, nimg])
        if self.augmentation.load != self.augmentation.size:
            arrays = random_crop(arrays, self.augmentation.size, rng)
        if self.augmentation.color_jitter:
            photo, *rest = arrays
            arrays = (
                color_jitter(photo, *rng.uniform(-self.augmentation.color_jitter, self.augmentation.color_jitter, 3)),
                *rest,
            )
        if mirrored and self.augmentation.flip:
            arrays = tuple(array[:, ::-1] for array in arrays)
        return arrays

    def unaugmented(self, position: int) -> Arrays:
        """Return the sample at a position of the list, resized to `augmentation.size`, without crop or mirroring."""
        return self.finish(self.read(position, *self.augmentation.size))

    def finish(self, arrays: Arrays) -> Arrays:
        """Turn the arrays of `read`, perhaps augmented, into the arrays of a sample. Here they are the same."""
        return arrays

    def digest(self) -> str:
        """Return a digest of the names and sizes of the set's files, in order. Equal sets have equal digests."""
        lines = [f"{path.name} {path.stat().st_size}" for path in self.paths()]
        return hashlib.sha256(to_utf8("\n".join(lines))).hexdigest()


@dataclass(frozen=True)
class PairedSamples(Samples):
    """Photos with label maps.

    A sample is photo [H, W, 3] uint8, class ids [H, W] uint8 and, if there are any, instance borders [H, W] uint8. With
    `augmentation.warp`, ids and borders are [2, H, W]: as they are, and warped.
    """

    pairs: Sequence[Pair]
    label_maps: LabelMaps
    augmentation: Augmentation
    seeds: Sequence[int]

    def __len__(self) -> int:
        return len(self.pairs)

    def __call__(self, nimg: int) -> Arrays:
        """Return the augmented sample at place `nimg` of the sequence."""
        arrays = self.augmented(nimg)
        sample, warp = self.finish(arrays), self.augmentation.warp
        if not warp:
            return sample
        rng = np.random.default_rng([*self.seeds, nimg, 2])  # apart from the draws of crops (none) and partners (1)
        photo, *label = arrays
        warped = self.finish((photo, *random_warp(tuple(label), warp, rng)))
        return (photo, *(np.stack(pair) for pair in zip(sample[1:], warped[1:])))

    def paths(self) -> Iterable[Path]:
        """Return every file of the set."""
        return (path for pair in self.pairs for path in (pair.photo, *self.label_maps.paths(pair.label)))

    def name(self, position: int) -> str:
        return self.pairs[position].stem

    def lists(self) -> Sequence[Tuple[Sequence[Path], Kind]]:
        """Return the photos and the label maps."""
        return [([pair.photo for pair in self.pairs], IMAGES), ([pair.label for pair in self.pairs], LABELS)]

    def read(self, position: int, width: int, height: int) -> Arrays:
        """Return photo, class ids and, if needed, instance numbers [height, width] int32 of the pair at a position."""
        pair = self.pairs[position]
        photo = resize_photo(read_photo(pair.photo), width, height)
        return (photo, *self.label_maps.read(pair.label, width, height))

    def finish(self, arrays: Arrays) -> Arrays:
        """Replace the instance numbers by the borders of instances."""
        photo, *label = arrays
        return (photo, *with_edges(*label))


@dataclass(frozen=True)
class UnpairedSamples(Samples):
    """Photos of two folders. Photo number k of `a` always goes with photo number k of `b`; the list of b repeats.

    A sample is a [H, W, 3] uint8 and b [H, W, 3] uint8.

    Args:
        channels: Of a and of b: 3, or 1 for grey.

    Source: TSIT repeats the list of styles to the length of the list of contents and matches them by position.
    """

    photos_a: Sequence[Path]
    photos_b: Sequence[Path]
    augmentation: Augmentation
    seeds: Sequence[int]
    channels: Channels = COLOUR

    def __len__(self) -> int:
        return len(self.photos_a)

    def paths(self) -> Iterable[Path]:
        """Return every file of the set."""
        return [*self.photos_a, *self.photos_b]

    def name(self, position: int) -> str:
        """Return the stem of photo a."""
        return self.photos_a[position % len(self.photos_a)].stem

    def lists(self) -> Sequence[Tuple[Sequence[Path], Kind]]:
        """Return the photos of each folder."""
        return [(self.photos_a, IMAGES), (self.photos_b, IMAGES)]

    def read(self, position: int, width: int, height: int) -> Arrays:
        """Return the photos a and b at a position of the list of a, resized. The list of b repeats."""
        paths = self.photos_a[position], self.photos_b[position % len(self.photos_b)]
        return self.read_both(paths, width, height)

    def read_both(self, paths: Tuple[Path, Path], width: int, height: int) -> Arrays:
        """Read a file of a and a file of b and resize them."""
        return tuple(
            resize_photo(with_channels(read_photo(path), channels), width, height)
            for path, channels in zip(paths, self.channels)
        )


@dataclass(frozen=True)
class DomainSamples(UnpairedSamples):
    """Photos of two folders without correspondence: `a` in a seeded order, `b` drawn at random.

    A sample is a [H, W, 3] uint8 and b [H, W, 3] uint8, each with its own crop and mirroring. An epoch has the length
    of the longer list.

    Source: CycleGAN's unaligned loader; with `load_side`, the loader of UNIT's later code.
    """

    def __len__(self) -> int:
        return max(len(self.photos_a), len(self.photos_b))

    def __call__(self, nimg: int) -> Arrays:
        """Return the augmented photos a and b at place `nimg` of the sequence."""
        rng = np.random.default_rng([*self.seeds, nimg])
        position, _ = draw(self.seeds, nimg, len(self))
        paths = self.photos_a[position % len(self.photos_a)], self.photos_b[int(rng.integers(len(self.photos_b)))]
        return tuple(self.augment(self.load(*each), rng) for each in zip(paths, self.channels))

    def load(self, path: Path, channels: int) -> np.ndarray:
        """Read a photo and resize it to the size before the random crop, [h, w, 3] uint8."""
        photo = with_channels(read_photo(path), channels)
        if not self.augmentation.load_side:
            return resize_photo(photo, *self.augmentation.load)
        height, width = (int(whole * self.augmentation.load_side / min(photo.shape[:2])) for whole in photo.shape[:2])
        return resize_photo(photo, width, height, Image.BILINEAR)

    def augment(self, photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Crop, colour-jitter and mirror a photo [h, w, 3] uint8 at random -> [H, W, 3] uint8."""
        (photo,) = random_crop((photo,), self.augmentation.size, rng)
        if self.augmentation.color_jitter:
            photo = color_jitter(
                photo, *rng.uniform(-self.augmentation.color_jitter, self.augmentation.color_jitter, 3)
            )
        return photo[:, ::-1] if self.augmentation.flip and rng.integers(2) else photo

    def read(self, position: int, width: int, height: int) -> Arrays:
        """Return a and b at a position of both lists, resized. The shorter list repeats."""
        paths = self.photos_a[position % len(self.photos_a)], self.photos_b[position % len(self.photos_b)]
        return self.read_both(paths, width, height)


@dataclass(frozen=True)
class AlignedSamples(Samples):
    """Pairs of corresponding images. A sample is input [H, W, 3] uint8 and target [H, W, 3] uint8.

    Args:
        files: For each sample the files of a and b, or one file that shows a on the left and b on the right.
        is_reversed: Whether b is the input and a the target.
        channels: Of the input and of the target: 3, or 1 for grey.
    """

    files: Sequence[Tuple[Path, ...]]
    is_reversed: bool
    augmentation: Augmentation
    seeds: Sequence[int]
    channels: Channels = COLOUR

    def __len__(self) -> int:
        return len(self.files)

    def paths(self) -> Iterable[Path]:
        """Return every file of the set."""
        return (path for files in self.files for path in files)

    def name(self, position: int) -> str:
        return self.files[position][0].stem

    def lists(self) -> Sequence[Tuple[Sequence[Path], Kind]]:
        """Return the files of a and of b, or one list of files that show both."""
        return [(column, IMAGES) for column in zip(*self.files)]

    def read(self, position: int, width: int, height: int) -> Arrays:
        """Return input and target at a position of the list, resized."""
        images = [read_photo(path) for path in self.files[position]]
        if len(images) == 1:
            images = list(halves(images[0], self.files[position][0]))
        ordered = images[::-1] if self.is_reversed else images
        return tuple(resize_photo(with_channels(*each), width, height) for each in zip(ordered, self.channels))


def halves(image: np.ndarray, path: Path) -> Tuple[np.ndarray, np.ndarray]:
    """Split an image [H, W, 3] into its left and right half.

    Args:
        path: The file, for the error message.

    Raises:
        InputError: The width is odd.
    """
    if image.shape[1] % 2:
        raise InputError(f"{path}: {image.shape[1]} pixels wide; two images side by side have an even width")
    return image[:, : image.shape[1] // 2], image[:, image.shape[1] // 2 :]


def draw(seeds: Sequence[int], nimg: int, size: int) -> tuple[int, bool]:
    """Return the position of the sample at place `nimg` of the sequence, and whether it is mirrored.

    Each epoch visits all `size` samples once, in a new random order.
    """
    epoch, place = divmod(nimg, size)
    rng = np.random.default_rng([*seeds, epoch])
    return int(rng.permutation(size)[place]), bool(rng.integers(2, size=size)[place])
