"""Checkpoints as models that make images."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Iterable, NamedTuple, Optional, Sequence

import numpy as np

from data_tools.errors import InputError
from data_tools.files import write_atomic
from jittor_tsit.config import DataConfig, Experiment, Phase, RunConfig, from_dict
from jittor_tsit.data import WITH_NAMES
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.base import System
from jittor_tsit.training.checkpoint import MAKERS, check_arrays, checkpoint_paths, load_checkpoint, newest_readable

QUALITY = 95  # of the JPEGs; they lose nothing that shows
SHEET_COLUMNS = 3  # pairs of input and image side by side on a contact sheet
SHEET_PAIRS = 30  # at most, so that the sheet can still be looked at
TRANSLATED = ("aligned", "domains")  # kinds of batches whose `a` a model turns into an image


def find_checkpoint(run_dir: Path) -> Path:
    """The newest checkpoint of a run that can be read.

    Raises:
        InputError: There is none.
    """
    path = newest_readable(run_dir, lambda line: print(line, file=sys.stderr))
    if path is None:
        raise InputError(
            f"{run_dir}: holds no checkpoint (state-*.safetensors); run train first, or name one by --checkpoint"
        )
    return path


def newest_run_dir(runs: Path) -> Path:
    """The folder in `runs` with the most recent checkpoint."""
    paths = [path for run_dir in runs.glob("*") for path in checkpoint_paths(run_dir)]
    if not paths:
        raise InputError(f"{runs}: holds no run with a checkpoint; run train first, or name one by --run-dir")
    return max(paths, key=lambda path: path.stat().st_mtime).parent


def load_system(path: Path) -> tuple[System, Experiment]:
    """The networks of a checkpoint that make images; averaged weights where it holds any.

    Raises:
        InputError: Not a checkpoint, or of another version.
    """
    checkpoint = load_checkpoint(path, MAKERS)
    experiment = experiment_of(path, checkpoint.experiment)
    data, run = experiment.data, experiment.run
    system = SYSTEMS[experiment.system](
        experiment.config, data.label_channels, data.image_height, data.image_width, run.seed
    )
    arrays = {name: array for name, array in checkpoint.arrays.items() if name.partition(".")[0] in system.networks}
    averaged = {name: array for name, array in checkpoint.arrays.items() if name.startswith("G_ema.")}
    arrays.update({f"G.{name[len('G_ema.') :]}": array for name, array in averaged.items()})
    for network in system.optional_networks:
        if not any(name.startswith(f"{network}.") for name in arrays):
            system.forget(network)
    check_arrays(path, arrays, {name: var.shape for name, var in system.state_dict().items()})
    system.load_state_dict(arrays, checkpoint.progress.num_steps)
    return system, experiment


def experiment_of(path: Path, options: dict) -> Experiment:
    """The experiment that a checkpoint was trained with."""
    system, phases = str(options.get("system")), options.get("phases", [])
    if system not in SYSTEMS:
        raise InputError(f"{path}: is of system {system}; there are {', '.join(SYSTEMS)}")
    try:
        config = from_dict(SYSTEMS[system].Config, options.get("config"))
        data, run = from_dict(DataConfig, options.get("data")), from_dict(RunConfig, options.get("run"))
        phases = tuple(from_dict(Phase, phase) for phase in (phases if isinstance(phases, list) else [phases]))
        return Experiment(system, config, data, run, phases)
    except InputError as error:
        raise InputError(f"{path}: a checkpoint of another version: {error}") from None


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
    if system.batch_kind not in ("paired", *WITH_NAMES, *TRANSLATED):
        raise InputError(f"{checkpoint}: TSIT's style transfer and segmenters make no images that `test` could write")
    lacking = system.style_network and system.style_network not in system.networks
    if references and lacking:
        raise InputError(
            f"--references: the model in {checkpoint} lacks {system.style_network}, which finds the style of a photo; "
            f"convert it with the file of {system.style_network}, or leave --references out for drawn styles"
        )
    if references and not (system.has_code and system.batch_kind == "paired"):
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
    claim(images, stems, f"{checkpoint} {checkpoint.stat().st_mtime_ns} {options} {digest.hexdigest()}")


def claim(images: Path, stems: Sequence[str], key: str) -> None:
    """Keep the images that an interrupted run of the same began; take away those made from anything else."""
    made_by = images.parent / "made_by.txt"
    if made_by.exists() and made_by.read_text(encoding="utf-8") == key:
        return
    for stem in stems:
        if (images / f"{stem}.jpg").exists():
            (images / f"{stem}.jpg").unlink()
    write_atomic(made_by, key.encode())
