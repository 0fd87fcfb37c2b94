"""Training samples as arrays. Imports no Jittor: the processes that read them start in a moment."""

from __future__ import annotations

import bisect
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Sequence, Tuple, Union

import numpy as np
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import read_photo, resize_photo
from data_tools.sets.pairing import Pair
from jittor_tsit.data.label_maps import LabelMaps, with_edges
from jittor_tsit.data.read_ahead import Arrays


@dataclass(frozen=True)
class View:
    """How images of any size become training images.

    Args:
        load: Width and height to which they are brought.
        size: Width and height of what is then cut out at random.
        flip: Whether half of them are mirrored.
        color_jitter: Largest change of brightness, contrast and saturation, as a share.
        load_side: If not 0, what their shorter side is brought to, in place of `load`.
    """

    load: Tuple[int, int]
    size: Tuple[int, int]
    flip: bool
    color_jitter: float = 0.0
    load_side: int = 0


class Samples:
    """Samples of a data set in a seeded order without end.

    Which one stands at which place, its cut and whether it is mirrored follow from the seeds and the place alone. The
    arrays of a sample are cut and mirrored together.
    """

    seeds: Sequence[int]
    view: View

    def __len__(self) -> int:
        """Return the number of samples."""
        raise NotImplementedError

    def paths(self) -> Iterable[Path]:
        """Return every file of the set."""
        raise NotImplementedError

    def read(self, position: int, width: int, height: int) -> Arrays:
        """Read the arrays of the sample at a position of the list, resized to this size."""
        raise NotImplementedError

    def __call__(self, nimg: int) -> Arrays:
        """The sample at place `nimg`, as training sees it."""
        position, mirrored = draw(self.seeds, nimg, len(self))
        arrays = self.read(position, *self.view.load)
        rng = np.random.default_rng([*self.seeds, nimg])
        if self.view.load != self.view.size:
            arrays = cut(arrays, self.view.size, rng)
        if self.view.color_jitter:
            photo, *rest = arrays
            arrays = (jitter(photo, *rng.uniform(-self.view.color_jitter, self.view.color_jitter, 3)), *rest)
        if mirrored and self.view.flip:
            arrays = tuple(array[:, ::-1] for array in arrays)
        return self.finish(arrays)

    def at(self, position: int) -> Arrays:
        """The sample at a place of the list, whole and not mirrored."""
        return self.finish(self.read(position, *self.view.size))

    def finish(self, arrays: Arrays) -> Arrays:
        """The arrays that training needs from those that were read."""
        return arrays

    def digest(self) -> str:
        """Tells this set from others: names and file sizes, in order."""
        lines = [f"{path.name} {path.stat().st_size}" for path in self.paths()]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True)
class PairedSamples(Samples):
    """Photo and label of each pair: [H, W, 3] uint8, ids [H, W] uint8, and borders of instances [H, W] uint8 if any."""

    pairs: Sequence[Pair]
    label_maps: LabelMaps
    view: View
    seeds: Sequence[int]

    def __len__(self) -> int:
        return len(self.pairs)

    def paths(self) -> Iterable[Path]:
        """Every file of the set."""
        return (path for pair in self.pairs for path in (pair.photo, *self.label_maps.paths(pair.label)))

    def read(self, position: int, width: int, height: int) -> Arrays:
        """The pair at a place of the list, with instances in place of their borders."""
        pair = self.pairs[position]
        photo = resize_photo(read_photo(pair.photo), width, height)
        return (photo, *self.label_maps.read(pair.label, width, height))

    def finish(self, arrays: Arrays) -> Arrays:
        """Borders in place of instances."""
        photo, *label = arrays
        return (photo, *with_edges(*label))


@dataclass(frozen=True)
class UnpairedSamples(Samples):
    """Photos of two folders: `a` in a seeded order, each with the `b` at its place in the list.

    Source: TSIT's style lists are repeated to the content list's length and matched by place; both images are
    cut and mirrored together.
    """

    photos_a: Sequence[Path]
    photos_b: Sequence[Path]
    view: View
    seeds: Sequence[int]

    def __len__(self) -> int:
        return len(self.photos_a)

    def paths(self) -> Iterable[Path]:
        """Every file of the set."""
        return [*self.photos_a, *self.photos_b]

    def read(self, position: int, width: int, height: int) -> Arrays:
        """The photos at a place of the lists: a [H, W, 3] uint8, b [H, W, 3] uint8."""
        paths = self.photos_a[position], self.photos_b[position % len(self.photos_b)]
        return tuple(resize_photo(read_photo(path), width, height) for path in paths)


