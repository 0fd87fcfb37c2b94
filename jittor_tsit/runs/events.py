"""Event files of a run for TensorBoard. They need tensorboardX, an optional package. Imports no Jittor."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Mapping

import numpy as np

from data_tools.basics.errors import InputError

FOLDER = "tensorboard"  # in the run's folder


class Events:
    """Writer of TensorBoard's event files in the folder `tensorboard` of a run.

    A resumed run adds a file to the same folder. TensorBoard hides what an earlier file says of later images.

    Args:
        nimg: Number of images already seen.

    Raises:
        InputError: tensorboardX is not installed.
    """

    def __init__(self, run_dir: Path, nimg: int):
        require_tensorboard()
        from tensorboardX import SummaryWriter

        self.writer = SummaryWriter(str(run_dir / FOLDER), purge_step=nimg + 1, filename_suffix=f".{nimg}")

    def scalars(self, values: Mapping[str, float], nimg: int) -> None:
        """Write named numbers after `nimg` images, and flush the file."""
        for name, value in values.items():
            self.writer.add_scalar(name, value, nimg)
        self.writer.flush()

    def image(self, name: str, image: np.ndarray, nimg: int) -> None:
        """Write an image [H, W, 3] uint8 after `nimg` images."""
        self.writer.add_image(name, image, nimg, dataformats="HWC")

    def close(self) -> None:
        """Close the file."""
        self.writer.close()


def require_tensorboard() -> None:
    """Raise InputError if tensorboardX is not installed."""
    if importlib.util.find_spec("tensorboardX") is None:
        raise InputError("--tensorboard needs tensorboardX: pip install tensorboardX, or leave it out")
