"""Check that a run directory holds a run with the same options, before it is resumed."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Union

from data_tools.basics.errors import InputError
from jittor_tsit.config import CONFIGS, DataConfig, Phase, RunConfig, from_dict
from jittor_tsit.config.phases import PlannedPhase
from jittor_tsit.data.sample_list import describe_changes
from jittor_tsit.data.samples import Samples
from jittor_tsit.runs.checkpoint import (
    Checkpoint,
    Header,
    checkpoint_path,
    checkpoint_paths,
    load_newest,
    read_header,
)
from jittor_tsit.runs.pruning import remove_partial_files
from jittor_tsit.runs.schedule import SCHEDULE, may_change_schedule, require_length, require_rate

# Options that may change when a run is resumed; all others must stay the same. None of them changes what is learned.
# Paths of data may change, because the digests in `samples` compare the data themselves.
FREE_OPTIONS = (
    "run.total_nimg",
    "run.status_nimg",
    "run.snapshot_nimg",
    "run.keep_snapshots",
    "run.evaluate_every",
    "run.judges",
    "run.segmenter",
    "run.tensorboard",
    "run.grid_rows",
    "run.on_nan",
    "data.root",
    "data.second_root",
    "data.split",
    "data.workers",
    "data.cache",
    "data.max_skipped",
    "data.output_width",  # of the command `test`
    "data.output_height",
    "data.class_names",  # for people only
    "data.side_by_side",  # older runs do not record it; another layout has other files, which `samples` detects
    "config.perceptual_weights",
)
# Prefixes of the options that change what the networks compute; OF_TRAINING are exceptions.
OF_MODEL = ("config.", "data.num_classes", "data.unknown_id", "data.instance_edges", "data.image_", "data.direction")
OF_TRAINING = ("config.weights.", "config.optim.", "config.perceptual", "config.diff_augment")
PHASE_OPTION = re.compile(r"(?:phases|samples)\.(\d+)(?:\.(\w+))?")  # phases are counted from 0
SAMPLES = re.compile(r"samples\.(\d+)")
LENGTHS = ("epochs", "nimg")  # length of a phase; that of the last phase that has begun may change
# Options whose change surprises, and why they must stay.
HINTS = {
    "data.folds": " (folds decides which pairs are trained on; evaluate_every=0 switches only the evaluation off)",
    "run.initial": " (--from-weights only counts at the beginning of a run, and this run has begun)",
}
PREFIXES = re.compile(r"^(?:config|data|run)\.")  # not typed on the command line


class Difference(NamedTuple):
    """An option that differs between a run's checkpoint (`there`) and the present options (`here`)."""

    name: str  # dotted name, as in options.json
    there: object
    here: object

    def __str__(self) -> str:
        return f"{spelled(self.name)} was {_shown(self.there)}, now {_shown(self.here)}"