@dataclass(frozen=True)
class DomainSamples(UnpairedSamples):
    """Photos of two folders, each cut and mirrored by itself; an epoch is as long as the longer list.

    Source: CycleGAN's unaligned loader: `a` in turn, `b` drawn at random. With `load_side`, UNIT's later loader.
    """

    def __len__(self) -> int:
        return max(len(self.photos_a), len(self.photos_b))

    def __call__(self, nimg: int) -> Arrays:
        """The photos at place `nimg`: a [H, W, 3] uint8, b [H, W, 3] uint8."""
        rng = np.random.default_rng([*self.seeds, nimg])
        position, _ = draw(self.seeds, nimg, len(self))
        paths = self.photos_a[position % len(self.photos_a)], self.photos_b[int(rng.integers(len(self.photos_b)))]
        return tuple(self.seen(self.load(path), rng) for path in paths)

    def load(self, path: Path) -> np.ndarray:
        """A photo at the size from which it is cut."""
        photo = read_photo(path)
        if not self.view.load_side:
            return resize_photo(photo, *self.view.load)
        height, width = (int(whole * self.view.load_side / min(photo.shape[:2])) for whole in photo.shape[:2])
        return resize_photo(photo, width, height, Image.BILINEAR)

    def seen(self, photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A photo as training sees it."""
        (photo,) = cut((photo,), self.view.size, rng)
        if self.view.color_jitter:
            photo = jitter(photo, *rng.uniform(-self.view.color_jitter, self.view.color_jitter, 3))
        return photo[:, ::-1] if self.view.flip and rng.integers(2) else photo

    def read(self, position: int, width: int, height: int) -> Arrays:
        """The photos at a place of the lists, either list begun anew at its end."""
        paths = (photos[position % len(photos)] for photos in (self.photos_a, self.photos_b))
        return tuple(resize_photo(read_photo(path), width, height) for path in paths)


@dataclass(frozen=True)
class AlignedSamples(Samples):
    """Two images of the same thing, input [H, W, 3] uint8 and target [H, W, 3] uint8, cut and mirrored together.

    Args:
        files: Of each sample a and b, or one file that shows a on the left and b on the right.
        is_reversed: b is the input.
    """

    files: Sequence[Tuple[Path, ...]]
    is_reversed: bool
    view: View
    seeds: Sequence[int]

    def __len__(self) -> int:
        return len(self.files)

    def paths(self) -> Iterable[Path]:
        """Every file of the set."""
        return (path for files in self.files for path in files)

    def read(self, position: int, width: int, height: int) -> Arrays:
        """The images at a place of the list."""
        images = [read_photo(path) for path in self.files[position]]
        if len(images) == 1:
            images = list(halves(images[0], self.files[position][0]))
        return tuple(resize_photo(image, width, height) for image in (images[::-1] if self.is_reversed else images))


def halves(image: np.ndarray, path: Path) -> Tuple[np.ndarray, np.ndarray]:
    """Left and right half of an image [H, W, 3].

    Raises:
        InputError: Its width is odd; names the file.
    """
    if image.shape[1] % 2:
        raise InputError(f"{path}: {image.shape[1]} pixels wide; two images side by side have an even width")
    return image[:, : image.shape[1] // 2], image[:, image.shape[1] // 2 :]


@dataclass(frozen=True)
class WithOther:
    """Samples with the target of another one, as it would be seen in its place, as one more array."""

    samples: Samples

    def __call__(self, nimg: int) -> Arrays:
        """The sample at place `nimg`, and the target of another of its epoch; of a set of one, its own."""
        count, target = len(self.samples), 0 if isinstance(self.samples, PairedSamples) else 1
        epoch, place = divmod(nimg, count)
        step = int(np.random.default_rng([*self.samples.seeds, nimg, 1]).integers(1, max(count, 2)))
        other = self.samples(epoch * count + (place + step) % count)
        return (*self.samples(nimg), other[target])


@dataclass(frozen=True)
class PhasedSamples:
    """Samples of a run whose phases read different sets.

    Args:
        phases: The samples of each, all with others or none.
        starts: The first place of each in the run.
    """

    phases: Sequence[Union[Samples, WithOther]]
    starts: Sequence[int]

    @property
    def has_other(self) -> bool:
        """Whether the last array of a sample is another one's target."""
        return isinstance(self.phases[0], WithOther)

    def __call__(self, nimg: int) -> Arrays:
        """The sample at place `nimg` of the run."""
        phase = bisect.bisect_right(self.starts, nimg) - 1
        return self.phases[phase](nimg - self.starts[phase])


def cut(arrays: Arrays, size: Tuple[int, int], rng: np.random.Generator) -> Arrays:
    """The same random part, `size` (width, height), of arrays [H, W, ...]."""
    width, height = size
    top, left = (int(rng.integers(whole - part + 1)) for whole, part in zip(arrays[0].shape, (height, width)))
    return tuple(array[top : top + height, left : left + width] for array in arrays)


def jitter(photo: np.ndarray, brightness: float, contrast: float, saturation: float) -> np.ndarray:
    """Colours scaled from black, from the mean grey and from each pixel's grey: [H, W, 3] uint8 -> the same.

    Args:
        brightness, contrast, saturation: Changes; 0 leaves the photo as it is, -1 takes all.
    """
    colours = photo.astype(np.float32) * (1 + brightness)
    colours += contrast * (colours - colours.mean())
    colours += saturation * (colours - colours.mean(2, keepdims=True))
    return np.clip(np.rint(colours), 0, 255).astype(np.uint8)


def draw(seeds: Sequence[int], nimg: int, size: int) -> tuple[int, bool]:
    """Which of `size` samples stands at place `nimg`, and whether it is mirrored.

    Every epoch of `size` places is a permutation of its own.
    """
    epoch, place = divmod(nimg, size)
    rng = np.random.default_rng([*seeds, epoch])
    return int(rng.permutation(size)[place]), bool(rng.integers(2, size=size)[place])
