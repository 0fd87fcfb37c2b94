"""Batches for training and generation, and the conversion between images in NumPy and in Jittor."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import tee
from typing import Any, Callable, Generator, Iterator, List, Optional, Sequence, Tuple

import jittor as jt
import numpy as np

from jittor_tsit.data.read_ahead import Arrays, read_ahead
from jittor_tsit.data.run_samples import PhasedSamples, WithOther
from jittor_tsit.data.samples import Samples
from jittor_tsit.layers.image_layouts import Image, label_image, one_hot
from jittor_tsit.runtime.parallel import Piece, Share


@dataclass(frozen=True)
class PairedBatch:
    """Label maps with their photos, as Jittor's Vars for the networks."""

    segmap: Image  # [N, label_channels, H, W], one-hot, then the borders of instances if there are any
    image: Optional[jt.Var]  # [N, 3, H, W] in [-1, 1]; None if there are no photos
    index: Sequence[int]  # one number for each image; seeds its random draws
    share: Share  # this batch's share of the images of the step
    other: Optional[jt.Var] = None  # photos of other pairs, like `image`; for systems with `wants_other`
    warped: Optional[Image] = None  # the label maps warped at random, like `segmap`; None: without the option `warp`

    @property
    def segmap_of_G(self) -> Image:
        """The label maps that G gets: the warped ones if there are any."""
        return self.segmap if self.warped is None else self.warped


@dataclass(frozen=True)
class ImageBatch:
    """Images of two sets a and b: input and target, content and style, or two unpaired domains.

    The kind of data says how many channels each set has (`BatchKind.channels`): C is 3, or 1 for grey.
    """

    a: jt.Var  # [N, C, H, W] in [-1, 1]
    b: jt.Var  # [N, C, H, W] in [-1, 1]
    index: Sequence[int]
    share: Share
    other: Optional[jt.Var] = None  # images b of other pairs


@dataclass(frozen=True)
class LabelledImages:
    """The images of one set in a `LabelledBatch`, with their label vectors (attributes or class) and target labels."""

    image: jt.Var  # [N, 3, H, W] in [-1, 1]
    label: jt.Var  # [N, c] float32, label vector of each image
    target: jt.Var  # [N, c] float32, label vector that the translated image should have
    index: Sequence[int]
    share: Share
    number: int = 0  # number of the set in the batch


@dataclass(frozen=True)
class LabelledBatch:
    """A batch of images with labels, from one set or from two sets with the same number of images each."""

    sets: Tuple[LabelledImages, ...]

    @property
    def share(self) -> Share:
        """This batch's share of the images of the step, equal for all sets."""
        return self.sets[0].share


def full_share(num_images: int) -> Share:
    """Return the share of a batch that is the whole batch of its step, in one process."""
    return Share(num_images, num_images, num_images)


def to_segmap(num_ids: int, label: np.ndarray, *edges: np.ndarray) -> Image:
    """Convert class ids to a one-hot label map for the networks.

    Args:
        label: Class ids [N, H, W] uint8, below `num_ids`.
        edges: Nothing, or one array [N, H, W] uint8 of zeros and ones, which becomes the last channel.

    Returns:
        [N, num_ids, H, W], or [N, num_ids + 1, H, W] with edges
    """
    ids = jt.array(label)
    if not edges:
        return label_image(ids, num_ids)
    return jt.concat([one_hot(ids, num_ids), *(jt.array(one).float32().unsqueeze(1) for one in edges)], 1)


def to_image(photo: np.ndarray, channels: int = 3) -> jt.Var:
    """Convert pixels to an image for the networks: [N, H, W, 3] uint8 -> [N, channels, H, W] float32 in [-1, 1].

    Args:
        channels: 3, or 1 for grey pixels, whose three channels are equal.
    """
    return jt.array(photo[..., :channels]).float32().permute(0, 3, 1, 2) / 127.5 - 1


def to_pixels(image: jt.Var) -> np.ndarray:
    """Convert images to pixels, rounded to the nearest grey level: [N, C, H, W] in [-1, 1] -> [N, H, W, 3] uint8.

    C is 3, or 1 for grey. The pixels of a grey image have three equal channels.

    The official programs of TSIT, SPADE, pix2pix, CycleGAN and BicycleGAN truncate instead of rounding. Their pictures
    are half a grey level darker on average and differ from these by 0 or 1. StarGAN's program rounds, too.
    """
    pixels = np.clip(np.rint((image.numpy() + 1) * 127.5), 0, 255)
    return np.repeat(pixels.astype(np.uint8), 3 // pixels.shape[1], axis=1).transpose(0, 2, 3, 1)


def to_file_pixels(image: jt.Var) -> np.ndarray:
    """Convert images to the pixels of their files: [N, H, W, 3] uint8, or [N, H, W] uint8 for images of one channel."""
    return to_pixels(image) if image.shape[1] == 3 else to_pixels(image)[..., 0]


def phased_samples(
    samples: Sequence[Samples], starts: Sequence[int], wants_other: bool, have_sizes: bool = False
) -> PhasedSamples:
    """Join the samples of all phases of a run.

    Args:
        starts: Number of images of the run before each phase.
        wants_other: Whether each sample also holds the target of another sample.
        have_sizes: Whether the images of the phases differ in size.
    """
    return PhasedSamples([WithOther(each) for each in samples] if wants_other else samples, starts, have_sizes)


def batches(
    make_batch: Callable[[Arrays, Piece, int, bool], Any],
    samples: PhasedSamples,
    num_ids: int,
    steps: Iterator[List[Piece]],
    workers: int,
    max_skipped: int = 0,
    on_skipped: Callable[[Sequence[str]], None] = lambda faults: None,
) -> Generator[List[Any], None, None]:
    """Yield the batches of each step that this process computes.

    Args:
        make_batch: `BatchKind.make_batch` of the kind of data.
        num_ids: Number of ids of the label maps, if there are any.
        steps: The pieces of each step that `parallel.split_batch` returns.
        workers: Number of worker processes that read samples.
        max_skipped, on_skipped: See `read_ahead`.

    Yields:
        For each step a list of batches, one for each piece.
    """
    steps, to_read = tee(steps)
    places = ([piece.index for piece in pieces] for pieces in to_read)
    arrays = read_ahead(samples, places, workers, max_skipped, on_skipped, samples.next_place)
    try:
        for pieces, loaded in zip(steps, arrays):
            yield [make_batch(stacked, piece, num_ids, samples.has_other) for piece, stacked in zip(pieces, loaded)]
    finally:
        arrays.close()
