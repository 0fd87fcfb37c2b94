"""Whether a run directory holds the run that is asked for."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Callable, List, Optional, Sequence

from data_tools.basics.errors import InputError
from jittor_tsit.config import DataConfig, RunConfig, from_dict
from jittor_tsit.config.phases import PlannedPhase
from jittor_tsit.runs.checkpoint import Checkpoint, load_newest
from jittor_tsit.runs.pruning import remove_torsos
from jittor_tsit.systems import SYSTEMS

# Options that may change when a run goes on; all others would make it another run.
# Where files lie may change too: what is in them is compared by `samples`, a digest of the sets.
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
    "data.side_by_side",  # what older runs do not tell; another layout has other files
    "config.perceptual_weights",
)
PHASE_OPTION = re.compile(r"(?:phases|samples)\.(\d+)(?:\.(\w+))?")  # phases from 0, as JSON has them
LENGTHS = ("epochs", "nimg")  # of a phase, which may be prolonged or cut down to what is done


def open_run_dir(
    run_dir: Path, options: dict, plan: Sequence[PlannedPhase], warn: Callable[[str], None]
) -> Optional[Checkpoint]:
    """Make the folder, or find the newest checkpoint in it.

    Args:
        options: The experiment as JSON has it, and the digests of its samples.
        warn: Called with a line of text for each checkpoint that cannot be read.

    Raises:
        InputError: It holds a run with other options or on other data, or nothing but damaged checkpoints.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    remove_torsos(run_dir)
    newest = load_newest(run_dir, warn)
    if newest is not None:
        differences = differing_options(newest.experiment, options, begun_phases(plan, newest.progress.nimg))
        if differences:
            if any(text.startswith("run.initial:") for text in differences):
                differences.append("--from-weights counts at the beginning of a run alone, and this one has begun")
            raise InputError(
                f"{run_dir}: holds a run with other options (there, here): {'; '.join(differences)}; "
                "repeat its options, or choose another --run-dir"
            )
    return newest


def begun_phases(plan: Sequence[PlannedPhase], nimg: int) -> int:
    """How many phases have begun after `nimg` images; those to come may still be changed."""
    return sum(phase.start < nimg for phase in plan)


def differing_options(there: dict, here: dict, num_begun: int) -> List[str]:
    """`name: there, here` of all options that differ, but for the free ones and those of phases to come."""
    there, here = flatten(completed(there)), flatten(here)
    names = [name for name in sorted({**there, **here}) if there.get(name) != here.get(name)]
    return [f"{name}: {there.get(name)}, {here.get(name)}" for name in names if not _may_change(name, num_begun)]


def completed(options: dict) -> dict:
    """Options of an older version, with the defaults of the fields that it did not have."""
    try:
        kinds = {"config": SYSTEMS[options["system"]].Config, "data": DataConfig, "run": RunConfig}
        parts = {name: dataclasses.asdict(from_dict(kind, options[name])) for name, kind in kinds.items()}
    except (
        InputError,
        KeyError,
        TypeError,
    ):  # it had fields or a system that there are no more; these differ, and are told
        return options
    return {**options, **json.loads(json.dumps(parts))}


def _may_change(name: str, num_begun: int) -> bool:
    match = PHASE_OPTION.match(name)
    if not match:
        return name in FREE_OPTIONS
    phase, option = int(match[1]), match[2]
    return phase >= num_begun or option == "split" or (phase == num_begun - 1 and option in LENGTHS)


def flatten(options: dict, prefix: str = "") -> dict:
    """Nested dicts and lists as one dict, with dotted names."""
    flat = {}
    for name, value in options.items():
        if isinstance(value, list) and name in ("phases", "samples"):
            value = {str(number): entry for number, entry in enumerate(value)}
        flat.update(flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value})
    return flat
