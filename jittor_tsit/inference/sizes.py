"""Sizes of translated images: the photo's own proportions, at a scale and in multiples that the network takes."""

from __future__ import annotations

import math
from typing import Callable, NamedTuple, Optional

import jittor as jt
import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit.config import DataConfig
from jittor_tsit.data.batches import to_file_pixels, to_image
from jittor_tsit.inference.options import ImageOptions, Size

LEAST = 16  # pixels of a padded side: the innermost features then have at least 4, which reflection padding needs


class Sizing(NamedTuple):
    """Rule for the size at which a photo is translated.

    The image has the photo's proportions and about as many pixels as the model's training images. `asked` overrides
    this, and with `keeps_own` the image has the photo's size.
    """

    model: Size  # of the training images
    asked: Optional[Size] = None
    keeps_own: bool = False

    def of(self, width: int, height: int) -> Size:
        """Return the size of the image of a photo with this width and height."""
        if self.asked or self.keeps_own:
            return self.asked or (width, height)
        long, short = max(width, height), min(width, height)
        new_short = max(1, round(math.sqrt(self.model[0] * self.model[1] * short / long)))
        new_long = max(1, round(new_short * long / short))
        return (new_long, new_short) if width >= height else (new_short, new_long)

    def __str__(self) -> str:
        if self.asked:
            return "{}x{}".format(*self.asked)
        if self.keeps_own:
            return "each at the size of its input"
        return "each in the proportions of its input, with about the pixels of {}x{} (--size, --keep-size)".format(
            *self.model
        )


def sizing_of(model_size: Size, options: ImageOptions) -> Sizing:
    """Return the rule for the sizes of a model's images.

    Args:
        model_size: Width and height of the training images.
    """
    return Sizing(model_size, options.size, options.keep_size)


def least_side(data: DataConfig) -> int:
    """Return the least side of a padded photo, in pixels: LEAST, or less for a model of smaller images."""
    return min(LEAST, data.image_width, data.image_height)


def generate_padded(
    generate: Callable[[jt.Var], jt.Var], photo: np.ndarray, multiple: int, least: int, channels: int = 3
) -> np.ndarray:
    """Translate a photo of any size: pad it by reflection to the network's multiple, and cut the image back.

    Args:
        generate: Maps images [N, channels, H, W] in [-1, 1] to images [N, C, H, W] in [-1, 1].
        photo: [H, W, 3] uint8; with one channel its three channels must be equal.
        multiple: The network needs sides that are multiples of this.
        least: Least side of the padded photo, in pixels.
        channels: Of the network's input: 3, or 1 for grey.

    Returns:
        [N, H, W, 3] uint8, or [N, H, W] uint8 of a network that makes images of one channel
    """
    height, width = photo.shape[:2]
    rows, columns = (-(-max(side, least) // multiple) * multiple - side for side in (height, width))
    if rows or columns:
        photo = np.pad(photo, ((0, rows), (0, columns), (0, 0)), mode="reflect")
    return to_file_pixels(generate(to_image(photo[None], channels)))[:, :height, :width]


def require_multiple(size: Size, multiple: int, system: str) -> None:
    """Check a size that was asked for against the multiple of a network that is fed with label maps.

    Raises:
        InputError: A side is no multiple. The message names the nearest sizes that are allowed.
    """
    if all(side % multiple == 0 for side in size):
        return
    below, above = (tuple(max(1, f(side / multiple)) * multiple for side in size) for f in (math.floor, math.ceil))
    near = dict.fromkeys("{}x{}".format(*each) for each in (below, above))
    text = "size {}x{}: {} needs multiples of {}; the nearest are {}"
    raise InputError(text.format(*size, system, multiple, " and ".join(near)))
