"""Figures of a run: `losses.png` and `metrics.png`. They need matplotlib, an optional package. Imports no Jittor."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from data_tools.basics.files import write_through
from jittor_tsit.runs.records import read_records

LOSSES = "losses.png"
HOW_TO_GET_PLOTS = "losses.png and metrics.png are drawn by matplotlib: pip install matplotlib"
RATE = "lr/"  # in stats.jsonl, before the name of an optimizer: its learning rate
# Okabe and Ito's colours, which colour-blind people can tell apart, without the yellow that is pale on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", ":")  # for the second and third round of colours
LOG_SPAN = 30.0  # from this ratio of largest to smallest value, small values are flat on a linear axis
SMOOTHED_SHARE = 0.05  # of all reports, the width of the moving mean: enough to show the trend of a noisy loss
Points = List[Tuple[int, float]]  # (images, value)


class Marks(NamedTuple):
    """What a figure marks along the axis of images."""

    phases: Sequence[int] = ()  # first image of each phase
    snapshots: Sequence[int] = ()  # images after which a snapshot was made


class Panel(NamedTuple):
    """One panel of a figure: curves over the number of images."""

    title: str
    label: str  # of the vertical axis
    curves: Dict[str, Points]
    is_smoothed: bool = False  # whether a moving mean is drawn over the values
    best: int = -1  # images at which to mark the best value; -1: nowhere


def can_plot() -> bool:
    """Return whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def draw_losses(run_dir: Path, phases: Sequence[int]) -> None:
    """Draw the loss terms and learning rates in `stats.jsonl` as `losses.png`. Do nothing without any record.

    Args:
        phases: First image of each phase.
    """
    series: Dict[str, Points] = {}
    for record in read_records(run_dir / "stats.jsonl"):
        for name, value in record.items():
            if "/" in name and isinstance(value, (int, float)):
                series.setdefault(name, []).append((record["nimg"], value))
    if not series:
        return
    snapshots = sorted(int(path.stem[len("grid-") :]) for path in run_dir.glob("grid-*[0-9].png"))
    draw_panels(run_dir / LOSSES, _loss_panels(series), Marks(phases, snapshots))


def _loss_panels(series: Mapping[str, Points]) -> List[Panel]:
    groups: Dict[str, Dict[str, Points]] = {}
    for name, points in series.items():
        group, _, term = name.partition("/")
        groups.setdefault(group, {})[term] = points
    rates = groups.pop(RATE[:-1], {})
    better = "lower is better" if len(groups) == 1 else "lower is better for {0}; G and D work against each other"
    panels = [
        Panel(f"Loss terms of {name}: {better.format(name)}", "loss, unweighted", terms, is_smoothed=True)
        for name, terms in groups.items()
    ]
    return [*panels, Panel("Learning rate", "rate", rates)] if rates else panels


def draw_panels(path: Path, panels: Sequence[Panel], marks: Marks) -> None:
    """Draw panels below one another, with a common axis of images, and save them as PNG.

    Args:
        path: The picture.
        marks: Places on the axis of images to mark in all panels.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # draws into memory: needs no display
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1 + 2.4 * len(panels)), layout="constrained")
    FigureCanvasAgg(figure)
    rows = np.ravel(figure.subplots(len(panels), 1, sharex=True, squeeze=False))
    for axes, panel in zip(rows, panels):
        _draw_panel(axes, panel)
        _draw_marks(axes, marks, is_first=axes is rows[0])
    notes = (["triangles: snapshots"] if marks.snapshots else []) + ["star: best checkpoint"] * (panels[0].best >= 0)
    rows[-1].set_xlabel("images seen" + (f" ({', '.join(notes)})" if notes else ""))
    write_through(path, lambda temporary: figure.savefig(temporary, format="png", dpi=100))


def _draw_panel(axes: Any, panel: Panel) -> None:
    for number, (name, points) in enumerate(panel.curves.items()):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
        images, values = np.array(points, float).T
        style = {"color": colour, "linestyle": dash, "marker": "o" if len(images) < 30 else "", "markersize": 3}
        if panel.is_smoothed and len(images) * SMOOTHED_SHARE >= 2:
            axes.plot(images, values, color=colour, alpha=0.25, linewidth=0.8)
            values = moving_mean(values, round(len(values) * SMOOTHED_SHARE))
        axes.plot(images, values, label=name, linewidth=1.6, **style)
        if panel.best >= 0:
            place = int(np.argmin(np.abs(images - panel.best)))
            axes.plot(images[place], values[place], "*", color=COLOURS[1], markersize=14)
    every = np.concatenate([[value for _, value in points] for points in panel.curves.values()])
    axes.set_yscale("log" if wants_log_axis(every) else "linear")
    axes.set_title(panel.title, fontsize=10, loc="left")
    axes.set_ylabel(panel.label)
    axes.grid(True, color="#dddddd", linewidth=0.6)
    if len(panel.curves) > 1:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)


def _draw_marks(axes: Any, marks: Marks, is_first: bool) -> None:
    for number, start in enumerate(marks.phases, start=1):
        if len(marks.phases) > 1:
            axes.axvline(start, color="#888888", linestyle="--", linewidth=0.8)
        if len(marks.phases) > 1 and is_first:
            axes.annotate(f"phase {number}", (start, 1), (3, -10), fontsize=8, color="#555555",
                          xycoords=("data", "axes fraction"), textcoords="offset points")  # fmt: skip
    for nimg in marks.snapshots:
        axes.plot(nimg, 0.0, "^", color="#888888", markersize=5, transform=axes.get_xaxis_transform(), clip_on=False)


def moving_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Return the mean of the values around each place, [N] -> [N]. Near the ends it is over fewer values.

    Args:
        width: Number of values in the mean.
    """
    kernel = np.ones(max(width, 1))
    counts = np.convolve(np.ones(len(values)), kernel, "same")
    return np.convolve(values, kernel, "same") / counts


def wants_log_axis(values: np.ndarray) -> bool:
    """Return whether a logarithmic axis shows these values better: all are positive and they span a wide range."""
    finite = values[np.isfinite(values)]
    return bool(len(finite) and finite.min() > 0 and finite.max() > LOG_SPAN * finite.min())
