"""Loading of a checkpoint for the command `test`, and the default folder of its inputs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import NamedTuple, Optional

from data_tools.basics.errors import InputError
from data_tools.basics.files import file_version
from jittor_tsit.config import DataConfig
from jittor_tsit.data.batch_kinds import TestTask
from jittor_tsit.inference.options import Size
from jittor_tsit.inference.sizes import require_multiple
from jittor_tsit.runs.checkpoint import read_header
from jittor_tsit.runs.loading import load_system
from jittor_tsit.systems.base import System


class Model(NamedTuple):
    """A checkpoint loaded for the command `test`: its file, its system with the weights, and its data options."""

    checkpoint: Path
    system: System
    data: DataConfig  # data options of the training run

    def maker(self, seed: Optional[int] = None) -> str:
        """Name the model for a sheet: its checkpoint and, if its images depend on one, the seed."""
        return f"{self.checkpoint}" if seed is None else f"{self.checkpoint}, seed {seed}"

    @property
    def key(self) -> str:
        """Text that identifies the checkpoint's content; for files without checksums, their path and time of change."""
        path = self.checkpoint.resolve()
        header = read_header(path)
        if header.checksums is None:
            return f"{path} {file_version(path).changed_ns}"
        return json.dumps([header.experiment, header.checksums], sort_keys=True)


def load_model(checkpoint: Path, references: Optional[Path], size: Optional[Size] = None) -> Model:
    """Load a checkpoint for inference.

    Args:
        references: Folder of reference photos, if styles are to be taken from photos.
        size: Width and height of the images that a model for label maps is to make; None: as in training.

    Raises:
        InputError: The file is not a checkpoint, its system generates no images or none of this size, or it cannot use
            reference photos.
    """
    system, experiment = load_system(checkpoint)
    task = system.batch_kind.test_task
    if task is TestTask.NOTHING:
        name = f"{experiment.system} (style transfer or segmentation)"
        raise InputError(f"{checkpoint}: is a checkpoint of {name}, for which `test` writes no images")
    lacking = system.style_network and system.style_network not in system.networks
    if references and lacking:
        raise InputError(
            f"--references: the model in {checkpoint} lacks {system.style_network}, which finds the style of a photo; "
            f"convert it with the file of {system.style_network}, or leave --references out for random styles"
        )
    if references and not (system.has_code and task is TestTask.IMAGES_FROM_LABEL_MAPS):
        raise InputError(f"--references: the model in {checkpoint} takes no style from a photo")
    return with_size(Model(checkpoint, system, experiment.data), size)


def with_size(model: Model, size: Optional[Size]) -> Model:
    """Return a model for label maps with the options that make images of another size; other models unchanged.

    Args:
        size: Width and height of the images; None: as in training.

    Raises:
        InputError: The model makes no images of this size.
    """
    if size is None or model.system.batch_kind.test_task is not TestTask.IMAGES_FROM_LABEL_MAPS:
        return model
    require_multiple(size, model.system.image_multiple, "this model")
    data = dataclasses.replace(model.data, load_width=0, load_height=0, load_side=0)
    data = dataclasses.replace(data, image_width=size[0], image_height=size[1])
    return model._replace(data=dataclasses.replace(data, output_width=size[0], output_height=size[1]))


def default_folder(data: DataConfig, checkpoint: Path) -> Path:
    """Return the folder of a checkpoint's training data.

    Raises:
        InputError: The checkpoint does not record one.
    """
    if not data.root:
        raise InputError(f"{checkpoint}: was made by convert and records no data set; name a folder by --data")
    return Path(data.root)
