"""The experiment of a run or checkpoint, from its options in JSON form. Imports no Jittor."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

from data_tools.basics.errors import InputError
from jittor_tsit.config.options import DataConfig, Experiment, Phase, RunConfig, from_dict


def experiment_from(path: Path, options: Mapping[str, Any], configs: Mapping[str, Any]) -> Experiment:
    """Return the experiment that the options of a run describe.

    Args:
        path: File of the options, for error messages.
        configs: Name of a system -> class of its options.

    Raises:
        InputError: This version does not have the system or an option.
    """
    system, phases = str(options.get("system")), options.get("phases", [])
    if system not in configs:
        raise InputError(f"{path}: is of system {system}; there are {', '.join(configs)}")
    try:
        config = from_dict(configs[system], options.get("config"))
        data, run = from_dict(DataConfig, options.get("data")), from_dict(RunConfig, options.get("run"))
        phases = tuple(from_dict(Phase, phase) for phase in (phases if isinstance(phases, list) else [phases]))
        return Experiment(system, config, data, run, phases)
    except InputError as error:
        raise InputError(f"{path}: a checkpoint of another version: {error}") from None
