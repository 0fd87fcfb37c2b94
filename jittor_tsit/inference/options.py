"""Options of the images that `test` writes: their number, size, file format and quality."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple, Optional, Tuple

import numpy as np
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.basics.files import write_atomic
from data_tools.sets.image_io import write_photo

FORMATS = ("jpg", "png", "webp")
QUALITY = 95  # of .jpg and .webp; at 95, JPEG's losses are not visible
Size = Tuple[int, int]  # width, height in pixels


class ImageOptions(NamedTuple):
    """Options of the images that `test` writes."""

    draws: int = 1  # images of each input, with the seeds seed, seed + 1, …
    size: Optional[Size] = None  # of the images; None: as the model and the input say
    keep_size: bool = False  # whether a translated image has the size of its input file
    format: str = "jpg"  # a member of FORMATS
    quality: Optional[int] = None  # 1 to 100; None: QUALITY
    match_colours: float = 0.0  # share of the change to the colour histograms of the reference photo, 0 to 1
    class_seeds: Tuple[Tuple[int, int], ...] = ()  # id of a class in label maps, seed of the noise of its pixels

    def check(self) -> None:
        """Raise InputError if two options exclude each other."""
        if self.size and self.keep_size:
            raise InputError("--size and --keep-size: only one of them is allowed")
        if self.format == "png" and self.quality is not None:
            raise InputError(f"--quality {self.quality}: a .png has no quality; leave it out, or take --format jpg")

    def file(self, name: str) -> str:
        """Return the path of an image below the output folder."""
        return f"images/{name}.{self.format}"

    def write(self, path: Path, pixels: np.ndarray) -> None:
        """Write an image, [H, W, 3] uint8 RGB. Equal pixels give equal bytes.

        Raises:
            InputError: The folder may not be written to.
            OSError: The disk is full.
        """
        quality = QUALITY if self.quality is None else self.quality
        if self.format == "jpg":
            return write_photo(path, pixels, quality)
        data, options = io.BytesIO(), {} if self.format == "png" else {"quality": quality}
        Image.fromarray(pixels).save(data, self.format.upper(), **options)
        return write_atomic(path, data.getvalue())


DEFAULT = ImageOptions()
