"""Batches for training and generation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import tee
from typing import Any, Callable, Iterator, List, Optional, Sequence, Tuple

import jittor as jt
import numpy as np

from jittor_tsit.data.read_ahead import Arrays, read_ahead
from jittor_tsit.data.samples import (
    PhasedSamples,
    Samples,
    WithOther,
)
from jittor_tsit.layers.image_layouts import Image, label_image, one_hot
from jittor_tsit.runtime.parallel import Piece, Share


@dataclass(frozen=True)
class PairedBatch:
    """Label maps with their photos."""

    segmap: Image  # [N, label_channels, H, W], one-hot, then the borders of instances if there are any
    image: Optional[jt.Var]  # [N, 3, H, W] in [-1, 1]; None where a photo is to be made up
    index: Sequence[int]  # a number for each image, for its random draws
    share: Share  # of the step's images
    other: Optional[jt.Var] = None  # as `image`, but of other pairs, for a system that wants such


@dataclass(frozen=True)
class ImageBatch:
    """Images of two kinds: of the same things ("aligned"), or of different ones ("unpaired", "domains")."""

    a: jt.Var  # [N, 3, H, W] in [-1, 1]
    b: jt.Var  # [N, 3, H, W] in [-1, 1]
    index: Sequence[int]
    share: Share
    other: Optional[jt.Var] = None  # as `b`, but of other pairs


@dataclass(frozen=True)
class LabelledImages:
    """Images of one set with labels."""

    image: jt.Var  # [N, 3, H, W] in [-1, 1]
    label: jt.Var  # [N, c], theirs
    target: jt.Var  # [N, c], which they shall get
    index: Sequence[int]
    share: Share
    number: int = 0  # of the set


@dataclass(frozen=True)
class LabelledBatch:
    """As many images of each set."""

    sets: Tuple[LabelledImages, ...]

    @property
    def share(self) -> Share:
        """Of the step's images, the same in each set."""
        return self.sets[0].share


def alone(num_images: int) -> Share:
    """The share of a batch that is all there is."""
    return Share(num_images, num_images, num_images)


def to_segmap(num_ids: int, label: np.ndarray, *edges: np.ndarray) -> Image:
    """A label map as networks take it.

    Args:
        label: [N, H, W] uint8, ids below `num_ids`.
        edges: None, or one [N, H, W] uint8 of zeros and ones, which becomes the last channel.

    Returns:
        [N, num_ids or one more, H, W]
    """
    ids = jt.array(label)
    if not edges:
        return label_image(ids, num_ids)
    return jt.concat([one_hot(ids, num_ids), *(jt.array(one).float32().unsqueeze(1) for one in edges)], 1)


def to_image(photo: np.ndarray) -> jt.Var:
    """[N, H, W, 3] uint8 -> [N, 3, H, W] float32 in [-1, 1]"""
    return jt.array(photo).float32().permute(0, 3, 1, 2) / 127.5 - 1


def to_pixels(image: jt.Var) -> np.ndarray:
    """Return the nearest grey values of images: [N, 3, H, W] in [-1, 1] -> [N, H, W, 3] uint8.

    The official programs of TSIT, SPADE, pix2pix, CycleGAN and BicycleGAN cut values off instead: their pictures are
    half a grey level darker on average, and differ from ours by 0 or 1. StarGAN's rounds, too.
    """
    pixels = np.clip(np.rint((image.numpy() + 1) * 127.5), 0, 255)
    return pixels.astype(np.uint8).transpose(0, 2, 3, 1)


def phased_samples(samples: Sequence[Samples], starts: Sequence[int], wants_other: bool) -> PhasedSamples:
    """The samples of a run's phases, with others' targets where a system wants them."""
    return PhasedSamples([WithOther(each) for each in samples] if wants_other else samples, starts)


def batches(
    make_batch: Callable[[Arrays, Piece, int, bool], Any],
    samples: PhasedSamples,
    num_ids: int,
    steps: Iterator[List[Piece]],
    workers: int,
    max_skipped: int = 0,
    skipped: Callable[[Sequence[str]], None] = lambda faults: None,
) -> Iterator[List[Any]]:
    """Yield the batches that this process computes of each step.

    Args:
        make_batch: Of the kind of data, `BatchKind.make_batch`.
        num_ids: Of the label maps, if there are any.
        steps: The pieces of each step, as `parallel.split_batch` gives them.
        max_skipped, skipped: As for `read_ahead`.

    Returns:
        For each step a list of batches, one a piece.
    """
    steps, to_read = tee(steps)
    places = ([piece.index for piece in pieces] for pieces in to_read)
    arrays = read_ahead(samples, places, workers, max_skipped, skipped)
    try:
        for pieces, loaded in zip(steps, arrays):
            yield [make_batch(stacked, piece, num_ids, samples.has_other) for piece, stacked in zip(pieces, loaded)]
    finally:
        arrays.close()
