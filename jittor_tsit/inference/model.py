"""Loading of a checkpoint for the command `test`, and the folder of its images."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Iterable, NamedTuple, Optional, Sequence

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import file_version, write_atomic
from data_tools.basics.names import to_utf8
from jittor_tsit.config import DataConfig
from jittor_tsit.data.batch_kinds import TestTask
from jittor_tsit.runs.loading import load_system
from jittor_tsit.systems.base import System


class Model(NamedTuple):
    """A checkpoint loaded for the command `test`: its file, its system with the weights, and its data options."""

    checkpoint: Path
    system: System
    data: DataConfig  # data options of the training run


def load_model(checkpoint: Path, references: Optional[Path]) -> Model:
    """Load a checkpoint for inference.

    Args:
        references: Folder of reference photos, if styles are to be taken from photos.

    Raises:
        InputError: The file is not a checkpoint, its system generates no images, or it cannot use reference photos.
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
    return Model(checkpoint, system, experiment.data)


def default_folder(data: DataConfig, checkpoint: Path) -> Path:
    """Return the folder of a checkpoint's training data.

    Raises:
        InputError: The checkpoint does not record one.
    """
    if not data.root:
        raise InputError(f"{checkpoint}: was made by convert and records no data set; name a folder by --data")
    return Path(data.root)


def prepare_images(
    model: Model, images: Path, stems: Sequence[str], inputs: Iterable[np.ndarray], *options: object
) -> None:
    """Read all inputs, create the folder `images`, and remove outdated images from it.

    A faulty input raises an error before the folder changes.

    Args:
        stems: Names of the images.
        inputs: Arrays of all inputs.
        options: Further values that the images depend on.
    """
    digest = hashlib.sha256()
    for array in inputs:
        digest.update(array.tobytes())
    images.mkdir(parents=True, exist_ok=True)
    checkpoint = model.checkpoint.resolve()
    changed = file_version(checkpoint).changed_ns
    remove_outdated_images(images, stems, f"{checkpoint} {changed} {options} {digest.hexdigest()}")


def remove_outdated_images(images: Path, stems: Sequence[str], key: str) -> None:
    """Remove images that were generated from other inputs or by another model. Keep those of an interrupted run.

    Args:
        stems: Names of the images.
        key: Text that identifies model, inputs and options. It is kept in made_by.txt beside the folder.
    """
    made_by = images.parent / "made_by.txt"
    if made_by.exists() and made_by.read_bytes() == to_utf8(key):
        return
    for stem in stems:
        if (images / f"{stem}.jpg").exists():
            (images / f"{stem}.jpg").unlink()
    write_atomic(made_by, to_utf8(key))
