"""Conversion of published weight files to a checkpoint, for the command `convert`.

The checkpoint holds the networks only, without optimizers.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder
from data_tools.basics.invocation import typed
from jittor_tsit.commands.path_checks import require_suffix
from jittor_tsit.config import DataConfig, Experiment, RunConfig
from jittor_tsit.config.overrides import override
from jittor_tsit.conversion.official_files import OfficialFile, read_official
from jittor_tsit.conversion.official_networks import (
    ASSIGNMENT,
    LAYOUTS,
    UNUSED,
    Part,
    find_part,
    part_by_name,
    split_statistics,
)
from jittor_tsit.conversion.official_sizes import FileOptions, Value
from jittor_tsit.conversion.renaming import from_official
from jittor_tsit.conversion.unrecorded_options import SIZE
from jittor_tsit.conversion.weight_files import Arrays
from jittor_tsit.data.label_maps import label_channels
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, save_checkpoint
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.base import System
from jittor_tsit.systems.build import make_system

PORT_NOTES = (  # differences at test between the contest team's code and this program
    "theirs normalises a batch of ten test images by its own statistics, ours each image by the running ones",
    "theirs takes the style from the label map's own picture, ours draws one or takes a photo's (--references)",
)
RANGE_NOTE = "the recorded SimGAN has images in [0, 1], ours in [-1, 1]: its images differ from ours"
ABSENT_NOTES = {  # system -> name of a missing network -> note
    "cyclegan": {"G_ba": "without G_B: test translates one way, --back is refused"},
    "bicyclegan": {"E": "without E: test draws the styles, and takes none from a photo (--references is refused)"},
}


class Network(NamedTuple):
    """A network to convert: which network of the system it is, its file, and the arrays by official names."""

    part: Part
    path: Path
    arrays: Arrays  # by official names
    unused: Arrays  # arrays that have no effect on the output
    is_port: bool  # whether the file is of the contest team's Jittor port


def run_convert(words: Sequence[str], system: str, out: Path, assignments: Sequence[str]) -> int:
    """Write the checkpoint and return the exit status.

    Args:
        words: Files, each as FILE or as NETWORK=FILE, and options as field=value among them.
        assignments: Further options as field=value.

    Raises:
        InputError: A file cannot be read or is not of this system; an array is missing, unexpected or has another
            shape; or an option contradicts the arrays. Nothing is written.
    """
    require_suffix("--out", out)
    files, options = split_words(words, system)
    networks = read_networks(files, system)
    experiment = experiment_for(networks, system, [*options, *assignments])
    built = build(experiment, networks)
    arrays = our_arrays(networks, built, experiment)
    make_folder(out.parent)
    save_checkpoint(out, Checkpoint(arrays, Progress(0, 0), dataclasses.asdict(experiment)))
    for line in report(networks, experiment):
        print(line)
    print(f"{out}: {len(arrays)} arrays of {experiment.system}; {typed('test')} --checkpoint {out}")
    return 0


def split_words(words: Sequence[str], system: str) -> Tuple[List[Tuple[str, Path]], List[str]]:
    """Split the words into (network name, file) pairs and options. The network name is empty if it is not given."""
    files, options = [], []
    for word in words:
        name, _, rest = word.partition("=")
        if part_by_name(system, name) and rest:
            files.append((name, Path(rest)))
        elif ASSIGNMENT.match(word) and not Path(word).exists():
            options.append(word)
        else:
            files.append(("", Path(word)))
    return files, options


def read_networks(files: Sequence[Tuple[str, Path]], system: str) -> Dict[str, Network]:
    """Read the networks: official name -> network.

    Raises:
        InputError: A file is faulty, or two files hold the same network.
    """
    networks: Dict[str, Network] = {}
    for name, path in files:
        found: OfficialFile = read_official(path)
        part = part_by_name(system, name) or find_part(path, found.arrays, system)
        if part.official in networks:
            raise InputError(f"{networks[part.official].path} and {path}: both hold {part.official}")
        arrays, unused = split_statistics(found.arrays, LAYOUTS[system])
        networks[part.official] = Network(part, path, arrays, {**found.unused, **unused}, found.is_port)
    return networks


def experiment_for(networks: Mapping[str, Network], system: str, assignments: Sequence[str]) -> Experiment:
    """Return the experiment of the networks: options from the arrays, the command line and the published models.

    Raises:
        InputError: An option is wrong or contradicts the arrays.
    """
    layout = LAYOUTS[system]
    found = options_of_files(networks, system)
    fixed = [f"{field}={_text(value)}" for field, value in found.options.items()]
    usual = [*layout.defaults, *found.published, *_num_classes(found, assignments)]
    base = Experiment(system, SYSTEMS[system].Config(), run=RunConfig(total_nimg=1))
    usual += layout.dependent_defaults(override(base, [*usual, *fixed, *assignments]).config)
    experiment = override(base, [*usual, *fixed, *assignments])
    _require_agreement(experiment, override(base, [*usual, *assignments, *fixed]), found.options)
    channels = label_channels(experiment.data)
    if found.label_channels not in (None, channels):
        raise InputError(
            f"num_classes={experiment.data.num_classes}: with unknown_id and instance_edges label maps have {channels} "
            f"channels, but in the arrays they have {found.label_channels}"
        )
    size = [f"output_{side}={getattr(experiment.data, f'image_{side}')}" for side in ("width", "height")]
    return override(experiment, [*size, *(text for text in assignments if text.startswith("output_"))])


def options_of_files(networks: Mapping[str, Network], system: str) -> FileOptions:
    """Return the options that the arrays and the type of the files determine."""
    found = LAYOUTS[system].options_of({name: network.arrays for name, network in networks.items()})
    return found._replace(options={**found.options, "downsampling": "bilinear"}) if _is_port(networks) else found


def _is_port(networks: Mapping[str, Network]) -> bool:
    return any(network.is_port for network in networks.values())


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _num_classes(found: FileOptions, assignments: Sequence[str]) -> List[str]:
    """Return the option num_classes: the channels of the label maps without those for unknown ids and borders."""
    if found.label_channels is None:
        return []
    extra = [text for text in assignments if text.startswith(("unknown_id=", "instance_edges="))]
    base = Experiment("", SYSTEMS["spade"].Config(), DataConfig(num_classes=1), RunConfig(total_nimg=1))
    return [f"num_classes={found.label_channels + 1 - label_channels(override(base, extra).data)}"]


def _require_agreement(asked: Experiment, found: Experiment, fields: Mapping[str, Value]) -> None:
    for field in fields:
        here, there = _value(asked, field), _value(found, field)
        if here != there:
            raise InputError(f"{field}={here}: the arrays say {there}")


def _value(experiment: Experiment, field: str) -> Any:
    return next(getattr(part, field) for part in (experiment.config, experiment.data) if hasattr(part, field))


def build(experiment: Experiment, networks: Mapping[str, Network]) -> System:
    """Build the system, with the discriminators if their files are given.

    Raises:
        InputError: A network that inference needs is missing, or the system does not have a given network.
    """
    system = make_system(experiment)
    parts = {part.ours: part for part in LAYOUTS[experiment.system].parts}
    given = {network.part.ours for network in networks.values()}
    missing = [parts[name].official for name in system.networks if name not in {*given, *system.optional_networks}]
    if missing:
        raise InputError(f"--from: lacks {', '.join(missing)}, which this {experiment.system} needs to make images")
    if not given <= set(system.networks):
        system.prepare_training(())
    for network in networks.values():
        if network.part.ours not in system.networks:
            raise InputError(f"{network.path}: holds {network.part.official}, which a model with these options lacks")
    return system


def our_arrays(networks: Mapping[str, Network], system: System, experiment: Experiment) -> Arrays:
    """Return all arrays by the names of this program. Arrays without effect are kept for `export` under UNUSED.

    Raises:
        InputError: Arrays are missing, unexpected or of another shape. The message names all of them.
    """
    arrays, faults = {}, []
    for network in networks.values():
        part = network.part
        shapes = {name: tuple(var.shape) for name, var in system.networks[part.ours].state_dict().items()}
        try:
            own = from_official(network.arrays, shapes, part.rules(experiment.config))
            arrays.update({f"{part.ours}.{name}": array for name, array in own.items()})
            kept = {} if network.is_port else network.unused
            arrays.update({f"{UNUSED}.{part.official}.{name}": array for name, array in kept.items()})
        except ValueError as error:
            faults.append(f"{network.path}: as {part.official} of {experiment.system}: {error}")
    if faults:
        raise InputError(f"{'; '.join(faults)} (with {assumed_options(networks, experiment)})")
    return arrays


def report(networks: Mapping[str, Network], experiment: Experiment) -> List[str]:
    """Return the lines of the report: files and their networks, unused arrays, assumed options, and differences."""
    lines, config = [], experiment.config
    for name, network in networks.items():
        kinds = Counter(unused.rpartition(".")[2] for unused in network.unused)
        without = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        lines.append(f"{network.path}: {name}{f'; without effect: {without}' if without else ''}")
    lines.append(f"no array tells these, which field=value can set: {assumed_options(networks, experiment)}")
    if _is_port(networks):
        lines += ["the contest team's Jittor port: its images are kept but for this:", *PORT_NOTES]
    if getattr(config, "training_mode_at_test", None) is not None and (config.dropout or config.norm == "batch"):
        lines.append(mode_line(config))
    given = {network.part.ours for network in networks.values()}
    lines += [note for part, note in ABSENT_NOTES.get(experiment.system, {}).items() if part not in given]
    return lines + ([RANGE_NOTE] if experiment.system == "simgan" else [])


def mode_line(config: Any) -> str:
    """Return a line that says in which mode `test` runs the generator, and how to get the other mode."""
    if not config.training_mode_at_test:
        mode = "test uses running statistics and no dropout, as the official test with --eval"
        return f"{mode} (training_mode_at_test=false)"
    own = ["normalises each image by its own statistics"] if config.norm == "batch" else []
    own += ["keeps dropout on"] if config.dropout else []
    return (
        f"test {' and '.join(own)}, as the official test without --eval (training_mode_at_test=true); "
        "training_mode_at_test=false does as --eval"
    )


def assumed_options(networks: Mapping[str, Network], experiment: Experiment) -> str:
    """Return a text with the options that the arrays do not determine and their assumed values: "a=1, b=2"."""
    found = options_of_files(networks, experiment.system).options
    fields = [*SIZE, *LAYOUTS[experiment.system].unrecorded(experiment.config)]
    values = {field: _value(experiment, field) for field in fields if field not in found}
    return ", ".join(f"{field}={_shown(value)}" for field, value in values.items())


def _shown(value: Any) -> str:
    if value is None:
        return "auto"
    return ",".join(value) if isinstance(value, tuple) else _text(value)
