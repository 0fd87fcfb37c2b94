"""The option `train --dry-run`: print the options, and a plan with images, steps, hours, disk space and memory."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import sys
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from jittor_tsit.commands.early_checks import terms_with_weight
from jittor_tsit.config import Experiment, SystemConfig, to_json
from jittor_tsit.config.phases import PlannedPhase, make_plan, require_even
from jittor_tsit.data.samples import Samples
from jittor_tsit.runs.disk_space import free_bytes, in_gb, need_of, num_checkpoints
from jittor_tsit.runs.records import read_records
from jittor_tsit.runtime.jittor_hub import default_path

COLUMNS = "{:>5}  {:>19}  {:>7}  {:>8}  {:>9}  {:>9}  {:>7}  {:>7}  {:>9}"


class Report(NamedTuple):
    """The newest report of a run."""

    nimg: int  # images that the run had seen
    speed: float  # images a second


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
        report = last_report(run_dir)
        lines += _table(plan, report) + [_hours_line(plan, report, run_dir)]
    else:
        lines.append("steps: not known before the data set is there")
    print("\n".join([*lines, *_needs(experiment, run_dir)]), file=sys.stderr)


def _table(plan: Sequence[PlannedPhase], report: Optional[Report]) -> List[str]:
    lines = [COLUMNS.format("phase", "images", "samples", "steps", "batch", "size", "lr_G", "lr_D", "hours")]
    for phase in plan:
        hours = f"{_hours(phase, plan, report):.2f}" if report else "unknown"
        batch = f"{phase.batch_size}" if phase.accumulate == 1 else f"{phase.batch_size} in {phase.accumulate}"
        span, size = f"{phase.start:,}-{phase.end:,}", "{}x{}".format(*phase.size)
        rates = f"{phase.rates['lr_G']:g}", f"{phase.rates['lr_D']:g}"
        lines.append(COLUMNS.format(phase.number, span, phase.num_samples, phase.num_steps, batch, size, *rates, hours))
    return lines


def _hours(phase: PlannedPhase, plan: Sequence[PlannedPhase], report: Report) -> float:
    """Return the hours of a phase at the speed of a report. The time of an image is taken to grow with its pixels."""
    reported = next((each for each in plan if each.start < report.nimg <= each.end), plan[-1])
    return (phase.end - phase.start) / report.speed / 3600 * math.prod(phase.size) / math.prod(reported.size)


def _hours_line(plan: Sequence[PlannedPhase], report: Optional[Report], run_dir: Path) -> str:
    if report:
        by_size = ", by the number of pixels for other sizes" if len({phase.size for phase in plan}) > 1 else ""
        hours = sum(_hours(phase, plan, report) for phase in plan)
        return f"hours: {hours:.2f} at {report.speed:.2f} img/s, the last report in {run_dir}{by_size}"
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


def last_report(run_dir: Path) -> Optional[Report]:
    """Return the newest report with a speed in a run's stats.jsonl; None if there is none."""
    records: List[Dict] = read_records(run_dir / "stats.jsonl")
    for record in reversed(records):
        speed = record.get("img_per_s")
        if isinstance(speed, float) and speed > 0:
            return Report(record.get("nimg", 0), speed)
    return None
