"""What a run leaves behind: options.json, log.txt, stats.jsonl, sample grids."""

from __future__ import annotations

import json
import math
import resource
import sys
import time
from pathlib import Path
from typing import Dict, List

import jittor as jt
import numpy as np
from PIL import Image
from tqdm import tqdm

from data_tools.errors import InputError
from jittor_tsit.ticker import on_terminal
from jittor_tsit.training.records import forget_after


class NonFiniteLoss(InputError):
    """A loss term became infinite or not a number."""


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
        self.last_nimg, self.has_begun = nimg, False
        self.terms: List[Dict[str, jt.Var]] = []
        self.seen: List[int] = []  # images after each of them
        forget_after(directory / "stats.jsonl", nimg)
        self.bar = tqdm(total=total_nimg, initial=nimg, unit="img", dynamic_ncols=True, mininterval=_bar_interval())

    def line(self, text: str) -> None:
        """One line on the screen and in log.txt."""
        tqdm.write(text, file=sys.stderr)
        with open(self.directory / "log.txt", "a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")

    def add(self, terms: Dict[str, jt.Var], nimg: int) -> None:
        """Keep the terms of the step that ended after `nimg` images; nothing waits for their values here."""
        if not self.has_begun:
            self.bar.unpause()  # the first step compiled its operators: no measure of those to come
            self.has_begun = True
        self.terms.append(terms)
        self.seen.append(nimg)
        self.bar.update(nimg - self.bar.n)

    def status(self, nimg: int) -> None:
        """Mean terms since the last status, to screen, log.txt and stats.jsonl.

        Raises:
            NonFiniteLoss: Names the term and the first image after which it was so.
        """
        if not self.terms:
            return
        values = _values(self.terms, self.seen)
        self._require_finite(values)
        seconds = time.time() - self.started
        stats = {name: float(np.mean(list(series.values()))) for name, series in values.items()}
        speed = (nimg - self.last_nimg) / seconds
        memory = peak_memory()
        record = {"nimg": nimg, "img_per_s": speed, "waited_for_data": self.waited / seconds, **memory, **stats}
        with open(self.directory / "stats.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        numbers = "  ".join(f"{name} {value:.3f}" for name, value in stats.items())
        waiting = f"{self.waited / seconds:.0%} waiting for data"
        peaks = ", ".join(f"{name.replace('_', ' ')} {value:.1f}" for name, value in memory.items())
        self.line(f"{nimg} images  {speed:.2f} img/s ({waiting}, {peaks})  {numbers}")
        self.terms, self.seen, self.last_nimg, self.started, self.waited = [], [], nimg, time.time(), 0.0

    def _require_finite(self, values: Dict[str, Dict[int, float]]) -> None:
        for name, series in values.items():
            bad = [nimg for nimg, value in series.items() if not math.isfinite(value)]
            if bad:
                raise NonFiniteLoss(
                    f"the loss term {name} is {series[bad[0]]} in the step that ends with image {bad[0]}; "
                    f"start again in another --run-dir with lower rates (optim.lr_G, optim.lr_D)"
                )

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


def require_finite(arrays: Dict[str, np.ndarray], nimg: int) -> None:
    """Refuse to save weights that a step has spoiled although its losses were finite.

    Raises:
        NonFiniteLoss: Names the first such array.
    """
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise NonFiniteLoss(
                f"{name} is not finite after image {nimg}, the last losses were; "
                "start again in another --run-dir with lower rates (optim.lr_G, optim.lr_D)"
            )


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


def save_grid(path: Path, columns: List[np.ndarray]) -> None:
    """Write a picture with one row a sample and one column an array.

    Args:
        columns: Each [N, H, W, 3] uint8.
    """
    rows = np.concatenate(columns, axis=2)  # [N, H, columns * W, 3]
    Image.fromarray(np.concatenate(list(rows), axis=0)).save(path)


def contact_sheet(pictures: List[np.ndarray], num_columns: int) -> np.ndarray:
    """Pictures [H, W, 3] uint8 in rows of `num_columns`, black where there are no more."""
    height, width = pictures[0].shape[:2]
    num_rows = math.ceil(len(pictures) / num_columns)
    sheet = np.zeros((num_rows * height, num_columns * width, 3), np.uint8)
    for k, picture in enumerate(pictures):
        row, column = divmod(k, num_columns)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = picture
    return sheet
