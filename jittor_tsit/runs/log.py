"""The log of a run: log.txt, stats.jsonl and the progress bar."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Dict, List, Mapping, Optional

import jittor as jt
import numpy as np
from tqdm import tqdm

from data_tools.basics.files import append_line
from data_tools.basics.progress import progress_bar
from jittor_tsit.runs.events import Events
from jittor_tsit.runs.plots import RATE
from jittor_tsit.runs.records import remove_records_after
from jittor_tsit.runtime.mpirun import CommonError


class NonFiniteLoss(CommonError):
    """Error: a loss term, a gradient or a weight became infinite or not a number. All processes raise it."""


LOWER_RATES = (
    "start again in another --run-dir with lower rates (optim.lr_G, optim.lr_D) or shorter gradients (optim.clip_norm)"
)


class RunLog:
    """Progress bar, status lines and statistics of one run.

    Args:
        directory: Folder of log.txt and stats.jsonl. Both are appended to.
        total_nimg: Number of images of the whole run.
        nimg: Number of images already seen. Records of later images, from an interrupted run, are removed.
        events: TensorBoard's event file, if it is wanted. It gets the numbers of `stats.jsonl`.
    """

    def __init__(self, directory: Path, total_nimg: int, nimg: int, events: Optional[Events] = None):
        self.directory, self.events = directory, events
        self.started, self.waited = time.time(), 0.0
        self.last_nimg, self.has_begun, self.num_skipped = nimg, False, 0
        self.terms: List[Dict[str, jt.Var]] = []
        self.seen: List[int] = []  # number of images after the step of each entry of `terms`
        remove_records_after(directory / "stats.jsonl", nimg)
        _end_line(directory / "log.txt")
        self.bar = progress_bar(total=total_nimg, initial=nimg, desc="training", unit="img")

    def line(self, text: str) -> None:
        """Write one line to the screen and to log.txt."""
        tqdm.write(text, file=sys.stderr)
        append_line(self.directory / "log.txt", f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}")

    def add(self, terms: Dict[str, jt.Var], nimg: int) -> None:
        """Store the loss terms of the step that ended after `nimg` images, without reading their values."""
        if not self.has_begun:
            self.bar.unpause()  # the first step compiled operators; leave it out of the estimated time
            self.has_begun = True
        self.terms.append(terms)
        self.seen.append(nimg)
        self.bar.update(nimg - self.bar.n)

    def skip(self, fault: str, nimg: int) -> None:
        """Count a step that was skipped, and log the reason `fault`."""
        self.num_skipped += 1
        self.line(f"{fault}; this step is skipped")
        self.bar.update(nimg - self.bar.n)

    def status(self, nimg: int, rates: Mapping[str, float]) -> None:
        """Write the mean loss terms since the last call to screen, log.txt and stats.jsonl, without skipped steps.

        Args:
            rates: Learning rate of each optimizer in the last step.
        """
        if not self.terms:
            return
        values = _values(self.terms, self.seen)
        seconds = time.time() - self.started
        stats = {name: float(np.mean(list(series.values()))) for name, series in values.items()}
        speed = (nimg - self.last_nimg) / seconds
        memory = peak_memory()
        record = {"nimg": nimg, "img_per_s": speed, "waited_for_data": self.waited / seconds, **memory, **stats}
        record.update({f"{RATE}{name}": rate for name, rate in rates.items()})
        if self.num_skipped:
            record["skipped_steps"] = self.num_skipped  # since the run was started or resumed
        append_line(self.directory / "stats.jsonl", json.dumps(record))
        if self.events:
            self.events.scalars({name: value for name, value in record.items() if name != "nimg"}, nimg)
        numbers = "  ".join(f"{name} {value:.3f}" for name, value in stats.items())
        waiting = f"{self.waited / seconds:.0%} waiting for data"
        peaks = ", ".join(f"{name.replace('_', ' ')} {value:.1f}" for name, value in memory.items())
        self.line(f"{nimg} images  {speed:.2f} img/s ({waiting}, {peaks})  {describe_rates(rates)}  {numbers}")
        self.terms, self.seen, self.last_nimg, self.started, self.waited = [], [], nimg, time.time(), 0.0

    def close(self) -> None:
        """Close the progress bar and the event file."""
        self.bar.close()
        if self.events:
            self.events.close()


class SilentLog:
    """Log that writes nothing: it has the methods of `RunLog`. All processes but process 0 use it."""

    def __init__(self):
        self.waited, self.has_begun, self.events = 0.0, False, None

    def line(self, text: str) -> None:
        """Do nothing."""

    def add(self, terms: Dict[str, jt.Var], nimg: int) -> None:
        """Note that the first step, which compiles operators, is over."""
        self.has_begun = True

    def skip(self, fault: str, nimg: int) -> None:
        """Do nothing."""

    def status(self, nimg: int, rates: Mapping[str, float]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def peak_memory() -> Dict[str, float]:
    """Return the peak memory in GB of this process and, if it uses one, of its GPU."""
    peaks = {"memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}  # Linux counts in kB
    if jt.flags.use_cuda:
        peaks["gpu_memory_gb"] = jt.get_mem_info().total_cuda_used / 1e9  # Jittor's pool, which does not shrink
    return peaks


def describe_rates(rates: Mapping[str, float]) -> str:
    """Return the learning rates in words: "rate 0.0002", or "rate G 0.0001, D 0.0004" if they differ.

    Args:
        rates: Optimizer -> learning rate.
    """
    if len(set(rates.values())) == 1:
        return f"rate {next(iter(rates.values())):.4g}"
    return "rate " + ", ".join(f"{name} {rate:.4g}" for name, rate in rates.items())


def _values(terms: List[Dict[str, jt.Var]], seen: List[int]) -> Dict[str, Dict[int, float]]:
    """Read the values of all loss terms in one transfer.

    Args:
        terms: The loss terms of each step, by name.
        seen: Number of images after each step.

    Returns:
        Term -> number of images after the step -> value.
    """
    places = [(name, nimg) for step, nimg in zip(terms, seen) for name in step]
    fetched = jt.concat([term.reshape(1) for step in terms for term in step.values()]).numpy()
    series: Dict[str, Dict[int, float]] = {}
    for (name, nimg), value in zip(places, fetched):
        series.setdefault(name, {})[nimg] = float(value)
    return series


def _end_line(path: Path) -> None:
    """Add a newline if the last line is incomplete, so that the next entry starts on a new line."""
    if path.exists() and path.read_bytes()[-1:] not in (b"", b"\n"):
        append_line(path, "")
