"""The kinds of training data: how samples are found, checked, batched and shown, and what the command `test` does.

A system names its kind as `batch_kind`. To add a kind, write a class here.
"""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any, Callable, List, Optional, Sequence, cast

import jittor as jt
import numpy as np

from jittor_tsit.config import DataConfig
from jittor_tsit.data import folders, labelled_folders
from jittor_tsit.data.batches import (
    ImageBatch,
    LabelledBatch,
    LabelledImages,
    PairedBatch,
    full_share,
    to_image,
    to_segmap,
)
from jittor_tsit.data.grid_inputs import GridHeads, GridInputs, make_grid, stack_samples
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.data.labels import LabelNames
from jittor_tsit.data.read_ahead import Arrays
from jittor_tsit.data.read_through import check_all_pairs, check_photos
from jittor_tsit.data.samples import COLOUR, Channels, DomainSamples, PairedSamples, Samples
from jittor_tsit.runtime.parallel import Piece


class TestTask(enum.Enum):
    """What the command `test` does with a model, which depends on the kind of data."""

    __test__ = False  # pytest must not collect this class

    IMAGES_FROM_LABEL_MAPS = enum.auto()
    IMAGES_FROM_IMAGES = enum.auto()
    PHOTOS_WITH_OTHER_LABELS = enum.auto()
    CLASSES_OF_PHOTOS = enum.auto()
    NOTHING = enum.auto()


