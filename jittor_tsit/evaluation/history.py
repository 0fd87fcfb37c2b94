"""History of the scores on held-out pairs during a run: a table, curves, and the best checkpoint."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Optional, Tuple

from data_tools.basics.errors import InputError
from data_tools.basics.files import write_atomic
from jittor_tsit.metrics.terms import TERMS, Kind
from jittor_tsit.runs.checkpoint import BEST, Progress
from jittor_tsit.runs.events import Events
from jittor_tsit.runs.plots import Marks, Panel, can_plot, draw_panels
from jittor_tsit.runs.records import read_records

METRICS, CURVE = "metrics.jsonl", "metrics.png"
RANK = "rank"  # name of the score that decides which checkpoint is best; higher is better
KINDS: Dict[str, Kind] = {  # the scores of an evaluation
    **TERMS,
    "pixel_accuracy": Kind(True, "share of pixels with the right class, 0 to 1"),
    "mean_iou": Kind(True, "mean intersection over union of the classes, 0 to 1"),
    RANK: Kind(True, "decides which checkpoint is best"),
}


class Evaluation:
    """Evaluation of a run's checkpoints. Call it with each checkpoint; it scores those that are due.

    Args:
        measure: Returns the scores of the networks in their present state by name, including RANK.
        interval: Number of images between two evaluations.
        total_nimg: Number of images of the whole run. The last checkpoint is always scored.
        say: Prints one line for the user.
        events: TensorBoard's event file, if the user wants one.
    """

    def __init__(
        self,
        measure: Callable[[], Dict[str, float]],
        interval: int,
        total_nimg: int,
        run_dir: Path,
        say: Callable[[str], None],
        events: Optional[Events] = None,
    ):
        self.measure, self.interval, self.total_nimg = measure, interval, total_nimg
        self.run_dir, self.say, self.events = run_dir, say, events

    def __call__(self, progress: Progress, checkpoint: Path) -> None:
        if progress.nimg % self.interval and progress.nimg != self.total_nimg:
            return
        try:
            scores = self.measure()
        except Exception as error:  # judges are the user's files and code; training does not depend on them
            self._record_failure(progress.nimg, error)
            return
        # Later ones are evaluated again.
        lines = [line for line in read_metrics(self.run_dir) if line["nimg"] < progress.nimg]
        if all(line[RANK] < scores[RANK] for line in lines):
            _keep(checkpoint, self.run_dir / BEST)
        lines.append({"nimg": progress.nimg, **scores})
        self._write(progress.nimg, scores)
        draw_curves(self.run_dir / CURVE, lines)
        if self.events:
            self.events.scalars({f"held-out/{name}": value for name, value in scores.items()}, progress.nimg)
        best = max(lines, key=lambda line: line[RANK])["nimg"]
        numbers = "  ".join(f"{name} {value:.4g}" for name, value in scores.items())
        self.say(f"held-out pairs after {progress.nimg} images: {numbers} (best: after {best})")

    def _record_failure(self, nimg: int, error: Exception) -> None:
        """Write an evaluation that failed to the table, and tell the user in one line."""
        kind = "" if isinstance(error, InputError) else f"{type(error).__name__}: "
        reason = " ".join(f"{kind}{error}".split())  # one line
        self._write(nimg, {"error": reason})
        self.say(f"held-out pairs after {nimg} images: not scored, because {reason}; training goes on")

    def _write(self, nimg: int, values: Mapping[str, object]) -> None:
        """Add a line to the table, in place of the line of the same checkpoint and of later ones."""
        before = [line for line in read_records(self.run_dir / METRICS) if line["nimg"] < nimg]
        text = "".join(json.dumps(line) + "\n" for line in (*before, {"nimg": nimg, **values}))
        write_atomic(self.run_dir / METRICS, text.encode())

    def catch_up(self, progress: Progress, checkpoint: Path) -> None:
        """Score the checkpoint from which a run resumes, if the run was stopped before that was done."""
        if progress.nimg not in [line["nimg"] for line in read_metrics(self.run_dir)]:
            self(progress, checkpoint)


def read_metrics(run_dir: Path) -> List[Dict[str, float]]:
    """Return the scores of all evaluations of a run, oldest first: one dict, name -> value, for each evaluation.

    Evaluations that failed have a line with `error` in the table, and are left out here.
    """
    return [line for line in read_records(run_dir / METRICS) if isinstance(line.get(RANK), (int, float))]


def _keep(checkpoint: Path, target: Path) -> None:
    """Let `target` hold the content of the checkpoint: a hard link, or a copy where there are no hard links."""
    part = target.with_suffix(".part")
    if part.exists():
        part.unlink()
    try:
        os.link(checkpoint, part)
    except OSError:
        shutil.copyfile(checkpoint, part)
    os.replace(part, target)


def draw_curves(path: Path, lines: List[Dict[str, float]]) -> None:
    """Draw one panel for each term, with its meaning and which way is better, and mark the best checkpoint.

    Do nothing without matplotlib.
    """
    if not can_plot():
        return
    best = int(max(lines, key=lambda line: line[RANK])["nimg"])
    names = [name for name in lines[-1] if name != "nimg"]
    panels = [
        Panel(_title(name), name, {name: _points(lines, name)}, best=best) for name in names if _points(lines, name)
    ]
    draw_panels(path, panels, Marks())


def _points(lines: List[Dict[str, float]], name: str) -> List[Tuple[int, float]]:
    return [(int(line["nimg"]), line[name]) for line in lines if line.get(name) is not None]


def _title(name: str) -> str:
    kind = KINDS.get(name)
    if kind is None:
        return name
    return f"{name}: {kind.meaning}; {'higher' if kind.higher_is_better else 'lower'} is better"
