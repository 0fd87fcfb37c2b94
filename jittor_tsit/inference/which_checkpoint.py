"""Choice of a run and of its checkpoint for inference, with the reason in words."""

from __future__ import annotations

from pathlib import Path
from typing import List, NamedTuple, Tuple

from data_tools.basics.errors import InputError
from jittor_tsit.data.batch_kinds import TestTask
from jittor_tsit.evaluation.history import METRICS, RANK, read_metrics
from jittor_tsit.runs.checkpoint import BEST, check_checkpoint, checkpoint_paths, read_header
from jittor_tsit.runs.loading import experiment_of, find_checkpoint, inference_parts
from jittor_tsit.systems import system_class


class Choice(NamedTuple):
    """A file or folder that was chosen, and the reason."""

    path: Path
    reason: str


def choose_run(runs: Path) -> Choice:
    """Return the run in `runs` with the most recent checkpoint, among those whose models make images.

    Raises:
        InputError: No run has a checkpoint of such a model.
    """
    newest: List[Tuple[float, Path]] = []
    for run_dir in runs.glob("*") if runs.is_dir() else ():
        paths = checkpoint_paths(run_dir)
        if paths:
            newest.append((max(path.stat().st_mtime for path in paths), run_dir))
    passed = []
    for _, run_dir in sorted(newest, reverse=True):
        if makes_no_images(checkpoint_paths(run_dir)[-1]):
            passed.append(str(run_dir))
            continue
        note = f"; passed over, because their models make no images: {', '.join(passed)}" if passed else ""
        return Choice(run_dir, f"the latest in {runs}{note}")
    if passed:
        raise InputError(f"{runs}: only runs whose models make no images ({', '.join(passed)}); train another first")
    raise InputError(f"{runs}: holds no run with a checkpoint; run train first, or name one by --run-dir")


def makes_no_images(checkpoint: Path) -> bool:
    """Return whether a checkpoint is of a system for which `test` does nothing, such as a segmenter.

    False for a checkpoint that cannot be read: `find_checkpoint` looks for another one, or names the fault.
    """
    try:
        experiment = experiment_of(checkpoint, read_header(checkpoint).experiment)
    except InputError:
        return False
    kind = getattr(system_class(experiment.system, experiment.config), "batch_kind", None)
    return kind is not None and kind.test_task is TestTask.NOTHING


def choose_checkpoint(run_dir: Path) -> Choice:
    """Return the best checkpoint of a run by its evaluations, or the newest that can be read if there were none.

    Raises:
        InputError: The run has no checkpoint that can be read.
    """
    scores, best = read_metrics(run_dir), run_dir / BEST
    if scores and best.is_file():
        try:
            check_checkpoint(best, inference_parts)
        except InputError as error:
            newest = find_checkpoint(run_dir)
            return Choice(newest, f"the newest; the best cannot be read: {error}")
        top = max(scores, key=lambda line: line[RANK])
        rank, nimg = top[RANK], int(top["nimg"])
        others = "".join(f"; the newest is {path.name}" for path in checkpoint_paths(run_dir)[-1:])
        what = f"the best of {len(scores)} evaluations in {METRICS}: rank {rank:.4g} after {nimg} images"
        return Choice(best, what + others)
    return Choice(find_checkpoint(run_dir), "the newest; the run has no evaluations that name a best one")
