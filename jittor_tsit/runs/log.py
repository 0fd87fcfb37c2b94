"""The log of a run: log.txt, stats.jsonl and the progress bar."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Dict, List

import jittor as jt
import numpy as np
from tqdm import tqdm

from data_tools.basics.files import append_line
from jittor_tsit.runs.records import forget_after
from jittor_tsit.runtime.mpirun import CommonError
from jittor_tsit.runtime.status_line import on_terminal


class NonFiniteLoss(CommonError):
    """A loss term, a gradient or a weight became infinite or not a number."""


LOWER_RATES = (
    "start again in another --run-dir with lower rates (optim.lr_G, optim.lr_D) or shorter gradients (optim.clip_norm)"
)


class RunLog:
    """Progress bar, status lines and numbers of one run.

    Args:
        directory: Where log.txt and stats.jsonl are appended to.
        total_nimg: Images of the whole run.
        nimg: Images already seen; later lines of an interrupted run are taken back.
    """

    def __init__(self, directory: Path, total_nimg: int, nimg: int):
        self.directory = directory
        self.started, self.waited = time.time(), 0.0
        self.last_nimg, self.has_begun, self.num_skipped = nimg, False, 0
        self.terms: List[Dict[str, jt.Var]] = []
        self.seen: List[int] = []  # images after each of them
        forget_after(directory / "stats.jsonl", nimg)
        _end_line(directory / "log.txt")
        self.bar = tqdm(total=total_nimg, initial=nimg, unit="img", dynamic_ncols=True, mininterval=_bar_interval())

    def line(self, text: str) -> None:
        """One line on the screen and in log.txt."""
        tqdm.write(text, file=sys.stderr)
        append_line(self.directory / "log.txt", f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}")

    def add(self, terms: Dict[str, jt.Var], nimg: int) -> None:
        """Keep the terms of the step that ended after `nimg` images; nothing waits for their values here."""
        if not self.has_begun:
            self.bar.unpause()  # the first step compiled its operators: no measure of those to come
            self.has_begun = True
        self.terms.append(terms)
        self.seen.append(nimg)
        self.bar.update(nimg - self.bar.n)

    def skip(self, fault: str, nimg: int) -> None:
        """Count a step that was dropped, and say why."""
        self.num_skipped += 1
        self.line(f"{fault}; this step is skipped")
        self.bar.update(nimg - self.bar.n)

    def status(self, nimg: int) -> None:
        """Mean terms since the last status, of the steps that were not skipped, to screen, log.txt and stats.jsonl."""
        if not self.terms:
            return
        values = _values(self.terms, self.seen)
        seconds = time.time() - self.started
        stats = {name: float(np.mean(list(series.values()))) for name, series in values.items()}
        speed = (nimg - self.last_nimg) / seconds
        memory = peak_memory()
        record = {"nimg": nimg, "img_per_s": speed, "waited_for_data": self.waited / seconds, **memory, **stats}
        if self.num_skipped:
            record["skipped_steps"] = self.num_skipped  # since this start of the run
        append_line(self.directory / "stats.jsonl", json.dumps(record))
        numbers = "  ".join(f"{name} {value:.3f}" for name, value in stats.items())
        waiting = f"{self.waited / seconds:.0%} waiting for data"
        peaks = ", ".join(f"{name.replace('_', ' ')} {value:.1f}" for name, value in memory.items())
        self.line(f"{nimg} images  {speed:.2f} img/s ({waiting}, {peaks})  {numbers}")
        self.terms, self.seen, self.last_nimg, self.started, self.waited = [], [], nimg, time.time(), 0.0

    def close(self) -> None:
        """End the progress bar."""
        self.bar.close()


class SilentLog:
    """In place of a `RunLog` on the processes that write nothing."""

    def __init__(self):
        self.waited, self.has_begun = 0.0, True

    def line(self, text: str) -> None:
        """Nothing."""

    def add(self, terms: Dict[str, jt.Var], nimg: int) -> None:
        """Nothing."""

    def skip(self, fault: str, nimg: int) -> None:
        """Nothing."""

    def status(self, nimg: int) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def peak_memory() -> Dict[str, float]:
    """Most memory so far, in GB, of this process and of its GPU."""
    peaks = {"memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}  # Linux counts in kB
    if jt.flags.use_cuda:
        peaks["gpu_memory_gb"] = jt.get_mem_info().total_cuda_used / 1e9  # Jittor's pool, which does not shrink
    return peaks


def _bar_interval() -> float:
    return 0.5 if on_terminal() else 30.0  # seconds; a file gets a line now and then


def _values(terms: List[Dict[str, jt.Var]], seen: List[int]) -> Dict[str, Dict[int, float]]:
    """Term -> images after each step that has it -> its value; fetched together."""
    places = [(name, nimg) for step, nimg in zip(terms, seen) for name in step]
    fetched = jt.concat([term.reshape(1) for step in terms for term in step.values()]).numpy()
    series: Dict[str, Dict[int, float]] = {}
    for (name, nimg), value in zip(places, fetched):
        series.setdefault(name, {})[nimg] = float(value)
    return series


def _end_line(path: Path) -> None:
    """End a last line that was cut short, so that the next begins on its own."""
    if path.exists() and path.read_bytes()[-1:] not in (b"", b"\n"):
        append_line(path, "")
