"""What the networks of a new run begin with: those of a checkpoint of another run, of `convert` or of `average`."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, NamedTuple

import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit.runs.checkpoint import check_arrays, load_checkpoint
from jittor_tsit.runs.loading import with_current_names
from jittor_tsit.runs.same_run import completed, flatten
from jittor_tsit.systems.base import System
from jittor_tsit.systems.state import AVERAGED

# Options that say what the networks compute, whether their arrays tell it or not; without those of training.
OF_MODEL = ("config.", "data.num_classes", "data.unknown_id", "data.instance_edges", "data.image_", "data.direction")
OF_TRAINING = ("config.weights.", "config.optim.", "config.perceptual")


class Initial(NamedTuple):
    """Of a file, for a system."""

    arrays: Dict[str, np.ndarray]  # of the networks that it holds
    told: List[str]  # lines for the log


def read_initial(path: Path, system: System, options: dict) -> Initial:
    """The networks of a checkpoint, each whole; a system's networks that it lacks begin anew.

    An average of G is taken where the run keeps one; where only the run has one, it begins as G.

    Args:
        options: Of the new run, as JSON has them.

    Raises:
        InputError: No checkpoint, or one of another system, or with an array that is missing, too much or of another
            shape; then also names the options that differ.
    """
    checkpoint = load_checkpoint(path)
    there = checkpoint.experiment.get("system")
    if there != options["system"]:
        raise InputError(f"{path}: holds a model of {there}; this run trains {options['system']}")
    arrays = with_current_names(checkpoint.experiment, checkpoint.arrays)
    arrays = {name: array for name, array in arrays.items() if is_of_network(name, system)}
    arrays = arrays_with_average(arrays) if AVERAGED in system.networks else without_average(arrays)
    held = {name.partition(".")[0] for name in arrays}
    if not held:
        raise InputError(f"{path}: holds no network of {there}")
    state = {name: tuple(var.shape) for name, var in system.state_dict().items()}
    differences = model_differences(checkpoint.experiment, options)
    try:
        check_arrays(path, arrays, {name: shape for name, shape in state.items() if name.partition(".")[0] in held})
    except InputError as error:
        raise InputError("; ".join([str(error), *differences])) from None
    new = [name for name in system.networks if name not in held]
    taken = f"networks from {path}: {', '.join(sorted(held))}"
    return Initial(arrays, [f"{taken}; new: {', '.join(new)}" if new else taken, *differences])


def is_of_network(name: str, system: System) -> bool:
    """Whether an array of a checkpoint belongs to a network; optimizers, image pools and loss scales begin anew."""
    part = name.partition(".")[0]
    return not part.startswith(("optimizer_", "loss_scale_")) and part not in system.extras


def arrays_with_average(arrays: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """Add an average of G where there is none: it begins as G."""
    begun = {f"{AVERAGED}.{name[len('G.') :]}": array for name, array in arrays.items() if name.startswith("G.")}
    return {**begun, **arrays}


def without_average(arrays: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """Leave out the average of G."""
    return {name: array for name, array in arrays.items() if not name.startswith(f"{AVERAGED}.")}


def model_differences(there: dict, here: dict) -> List[str]:
    """The model's options that differ, in a line; none if they are the same."""
    there, here = flatten(completed(there)), flatten(here)
    names = [
        name
        for name in sorted({**there, **here})
        if name.startswith(OF_MODEL) and not name.startswith(OF_TRAINING) and there.get(name) != here.get(name)
    ]
    pairs = [f"{name}: {there.get(name)}, {here.get(name)}" for name in names]
    return [f"the model's options differ (there, here): {'; '.join(pairs)}"] if pairs else []
