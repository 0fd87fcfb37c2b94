"""Check that a run directory holds a run with the same options, before it is resumed."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

from data_tools.basics.errors import InputError
from jittor_tsit.config import DataConfig, RunConfig, from_dict
from jittor_tsit.config.phases import PlannedPhase
from jittor_tsit.runs.checkpoint import Checkpoint, load_newest
from jittor_tsit.runs.pruning import remove_partial_files
from jittor_tsit.systems import SYSTEMS

# Options that may change when a run is resumed; all others must stay the same.
# Paths of data may change, because the digests in `samples` compare the data themselves.
FREE_OPTIONS = (
    "run.total_nimg",
    "run.status_nimg",
    "run.snapshot_nimg",
    "run.keep_snapshots",
    "run.grid_rows",
    "run.on_nan",
    "data.root",
    "data.second_root",
    "data.split",
    "data.workers",
    "data.cache",
    "data.max_skipped",
    "data.class_names",  # for people only
    "data.side_by_side",  # older runs do not record it; another layout has other files, which `samples` detects
    "config.perceptual_weights",
)
PHASE_OPTION = re.compile(r"(?:phases|samples)\.(\d+)(?:\.(\w+))?")  # phases are counted from 0
LENGTHS = ("epochs", "nimg")  # length of a phase; that of the last phase that has begun may change


def open_run_dir(
    run_dir: Path, options: dict, plan: Sequence[PlannedPhase], warn: Callable[[str], None]
) -> Optional[Checkpoint]:
    """Create the run folder, or load the newest checkpoint in it.

    Args:
        options: Options of the experiment in JSON form, and the digests of its samples.
        warn: Called with a line of text for each checkpoint that cannot be read.

    Returns:
        The checkpoint from which the run resumes; None for a new run.

    Raises:
        InputError: The folder holds a run with other options or on other data, or only damaged checkpoints.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    remove_partial_files(run_dir)
    newest = load_newest(run_dir, warn)
    if newest is not None:
        differences = differing_options(newest.experiment, options, count_begun_phases(plan, newest.progress.nimg))
        if differences:
            if any(text.startswith("run.initial:") for text in differences):
                differences.append("--from-weights only counts at the beginning of a run, and this run has begun")
            raise InputError(
                f"{run_dir}: holds a run with other options (there, here): {'; '.join(differences)}; "
                "repeat its options, or choose another --run-dir"
            )
    return newest


def count_begun_phases(plan: Sequence[PlannedPhase], nimg: int) -> int:
    """Return the number of phases that have begun after `nimg` images. Later phases may still be changed."""
    return sum(phase.start < nimg for phase in plan)


def differing_options(there: dict, here: dict, num_begun: int) -> List[str]:
    """List the options that differ as "name: there, here".

    FREE_OPTIONS and options of phases that have not begun are left out.
    """
    there, here = flatten(with_defaults(there)), flatten(here)
    names = [name for name in sorted({**there, **here}) if there.get(name) != here.get(name)]
    return [f"{name}: {there.get(name)}, {here.get(name)}" for name in names if not _may_change(name, num_begun)]


def with_defaults(options: dict) -> dict:
    """Add the defaults of options that an older version did not have.

    Options with fields or a system that no longer exist are returned unchanged, so that the difference is reported.
    """
    try:
        kinds = {"config": SYSTEMS[options["system"]].Config, "data": DataConfig, "run": RunConfig}
        parts = {name: dataclasses.asdict(from_dict(kind, options[name])) for name, kind in kinds.items()}
    except (InputError, KeyError, TypeError):
        return options
    return {**options, **json.loads(json.dumps(parts))}


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
