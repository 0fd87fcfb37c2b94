"""Options of a run as its folder holds them, so that `train --run-dir DIR` alone goes on with them."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_json
from jittor_tsit.config import CONFIGS, Experiment
from jittor_tsit.config.own_options import experiment_from
from jittor_tsit.runs.checkpoint import checkpoint_paths

OPTIONS = "options.json"  # file name in a run's folder


def own_experiment(run_dir: Path) -> Optional[Experiment]:
    """Return the experiment of a run that has begun; None if the folder holds no checkpoint or no options.

    Raises:
        InputError: The options cannot be read, or this version does not know them.
    """
    path = run_dir / OPTIONS
    if not path.is_file() or not checkpoint_paths(run_dir):
        return None
    options = read_json(path)
    if not isinstance(options, dict):
        raise InputError(f"{path}: is not the options of a run; name the experiment by --experiment FILE")
    if options.get("system") in CONFIGS:
        return experiment_from(path, options, CONFIGS)
    from jittor_tsit.runs.loading import experiment_of  # imports Jittor: a system of a user's own

    return experiment_of(path, options)
