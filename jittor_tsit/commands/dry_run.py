"""The option `train --dry-run`: print the options, and a plan with images, steps, hours, disk space and memory."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence

from jittor_tsit.commands.early_checks import terms_with_weight
from jittor_tsit.config import Experiment, SystemConfig, to_json
from jittor_tsit.config.phases import PlannedPhase, make_plan, require_even
from jittor_tsit.data.samples import Samples
from jittor_tsit.runs.disk_space import free_bytes, in_gb, need_of, num_checkpoints
from jittor_tsit.runs.records import read_records
from jittor_tsit.runtime.jittor_hub import default_path

COLUMNS = "{:>5}  {:>19}  {:>7}  {:>8}  {:>9}  {:>7}  {:>7}  {:>9}"


def show_options(experiments: Mapping[str, Experiment]) -> None:
    """Print the options of the experiments as JSON to standard output.

    Args:
        experiments: Name -> experiment. The name of a single one is empty.
    """
    if set(experiments) == {""}:
        print(to_json(experiments[""]), end="")
    else:
        print(json.dumps({name: dataclasses.asdict(each) for name, each in experiments.items()}, indent=2))


def show_plan(experiment: Experiment, samples: Sequence[Samples], run_dir: Path, num_processes: int) -> None:
    """Print the plan to standard error.

    The hours come from the speed of the run's last report, if there is one. Nothing is measured.

    Args:
        samples: The samples of each phase; empty if they are not known yet.

    Raises:
        InputError: A batch cannot be divided among the processes.
    """
    lines: List[str] = []
    if samples:
        plan = make_plan(experiment, [len(each) for each in samples])
        require_even(plan, 0, num_processes)
        lines += _table(plan, last_speed(run_dir)) + [_hours_line(plan, run_dir)]
    else:
        lines.append("steps: not known before the data set is there")
    print("\n".join([*lines, *_needs(experiment, run_dir)]), file=sys.stderr)


def _table(plan: Sequence[PlannedPhase], speed: Optional[float]) -> List[str]:
    lines = [COLUMNS.format("phase", "images", "samples", "steps", "batch", "lr_G", "lr_D", "hours")]
    for phase in plan:
        hours = f"{(phase.end - phase.start) / speed / 3600:.2f}" if speed else "unknown"
        batch = f"{phase.batch_size}" if phase.accumulate == 1 else f"{phase.batch_size} in {phase.accumulate}"
        span = f"{phase.start:,}-{phase.end:,}"
        rates = f"{phase.rates['lr_G']:g}", f"{phase.rates['lr_D']:g}"
        lines.append(COLUMNS.format(phase.number, span, phase.num_samples, phase.num_steps, batch, *rates, hours))
    return lines


def _hours_line(plan: Sequence[PlannedPhase], run_dir: Path) -> str:
    speed = last_speed(run_dir)
    if speed:
        return f"hours: {plan[-1].end / speed / 3600:.2f} at {speed:.2f} img/s, the last report in {run_dir}"
    return f"hours: unknown, because {run_dir} holds no report yet; after its first one --dry-run tells them"


def _needs(experiment: Experiment, run_dir: Path) -> List[str]:
    """Return lines with the disk space and the memory that a run needs, and with the files that it downloads."""
    need, count, config = need_of(experiment, run_dir), num_checkpoints(experiment), experiment.config
    lines = ["disk, memory: unknown for this system"]
    if need.checkpoint:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        lines = [
            f"disk: about {in_gb(count * need.checkpoint)} for {count} checkpoints; {in_gb(free_bytes(run_dir))} free",
            f"memory: about {in_gb(need.memory)} for weights, gradients and moments, and more for the features of each "
            f"batch; this machine has {in_gb(memory)} of main memory",
        ]
    arch = config.hub_weights(terms_with_weight(experiment)) if isinstance(config, SystemConfig) else ""
    if arch and not default_path(arch).exists():
        lines.append(f"perceptual_weights: empty, so that {arch} is downloaded from Jittor's hub (0.5 GB) at the start")
    return lines


def last_speed(run_dir: Path) -> Optional[float]:
    """Return the images per second in the newest record of a run's stats.jsonl; None if there is none."""
    records: List[Dict] = read_records(run_dir / "stats.jsonl")
    speeds = [record.get("img_per_s") for record in records]
    return next((speed for speed in reversed(speeds) if isinstance(speed, float) and speed > 0), None)