class BatchKind:
    """One kind of training data, such as label maps with photos. Subclasses define `find_samples` and `_batch`."""

    test_task = TestTask.NOTHING
    has_label_maps = False  # whether a sample holds a label map
    predicts_label_maps = False  # whether a model of this kind finds the label map of a photo
    may_lie_side_by_side = False  # whether one file may show input and target side by side
    channels: Channels = COLOUR  # of the inputs, or images of domain a; and of the targets, or images of domain b

    def find_samples(self, data: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> Samples:
        """List the training samples of a data set.

        Args:
            split: File with the stems to train on; None: the whole set.
            seeds: Seeds of the order, the random crops and the mirroring.

        Raises:
            InputError: A folder or file is missing or faulty, or an option has no meaning for this kind.
        """
        raise NotImplementedError

    def complete_options(self, data: DataConfig) -> DataConfig:
        """Return the options. A subclass also fills in those that depend on the files of the data set."""
        return data

    def check_samples(
        self,
        samples: Sequence[Samples],
        data: DataConfig,
        kept_in: Path,
        tell: Callable[[str], None],
    ) -> None:
        """Read every file once, to find faulty ones, and tell which files are not used.

        Args:
            samples: The samples of each phase.
            kept_in: Text file that lists the files that passed this check before. They are not read again.
            tell: Called with one line for each kind of unusual files among those that are read.

        Raises:
            InputError: A file is faulty. The message names the first one.
        """
        for note in dict.fromkeys(note for each in samples for note in each.notes):  # phases have the same notes
            tell(note)
        check_photos(samples, kept_in, tell)

    def make_batch(self, arrays: Arrays, piece: Piece, num_ids: int, has_other: bool = False) -> Any:
        """Convert the arrays of N samples to a batch of Jittor's Vars.

        Args:
            arrays: The arrays of samples of this kind, stacked along a first axis of length N.
            piece: Places of the samples in the run, and this process's share of the batch.
            num_ids: Number of ids of the label maps, if there are any.
            has_other: Whether the last array holds the targets of other samples.
        """
        if not has_other:
            return self._batch(arrays, piece, num_ids)
        return self._batch(arrays[:-1], piece, num_ids, to_image(arrays[-1], self.channels[1]))

    def _batch(self, arrays: Arrays, piece: Piece, num_ids: int, other: Optional[jt.Var] = None) -> Any:
        raise NotImplementedError

    def grid_inputs(self, samples: Samples, positions: Sequence[int]) -> GridInputs:
        """Read the samples at these positions of the list, without augmentation, for the sample grid."""
        arrays = stack_samples(samples, positions)
        batch = self._batch(arrays, _whole(positions), 0)
        return make_grid(batch, arrays[0], self._targets(arrays), self._heads(samples), samples, positions)

    def _heads(self, samples: Samples) -> GridHeads:
        """Return what stands above the columns of the sample grid."""
        return GridHeads("input", "ours")

    def _targets(self, arrays: Arrays) -> List[np.ndarray]:
        """Return the columns of the sample grid to the right of the model's outputs, each [N, H, W, 3] uint8.

        Args:
            arrays: The arrays of N samples, stacked along a first axis.
        """
        return []


def _whole(positions: Sequence[int]) -> Piece:
    return Piece(range(len(positions)), full_share(len(positions)))


LABELS_AND_PHOTOS = GridHeads("label", "ours", ("photograph",))


class LabelMapsToPhotos(BatchKind):
    """Label maps as inputs, their photos as targets."""

    test_task = TestTask.IMAGES_FROM_LABEL_MAPS
    has_label_maps = True

    def find_samples(self, data: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> Samples:
        return folders.paired_samples(data, split, seeds)

    def check_samples(
        self,
        samples: Sequence[Samples],
        data: DataConfig,
        kept_in: Path,
        tell: Callable[[str], None],
    ) -> None:
        check_all_pairs(cast(Sequence[PairedSamples], samples), label_maps_of(data), kept_in, tell)

    def _batch(self, arrays: Arrays, piece: Piece, num_ids: int, other: Optional[jt.Var] = None) -> PairedBatch:
        photo, *label = arrays
        warped = None
        if label[0].ndim == 4:  # [N, 2, H, W]: each map as it is, and warped
            label, of_G = ([np.ascontiguousarray(each[:, k]) for each in label] for k in range(2))
            warped = to_segmap(num_ids, *of_G)
        segmap = to_segmap(num_ids, *label)
        return PairedBatch(segmap, to_image(photo), index=piece.index, share=piece.share, other=other, warped=warped)

    def grid_inputs(self, samples: Samples, positions: Sequence[int]) -> GridInputs:
        photos, *labels = stack_samples(samples, positions)
        segmap = to_segmap(_num_ids(samples), *labels)
        whole = _whole(positions)
        batch = PairedBatch(
            segmap, None, index=whole.index, share=whole.share
        )  # without photos, as in the command `test`
        return make_grid(batch, _in_colours(labels[0], samples), [photos], LABELS_AND_PHOTOS, samples, positions)


class PhotosToLabelMaps(LabelMapsToPhotos):
    """Photos as inputs, their label maps as targets."""

    test_task = TestTask.NOTHING
    predicts_label_maps = True

    def grid_inputs(self, samples: Samples, positions: Sequence[int]) -> GridInputs:
        photos, *labels = stack_samples(samples, positions)
        batch = self._batch((photos, *labels), _whole(positions), _num_ids(samples))
        heads = GridHeads("photograph", "ours", ("label",))
        return make_grid(batch, photos, [_in_colours(labels[0], samples)], heads, samples, positions)


def _num_ids(samples: Samples) -> int:
    """Return the number of different ids in the label maps of `samples`, which must be `PairedSamples`."""
    return cast(PairedSamples, samples).label_maps.num_ids


def _in_colours(labels: np.ndarray, samples: Samples) -> np.ndarray:
    """Colour label maps in the colours of the set's classes: class ids [N, H, W] -> [N, H, W, 3] uint8.

    Args:
        samples: `PairedSamples`, which know the classes.
    """
    return cast(PairedSamples, samples).label_maps.class_list.colorize(labels)


class ContentAndStyle(BatchKind):
    """Two sets of photos: contents and styles.

    Args:
        channels: Of the photos of each set: 3, or 1 for grey.
    """

    def __init__(self, channels: Channels = COLOUR):
        self.channels = channels

    def find_samples(self, data: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> Samples:
        return folders.unpaired_samples(data, split, seeds)

    def _batch(self, arrays: Arrays, piece: Piece, num_ids: int, other: Optional[jt.Var] = None) -> ImageBatch:
        a, b = map(to_image, arrays, self.channels)
        return ImageBatch(a, b, index=piece.index, share=piece.share, other=other)

    def _heads(self, samples: Samples) -> GridHeads:
        return GridHeads("content", "ours", ("style",))

    def _targets(self, arrays: Arrays) -> List[np.ndarray]:
        return list(arrays[1:])


class TwoDomains(ContentAndStyle):
    """Unpaired photos of two domains; a is translated to look like b."""

    test_task = TestTask.IMAGES_FROM_IMAGES

    def find_samples(self, data: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> Samples:
        return folders.domain_samples(data, split, seeds, self.channels)

    def _heads(self, samples: Samples) -> GridHeads:
        """Name the columns by the folders of the photos, which direction=BtoA swaps."""
        domains = cast(DomainSamples, samples)
        a, b = (photos[0].parent.name for photos in (domains.photos_a, domains.photos_b))
        return GridHeads(a, f"{a} to {b}", (f"any of {b}",))


class ImagePairs(ContentAndStyle):
    """Pairs of corresponding images: input and target."""

    test_task = TestTask.IMAGES_FROM_IMAGES
    may_lie_side_by_side = True

    def find_samples(self, data: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> Samples:
        return folders.aligned_samples(data, split, seeds, self.channels)

    def _heads(self, samples: Samples) -> GridHeads:
        return GridHeads("input", "ours", ("target",))

    def complete_options(self, data: DataConfig) -> DataConfig:
        """Return the options with `side_by_side` set from the training set.

        `test` cannot derive it from its own folders.
        """
        return folders.with_layout(data)


class PhotosWithLabels(BatchKind):
    """Photos with attributes or classes, in one set or two.

    Args:
        names: Names of the attributes and classes.
    """

    test_task = TestTask.PHOTOS_WITH_OTHER_LABELS

    def __init__(self, names: LabelNames):
        self.names = names

    def find_samples(self, data: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> Samples:
        return labelled_folders.labelled_samples(data, split, seeds, self.names)

    def _batch(self, arrays: Arrays, piece: Piece, num_ids: int, other: Optional[jt.Var] = None) -> LabelledBatch:
        groups = [arrays[k : k + 3] for k in range(0, len(arrays), 3)]  # (photo, label, target label) of each set
        sets = [
            LabelledImages(
                image=to_image(photo),
                label=jt.array(label),
                target=jt.array(target),
                index=piece.index,
                share=piece.share,
                number=number,
            )
            for number, (photo, label, target) in enumerate(groups)
        ]
        return LabelledBatch(tuple(sets))


class TwoDomainsWithClasses(PhotosWithLabels):
    """Photos of a domain with known classes, and of another domain without."""

    test_task = TestTask.CLASSES_OF_PHOTOS

    def find_samples(self, data: DataConfig, split: Optional[Path], seeds: Sequence[int]) -> Samples:
        return labelled_folders.adaptation_samples(data, split, seeds, self.names)


LABEL_MAPS_TO_PHOTOS, PHOTOS_TO_LABEL_MAPS = LabelMapsToPhotos(), PhotosToLabelMaps()
CONTENT_AND_STYLE, TWO_DOMAINS, IMAGE_PAIRS = ContentAndStyle(), TwoDomains(), ImagePairs()
