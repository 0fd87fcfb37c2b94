"""Compare the header of a checkpoint for --from-weights with the options of the new run. Imports no Jittor.

`initial.read_initial` compares every array later, when the networks exist. Most mistakes are found here, at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Tuple

from data_tools.basics.errors import InputError
from jittor_tsit.config import CONFIGS
from jittor_tsit.runs.checkpoint import read_header
from jittor_tsit.runs.same_run import Difference, flatten, with_defaults

# Option -> beginning of the names of the networks whose arrays always have other shapes, or other names, with another
# value.
SHAPING = {
    "config.width": "G",
    "config.width_D": "D",
    "config.width_E": "E",
    "config.hidden_channels": "G",
    "config.code_in_norms": "G",
    "config.pixel_noise": "G",
    "config.z_dim": "E",
    "config.num_layers_D": "D",
    "config.num_scales_D": "D",
    "config.size": "",  # of SegFormer
}
CLASSES, UNKNOWN = "data.num_classes", "data.unknown_id"  # decide the channels of one-hot label maps
ONE_HOT = ("tsit", "spade", "segformer")  # systems whose networks take or give one channel for each class


def check_initial_header(path: Path, options: dict) -> None:
    """Check that the networks of a checkpoint fit a new run, as far as the header tells.

    Args:
        options: Options of the new run in JSON form.

    Raises:
        InputError: The file is not a checkpoint or is damaged, is of another system, or an option that decides the
            shapes of its arrays has another value.
    """
    header = read_header(path)
    there, here = header.experiment.get("system"), options["system"]
    if there != here:
        raise InputError(f"--from-weights {path}: holds a model of {there}; this run trains {here}")
    if here not in CONFIGS:  # a system of a user's own
        return
    differences = shaping_differences(header.experiment, options, tuple(header.checksums or ()))
    if differences:
        old = " ".join(f"{each.name.partition('.')[2]}={each.there}" for each in differences)
        raise InputError(
            f"--from-weights {path}: holds networks of other sizes: {'; '.join(map(str, differences))}; give {old}, or "
            "train from the start without --from-weights"
        )


def shaping_differences(there: dict, here: dict, arrays: Tuple[str, ...]) -> List[Difference]:
    """List the options that differ and that decide the shapes of arrays in a checkpoint.

    Args:
        there, here: Options of the checkpoint and of the new run, in JSON form.
        arrays: Names of the arrays in the checkpoint.
    """
    is_one_hot = here["system"] in ONE_HOT and here["config"].get("form") != "ast"  # of TSIT: without label maps
    there, here = flatten(with_defaults(there)), flatten(with_defaults(here))
    shaping: Dict[str, str] = dict(SHAPING)
    if is_one_hot and there.get(UNKNOWN) == here.get(UNKNOWN):
        shaping[CLASSES] = ""
    names = [name for name, network in shaping.items() if any(array.startswith(network) for array in arrays)]
    return [
        Difference(name, there[name], here[name])
        for name in names
        if name in there and name in here and there[name] != here[name]
    ]
