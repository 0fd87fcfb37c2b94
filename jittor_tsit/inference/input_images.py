"""Input images of the command `test` for image-to-image models: which files, and which half of each file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict, List, Optional

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import read_header, read_photo, resize_photo, with_channels
from jittor_tsit.data.folders import layout_of
from jittor_tsit.data.photo_lists import list_photos
from jittor_tsit.data.remarks import tell_of_inputs
from jittor_tsit.data.samples import halves
from jittor_tsit.inference.model import Model, default_folder
from jittor_tsit.inference.names import names_of_inputs
from jittor_tsit.inference.options import DEFAULT, ImageOptions
from jittor_tsit.inference.sizes import sizing_of
from jittor_tsit.runtime import parallel

# Aspect ratio (width / height) of a file, divided by the aspect ratio of the model's images.
DOUBLE = 1.9, 2.1  # in this range a file is taken to show two images side by side
NEARER_TO_TWO = 2**0.5  # above this a file is nearer to two images than to one


class InputImages:
    """Input images of a model, each at the size of its translation.

    A file may show two images side by side. Then one half is the input. The first of these that is known decides
    whether a file shows two images: `side_by_side`, the model's options, the model's training set, the aspect ratio of
    the file.

    Args:
        place: Folder of the images, or the file of one. Default: `testA` (`testB` with direction=BtoA) or `test`, or
            the training images if there is no such folder.
        back: Whether the images will be translated from domain B to domain A.
        side_by_side: Whether every file shows two images; None: unknown.
        options: Decide the sizes, see `Sizing`.

    Raises:
        InputError: The folder is missing or unknown; an image cannot be read; an image has twice the aspect ratio of a
            model that was trained on single images; or two results would have one name.
    """

    def __init__(
        self,
        model: Model,
        place: Optional[Path],
        back: bool,
        side_by_side: Optional[bool] = None,
        options: ImageOptions = DEFAULT,
    ):
        data = model.data
        self.size, self.is_reversed = (data.image_width, data.image_height), (data.direction == "BtoA") != back
        self.channels = model.system.batch_kind.channels[back]  # of the inputs
        layout: Optional[bool] = False
        if model.system.batch_kind.may_lie_side_by_side:
            layout = first_known(side_by_side, data.side_by_side, layout_of(data.root))
        elif side_by_side is not None:
            raise InputError(f"side_by_side: the model in {model.checkpoint} has not learned from pairs of images")
        self.sizing = sizing_of(self.size, options)
        self.folder = place or self._own_folder(model, bool(layout))
        self.paths: List[Path] = [self.folder] if self.folder.is_file() else list_photos(self.folder)
        if self.folder.is_dir():
            parallel.on_first_process(lambda: tell_of_inputs(self.paths))
        self.names: Dict[Path, str] = dict(zip(self.paths, names_of_inputs(self.paths)))
        self.has_two: Dict[Path, bool] = dict.fromkeys(self.paths, bool(layout))
        if model.system.batch_kind.may_lie_side_by_side and side_by_side is None:
            self.has_two = {path: self._shows_two(path, layout) for path in self.paths}
            self._report_layout(layout)

    def _own_folder(self, model: Model, has_two: bool) -> Path:
        """Return the folder of test images beside the model's training images; the training folder if there is none."""
        root = default_folder(model.data, model.checkpoint)
        if has_two:
            return root / "test"
        own = root / ("testB" if self.is_reversed else "testA")
        if own.is_dir():
            return own
        print(f"{own}: no such folder; translating the training images", file=sys.stderr)
        return root / model.data.domains[self.is_reversed]

    def _shows_two(self, path: Path, layout: Optional[bool]) -> bool:
        """Return whether a file shows two images, from its aspect ratio and from the layout of the training set.

        Args:
            layout: Whether the training images lay side by side; None: unknown.
        """
        width, height, _ = read_header(path)
        times = width * self.size[1] / (height * self.size[0])
        if layout:
            return times > NEARER_TO_TWO
        is_double = DOUBLE[0] <= times <= DOUBLE[1]
        if is_double and layout is False:
            half, size = ("right" if self.is_reversed else "left"), "x".join(map(str, self.size))
            raise InputError(
                f"{path}: {width}x{height} is twice as wide, in proportion, as the model's {size}, like two images "
                f"side by side; side_by_side=true takes the {half} half of every image, side_by_side=false all of it"
            )
        return is_double

    def _report_layout(self, layout: Optional[bool]) -> None:
        """Print in one line how many images show two images side by side, so that only a half is the input."""
        count, halved = len(self.paths), sum(self.has_two.values())
        if parallel.rank() or layout is False:
            return
        side = "right" if self.is_reversed else "left"
        text = f"{halved} of {count} images show two side by side; the {side} half is the input" if halved else ""
        if halved < count:
            reason = " because they are too narrow for two" if layout else ""
            text += f"{', and the others' if halved else f'{count} images'} are taken whole{reason}"
        if layout is None:
            text += "; the model does not record whether its files show two images; each file's proportions decided"
        print(f"{self.folder}: {text} (side_by_side=true or side_by_side=false decides for all)", file=sys.stderr)

    def read(self, path: Path) -> np.ndarray:
        """Read an input image, or the input half of a file with two images, and resize it as `Sizing` says.

        Returns:
            [H, W, 3] uint8, in grey if the model's inputs have one channel
        """
        photo = read_photo(path)
        if self.has_two[path]:
            photo = halves(photo, path)[self.is_reversed]
        height, width = photo.shape[:2]
        return resize_photo(with_channels(photo, self.channels), *self.sizing.of(width, height))


def first_known(*values: Optional[bool]) -> Optional[bool]:
    """Return the first value that is not None; None if all are."""
    return next((value for value in values if value is not None), None)
