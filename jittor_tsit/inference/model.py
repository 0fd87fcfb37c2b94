"""Checkpoints as models that make images."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Iterable, NamedTuple, Optional, Sequence

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import file_version, write_atomic
from jittor_tsit.config import DataConfig
from jittor_tsit.data.batch_kinds import TestTask
from jittor_tsit.runs.loading import load_system
from jittor_tsit.systems.base import System


class Model(NamedTuple):
    """What makes images."""

    checkpoint: Path
    system: System
    data: DataConfig  # of its training


def load_model(checkpoint: Path, references: Optional[Path]) -> Model:
    """The model of a checkpoint that makes images, and takes styles if references are named.

    Raises:
        InputError: It is another kind of checkpoint, or none.
    """
    system, experiment = load_system(checkpoint)
    task = system.batch_kind.test_task
    if task is TestTask.NOTHING:
        raise InputError(f"{checkpoint}: TSIT's style transfer and segmenters make no images that `test` could write")
    lacking = system.style_network and system.style_network not in system.networks
    if references and lacking:
        raise InputError(
            f"--references: the model in {checkpoint} lacks {system.style_network}, which finds the style of a photo; "
            f"convert it with the file of {system.style_network}, or leave --references out for drawn styles"
        )
    if references and not (system.has_code and task is TestTask.IMAGES_FROM_LABEL_MAPS):
        raise InputError(f"--references: the model in {checkpoint} takes no style from a photo")
    return Model(checkpoint, system, experiment.data)


def default_folder(data: DataConfig, checkpoint: Path) -> Path:
    """The folder of a checkpoint's training data.

    Raises:
        InputError: It knows of none.
    """
    if not data.root:
        raise InputError(f"{checkpoint}: comes from convert and knows no data set; name a folder by --data")
    return Path(data.root)


def begin_images(
    model: Model, images: Path, stems: Sequence[str], inputs: Iterable[np.ndarray], *options: object
) -> None:
    """Read all inputs, of which a faulty one stops here, and only then make the folder ready as `claim` does."""
    digest = hashlib.sha256()
    for array in inputs:
        digest.update(array.tobytes())
    images.mkdir(parents=True, exist_ok=True)
    checkpoint = model.checkpoint.resolve()
    claim(images, stems, f"{checkpoint} {file_version(checkpoint).changed_ns} {options} {digest.hexdigest()}")


def claim(images: Path, stems: Sequence[str], key: str) -> None:
    """Keep the images that an interrupted run of the same began; take away those made from anything else."""
    made_by = images.parent / "made_by.txt"
    if made_by.exists() and made_by.read_text(encoding="utf-8") == key:
        return
    for stem in stems:
        if (images / f"{stem}.jpg").exists():
            (images / f"{stem}.jpg").unlink()
    write_atomic(made_by, key.encode())
