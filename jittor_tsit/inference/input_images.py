"""The images that a model is given to translate: which files, and which part of each."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict, List, Optional

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import read_header, read_photo, resize_photo
from jittor_tsit.data.folders import layout_of, list_photos
from jittor_tsit.data.samples import halves
from jittor_tsit.inference.model import Model, default_folder
from jittor_tsit.runtime import parallel

# Width by height of two images side by side, as multiples of the model's.
DOUBLE = 1.9, 2.1  # a file of two images, as far as proportions tell
NEARER_TO_TWO = 2**0.5  # from here on nearer to two images than to one


class Originals:
    """Images that a model is given, at its size.

    A file may show two images side by side; one half is then the input. `side_by_side` says so for all files, and
    otherwise the model does. A checkpoint of `convert` or of an older version may not say it: then its training set
    tells, if it is still there, or else the proportions of each file.

    Args:
        folder: Of the images; by default `testA` (`testB` with direction=BtoA) or `test`, and without such the
            training images.
        back: They are to be translated from b to a.
        side_by_side: Whether every file shows two images; None: not said.

    Raises:
        InputError: There is no such folder, or none is known; an image cannot be read; or it has twice the proportions
            of a model that has learned from single images.
    """

    def __init__(self, model: Model, folder: Optional[Path], back: bool, side_by_side: Optional[bool] = None):
        data = model.data
        self.size, self.is_reversed = (data.image_width, data.image_height), (data.direction == "BtoA") != back
        layout: Optional[bool] = False
        if model.system.batch_kind.may_lie_side_by_side:
            layout = first_known(side_by_side, data.side_by_side, layout_of(data.root))
        elif side_by_side is not None:
            raise InputError(f"side_by_side: the model in {model.checkpoint} has not learned from pairs of images")
        self.folder = folder or self._own_folder(model, bool(layout))
        self.paths: List[Path] = list_photos(self.folder)
        self.has_two: Dict[Path, bool] = dict.fromkeys(self.paths, bool(layout))
        if model.system.batch_kind.may_lie_side_by_side and side_by_side is None:
            self.has_two = {path: self._shows_two(path, layout) for path in self.paths}
            self._tell(layout)

    def _own_folder(self, model: Model, has_two: bool) -> Path:
        """The test images beside the training images, or these."""
        root = default_folder(model.data, model.checkpoint)
        if has_two:
            return root / "test"
        own = root / ("testB" if self.is_reversed else "testA")
        if own.is_dir():
            return own
        print(f"{own}: no such folder; translating the images of training", file=sys.stderr)
        return root / model.data.domains[self.is_reversed]

    def _shows_two(self, path: Path, layout: Optional[bool]) -> bool:
        """Whether a file shows two images, by its proportions and by what is known of the layout."""
        width, height, _ = read_header(path)
        times = width * self.size[1] / (height * self.size[0])
        if layout:
            return times > NEARER_TO_TWO
        is_double = DOUBLE[0] <= times <= DOUBLE[1]
        if is_double and layout is False:
            half, size = ("right" if self.is_reversed else "left"), "x".join(map(str, self.size))
            raise InputError(
                f"{path}: {width}x{height} has twice the proportions of the model's {size}, as two images side by side "
                f"have; side_by_side=true takes the {half} half of every image, side_by_side=false all of it"
            )
        return is_double

    def _tell(self, layout: Optional[bool]) -> None:
        """Say in a line which images are halved."""
        count, halved = len(self.paths), sum(self.has_two.values())
        if parallel.rank() or layout is False:
            return
        side = "right" if self.is_reversed else "left"
        said = f"{halved} of {count} images show two side by side; the {side} half is the input" if halved else ""
        if halved < count:
            reason = " because they are too narrow for two" if layout else ""
            said += f"{', and the others' if halved else f'{count} images'} are taken whole{reason}"
        if layout is None:
            said += "; the model does not say how its inputs lie, and the proportions decide"
        print(f"{self.folder}: {said} (side_by_side=true or side_by_side=false decides for all)", file=sys.stderr)

    def read(self, path: Path) -> np.ndarray:
        """[H, W, 3] uint8"""
        photo = read_photo(path)
        if self.has_two[path]:
            photo = halves(photo, path)[self.is_reversed]
        return resize_photo(photo, *self.size)


def first_known(*values: Optional[bool]) -> Optional[bool]:
    """The first that is not None, if there is one."""
    return next((value for value in values if value is not None), None)
