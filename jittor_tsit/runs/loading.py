"""Choose the checkpoint of a run, and load its networks for inference.

The search itself, which skips damaged checkpoints, is in checkpoint.py (`newest_readable`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict, Mapping, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit.config import Experiment
from jittor_tsit.config.own_options import experiment_from
from jittor_tsit.runs.checkpoint import Checkpoint, check_arrays, load_checkpoint, newest_readable
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.base import System
from jittor_tsit.systems.build import make_system
from jittor_tsit.systems.state import AVERAGED, with_averaged_weights


def find_checkpoint(run_dir: Path) -> Path:
    """Return the newest checkpoint of a run that can be read.

    Raises:
        InputError: There is none.
    """
    path = newest_readable(run_dir, inference_parts, lambda line: print(line, file=sys.stderr))
    if path is None:
        raise InputError(
            f"{run_dir}: holds no checkpoint (state-*.safetensors); run train first, or name one by --checkpoint"
        )
    return path


def inference_parts(options: dict) -> Tuple[str, ...]:
    """Return the name prefixes of the arrays that inference needs. For an unknown system, select all arrays.

    Args:
        options: Options of the experiment in JSON form.
    """
    kind = SYSTEMS.get(str(options.get("system")))
    if kind is None:
        return ("",)
    return tuple(f"{name}." for name in (*kind.inference_networks, *kind.former_names, AVERAGED))


def with_current_names(options: dict, arrays: Mapping[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """Return the arrays under their present names. Some networks have another name in older checkpoints.

    Args:
        options: Options of the experiment, which name the system.
    """
    kind = SYSTEMS.get(str(options.get("system")))
    former = kind.former_names if kind else {}
    renamed = {}
    for name, array in arrays.items():
        network, _, rest = name.partition(".")
        renamed[f"{former.get(network, network)}.{rest}"] = array
    return renamed


def load_networks(path: Path) -> Checkpoint:
    """Load the arrays of a checkpoint that inference needs, under their present names. See `load_checkpoint`."""
    checkpoint = load_checkpoint(path, inference_parts)
    return checkpoint._replace(arrays=with_current_names(checkpoint.experiment, checkpoint.arrays))


def load_system(path: Path) -> tuple[System, Experiment]:
    """Build the system of a checkpoint and load its networks for inference, with averaged weights if there are any.

    Raises:
        InputError: The file is not a checkpoint, or of an incompatible version.
    """
    checkpoint = load_networks(path)
    experiment = experiment_of(path, checkpoint.experiment)
    system = make_system(experiment)
    system.prepare_test()
    arrays = with_averaged_weights(checkpoint.arrays)
    arrays = {name: array for name, array in arrays.items() if name.partition(".")[0] in system.networks}
    for network in system.optional_networks:
        if not any(name.startswith(f"{network}.") for name in arrays):
            system.remove_network(network)
    check_arrays(path, arrays, {name: var.shape for name, var in system.state_dict().items()})
    system.load_state_dict(arrays, checkpoint.progress.num_steps)
    return system, experiment


def experiment_of(path: Path, options: dict) -> Experiment:
    """Return the experiment that a checkpoint was trained with.

    Args:
        path: The checkpoint, for error messages.
        options: Options of the experiment in JSON form.

    Raises:
        InputError: This version does not have the system or an option.
    """
    return experiment_from(path, options, {name: system.Config for name, system in SYSTEMS.items()})
