"""Initial weights of a new run from a checkpoint of another run, of `convert` or of `average` (--from-weights)."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, NamedTuple

import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit.runs.checkpoint import check_arrays, load_checkpoint
from jittor_tsit.runs.loading import with_current_names
from jittor_tsit.runs.same_run import flatten, is_of_model, with_defaults
from jittor_tsit.systems.base import System
from jittor_tsit.systems.state import AVERAGED


class Initial(NamedTuple):
    """Initial weights of a system, as read from the checkpoint of another run."""

    arrays: Dict[str, np.ndarray]  # arrays of the networks that the file holds
    notes: List[str]  # lines for the log


def read_initial(path: Path, system: System, options: dict) -> Initial:
    """Read the networks of a checkpoint as initial weights. Networks that it lacks keep their random weights.

    If the run keeps averaged weights of G, they start as those of the file, or as G if the file has none.

    Args:
        options: Options of the new run in JSON form.

    Raises:
        InputError: The file is not a checkpoint, is of another system, or an array is missing, unexpected or has
            another shape. The message also names the options of the model that differ.
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
    """Return whether the array `name` belongs to a network, not to an optimizer, an image pool or a loss scale."""
    part = name.partition(".")[0]
    return not part.startswith(("optimizer_", "loss_scale_")) and part not in system.extras


def arrays_with_average(arrays: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """Return the arrays with averaged weights of G. An averaged array that is missing is replaced by that of G."""
    averaged = {f"{AVERAGED}.{name[len('G.') :]}": array for name, array in arrays.items() if name.startswith("G.")}
    return {**averaged, **arrays}


def without_average(arrays: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """Return the arrays without the averaged weights of G."""
    return {name: array for name, array in arrays.items() if not name.startswith(f"{AVERAGED}.")}


def model_differences(there: dict, here: dict) -> List[str]:
    """Compare the options of the model in a checkpoint (`there`) with those of the new run (`here`).

    Returns:
        A list of one line that names all differing options; an empty list if none differs.
    """
    there, here = flatten(with_defaults(there)), flatten(here)
    names = [name for name in sorted({**there, **here}) if is_of_model(name) and there.get(name) != here.get(name)]
    pairs = [f"{name}: {there.get(name)}, {here.get(name)}" for name in names]
    return [f"the model's options differ (there, here): {'; '.join(pairs)}"] if pairs else []