def open_run_dir(
    run_dir: Path,
    options: dict,
    plan: Sequence[PlannedPhase],
    warn: Callable[[str], None],
    samples: Sequence[Samples] = (),
) -> Optional[Checkpoint]:
    """Create the run folder, or load the newest checkpoint in it.

    Args:
        options: Options of the experiment in JSON form, and the digests of its samples.
        warn: Called with a line of text for each checkpoint that cannot be read, and for each change that is allowed.
        samples: The training samples of each phase, to tell how they have changed.

    Returns:
        The checkpoint from which the run resumes; None for a new run.

    Raises:
        InputError: The folder holds a run with other options or on other data, or only damaged checkpoints; or the
            training ends before the checkpoint, or goes on at a learning rate of 0.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    remove_partial_files(run_dir)
    newest = load_newest(run_dir, warn)
    total = plan[-1].end
    if newest is None:
        require_rate(run_dir, options, total, None)
        return None
    require_same_options(run_dir, options, plan, newest, warn, samples)
    return newest


def check_options_of_run(run_dir: Path, options: dict, plan: Sequence[PlannedPhase]) -> None:
    """Check options against the newest checkpoint of a run by its header, before Jittor is imported. Data are not read.

    Args:
        options: Options of the experiment in JSON form, without the digests of its samples.

    Raises:
        InputError: See `require_same_options`.
    """
    paths = checkpoint_paths(run_dir)
    if not paths:
        return
    try:
        header = read_header(paths[-1])
    except InputError:
        return  # `open_run_dir` says so, and takes an older checkpoint
    there = {name: value for name, value in header.experiment.items() if name != "samples"}
    require_same_options(run_dir, options, plan, header._replace(experiment=there), warn=lambda line: None)


def require_same_options(
    run_dir: Path,
    options: dict,
    plan: Sequence[PlannedPhase],
    newest: Union[Checkpoint, Header],
    warn: Callable[[str], None],
    samples: Sequence[Samples] = (),
) -> None:
    """Check that a run can go on from its newest checkpoint. See `open_run_dir` for the other arguments.

    Raises:
        InputError: Options or data differ; or the training ends before the checkpoint, or goes on at a learning rate of
            0.
    """
    total = plan[-1].end
    there = with_defaults(newest.experiment)
    differences = differing_options(there, options, count_begun_phases(plan, newest.progress.nimg))
    changes = [each for each in differences if each.name in SCHEDULE]
    if changes and may_change_schedule(there, options, newest.progress.nimg, total):
        warn(f"{run_dir}: another schedule of the learning rate from here on: {'; '.join(map(str, changes))}")
        differences = [each for each in differences if each not in changes]
    if differences:
        texts = [describe_difference(each, run_dir, samples) for each in differences]
        raise InputError(f"{run_dir}: {'; '.join(texts)}; {way_on(run_dir, newest, differences)}")
    require_length(run_dir, newest, total)
    require_rate(run_dir, options, total, newest)


def describe_difference(difference: Difference, run_dir: Path, samples: Sequence[Samples]) -> str:
    """Describe a difference in words. For data sets, name the files that have changed."""
    match = SAMPLES.fullmatch(difference.name)
    if not match:
        return f"{difference}{HINTS.get(difference.name, '')}"
    number = int(match[1])
    if not isinstance(difference.there, str) or number >= len(samples):
        return f"the data set of phase {number + 1} is another one"
    return describe_changes(run_dir, number, difference.there, samples[number])


def way_on(run_dir: Path, newest: Union[Checkpoint, Header], differences: Sequence[Difference]) -> str:
    """Return what to do about options that differ from those of a run: the last part of an error message."""
    if any(each.name == "system" or is_of_model(each.name) for each in differences):
        return "go on with the old values, or train the other model in another --run-dir"
    only_samples = all(SAMPLES.match(each.name) for each in differences)
    old = "restore the data set to go on" if only_samples else "go on with the old values"
    return f"{old}, or begin a new run from these networks: {from_weights(run_dir, newest)}"


def from_weights(run_dir: Path, newest: Union[Checkpoint, Header]) -> str:
    """Return the options that begin a new run from the networks of a checkpoint."""
    return f"--from-weights {checkpoint_path(run_dir, newest.progress.nimg)} --run-dir ANOTHER"


def is_of_model(name: str) -> bool:
    """Return whether the option with this dotted name changes what the networks compute."""
    return name.startswith(OF_MODEL) and not name.startswith(OF_TRAINING)


def count_begun_phases(plan: Sequence[PlannedPhase], nimg: int) -> int:
    """Return the number of phases that have begun after `nimg` images. Later phases may still be changed."""
    return sum(phase.start < nimg for phase in plan)


def differing_options(there: dict, here: dict, num_begun: int) -> List[Difference]:
    """List the options that differ, without FREE_OPTIONS and options of phases that have not begun."""
    there, here = flatten(with_defaults(there)), flatten(here)
    names = [name for name in sorted({**there, **here}) if there.get(name) != here.get(name)]
    return [Difference(name, there.get(name), here.get(name)) for name in names if not _may_change(name, num_begun)]


def spelled(name: str) -> str:
    """Return an option as the command line spells it: phases are counted from 1, the parts have no prefix."""
    match = PHASE_OPTION.match(name)
    if match and name.startswith("phases."):
        return f"phases.{int(match[1]) + 1}{name[match.end(1) :]}"
    return "--from-weights" if name == "run.initial" else PREFIXES.sub("", name)


def _shown(value: object) -> str:
    value = ",".join(map(str, value)) if isinstance(value, list) else value
    return "not set" if value is None or value == "" else str(value)


def with_defaults(options: dict) -> dict:
    """Add the defaults of options that an older version did not have.

    Options with fields or a system that no longer exist are returned unchanged, so that the difference is reported.
    """
    try:
        kinds = {"config": _config_class(options["system"]), "data": DataConfig, "run": RunConfig}
        parts: Dict[str, Any] = {
            name: dataclasses.asdict(from_dict(kind, options[name])) for name, kind in kinds.items()
        }
        if "phases" in options:
            parts["phases"] = [dataclasses.asdict(from_dict(Phase, phase)) for phase in options["phases"]]
    except (InputError, KeyError, TypeError):
        return options
    return {**options, **json.loads(json.dumps(parts))}


def _config_class(system: str) -> Any:
    """Return the class of a system's options."""
    if system in CONFIGS:
        return CONFIGS[system]
    from jittor_tsit.systems import SYSTEMS  # imports Jittor: a system of a user's own

    return SYSTEMS[system].Config


def _may_change(name: str, num_begun: int) -> bool:
    match = PHASE_OPTION.match(name)
    if not match:
        return name in FREE_OPTIONS
    phase, option = int(match[1]), match[2]
    return phase >= num_begun or option == "split" or (phase == num_begun - 1 and option in LENGTHS)


def flatten(options: dict, prefix: str = "") -> dict:
    """Flatten nested dicts, and the lists `phases` and `samples`, to one dict: {"a": {"b": 1}} -> {"a.b": 1}."""
    flat: Dict[str, object] = {}
    for name, value in options.items():
        if isinstance(value, list) and name in ("phases", "samples"):
            value = {str(number): entry for number, entry in enumerate(value)}
        flat.update(flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value})
    return flat
