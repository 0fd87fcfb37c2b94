"""Conversion of a checkpoint to files that the official PyTorch code loads, for the command `export`."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Mapping

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder
from jittor_tsit.conversion.official_networks import LAYOUTS, REWRITE, UNUSED, Part, unused_arrays
from jittor_tsit.conversion.renaming import official_names
from jittor_tsit.conversion.torch_writer import Table, write_torch
from jittor_tsit.conversion.weight_files import Arrays
from jittor_tsit.runs.checkpoint import check_arrays, load_checkpoint
from jittor_tsit.runs.loading import experiment_of
from jittor_tsit.systems.build import make_system
from jittor_tsit.systems.state import with_averaged_weights

# Options of SPADE and TSIT that the official code does not have -> what it does instead.
OFFICIAL_VALUES = {
    "attention_G": 0,
    "attention_D": 0,
    "code_in_norms": False,
    "pixel_noise": False,
    "hidden_channels": 128,
}


def run_export(path: Path, out: Path) -> int:
    """Write one file for each network of a checkpoint. Return the exit status.

    Raises:
        InputError: The file is not a checkpoint, its arrays do not fit its options, or the official code does not have
            such a model. Nothing is written.
    """
    checkpoint = load_checkpoint(path, ("G", "E.", "D", f"{UNUSED}."))
    experiment = experiment_of(path, checkpoint.experiment)
    system, config = experiment.system, experiment.config
    if system not in LAYOUTS:
        raise InputError(f"{path}: is of system {system}, which has no official layout; there are {', '.join(LAYOUTS)}")
    for field, only in OFFICIAL_VALUES.items():
        if getattr(config, field, only) != only:
            given = f"{field}={getattr(config, field)}"
            raise InputError(f"{path}: has {given}; the official code has only {field}={only}, and cannot load it")
    networks = networks_of(path, checkpoint.arrays, system)
    check_networks(path, networks, experiment)
    tables = {}
    for part, arrays in networks.items():
        official = with_official_names(arrays, part, config)
        kept = starting_with(f"{UNUSED}.{part.official}.", checkpoint.arrays)
        official = {**official, **unused_arrays(official, LAYOUTS[system]), **kept}
        name = LAYOUTS[system].name_of(part, config, checkpoint.progress.num_steps)
        tables[name] = by_side(official) if getattr(config, "form", "") == REWRITE else official
    make_folder(out)
    for name, table in tables.items():
        write_torch(out / name, table)
        print(f"{out / name}: {len(table)} entries")
    return 0


def networks_of(path: Path, arrays: Arrays, system: str) -> Dict[Part, Arrays]:
    """Group the arrays of a checkpoint by network. G gets its averaged weights if there are any.

    Args:
        path: The checkpoint, for the error message.
        arrays: The arrays of the checkpoint by our names, such as "G.conv_image.weight".
        system: Name of the system, such as "tsit".

    Returns:
        Network -> its arrays by our names without the network's prefix, such as "conv_image.weight". Networks that the
        checkpoint does not hold are left out.

    Raises:
        InputError: The checkpoint holds no network of the system.
    """
    arrays = with_averaged_weights(arrays)
    networks = {}
    for part in LAYOUTS[system].parts:
        own = starting_with(f"{part.ours}.", arrays)
        networks.update({part: own} if own else {})
    if not networks:
        raise InputError(f"{path}: holds no network of {system}")
    return networks


def starting_with(prefix: str, arrays: Arrays) -> Arrays:
    """Return the arrays whose names start with `prefix`, under their names without the prefix."""
    return {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}


def check_networks(path: Path, networks: Mapping[Part, Arrays], experiment) -> None:
    """Check that each network has arrays of the names and shapes that the options of its experiment demand.

    Raises:
        InputError: An array is missing, unexpected or has another shape; see `check_arrays`.
    """
    system = make_system(experiment)
    if not {part.ours for part in networks} <= set(system.networks):
        system.prepare_training(())
    found = {f"{part.ours}.{name}": array for part, arrays in networks.items() for name, array in arrays.items()}
    state = {
        f"{part.ours}.{name}": tuple(var.shape)
        for part in networks
        for name, var in system.networks[part.ours].state_dict().items()
    }
    check_arrays(path, found, state)


def with_official_names(arrays: Arrays, part: Part, config) -> Arrays:
    """Return the arrays of one network (`part`) under the official names. `config` holds the options of the system."""
    return {official: arrays[name] for name, official in official_names(arrays, part.rules(config)).items()}


def by_side(arrays: Arrays) -> Table:
    """Split arrays by the first part of their names: {"a.x": array} -> {"a": {"x": array}}."""
    table: Dict[str, Arrays] = {}
    for name, array in arrays.items():
        side, _, rest = name.partition(".")
        table.setdefault(side, {})[rest] = array
    return table
