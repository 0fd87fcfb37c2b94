"""How the time and the memory of our training step grow with batch, width and image size.

    python -m experiments.benchmarks.growth --system tsit --batches 1 2 4 --widths 16 32 --sizes 256x128 512x384

Each quantity is varied alone, the others staying at their first value; every point has a process of its own. Below
each table stands the exponent that fits best, by least squares of the logarithms: 1 is growth in proportion. Of sizes
it is that by the number of pixels.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, List, Sequence

import numpy as np

from experiments.benchmarks.case import SYSTEMS, Case, read_size
from experiments.benchmarks.results import OURS
from experiments.benchmarks.step import measure

COLUMNS = {"step ms": "train_ms", "images only, ms": "generate_ms", "peak MiB": "mib"}
AMOUNTS: Dict[str, Callable[[Case], float]] = {
    "batch": lambda case: case.batch,
    "width": lambda case: case.width,
    "size": lambda case: case.image_width * case.image_height,
}


def main() -> None:
    options = _parser().parse_args()
    (width, height), batch = options.sizes[0], options.batches[0]
    base = Case(options.system, options.widths[0], width, height, batch, options.vgg)
    axes = {
        "batch": [replace(base, batch=batch) for batch in options.batches],
        "width": [replace(base, width=width) for width in options.widths],
        "size": [replace(base, image_width=width, image_height=height) for width, height in options.sizes],
    }
    known: Dict[Case, dict] = {}  # the base stands in all tables
    for axis, cases in axes.items():
        for case in cases:
            if case not in known:
                known[case] = measure(case, (), sys.executable, options.steps, repeats=1)
        print(table(axis, cases, [point(known[case]) for case in cases]), end="\n\n", flush=True)
    if options.out:
        with open(options.out, "a", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in known.values())


def point(record: Dict[str, dict]) -> List[float]:
    """Of each column, from a record of `step`."""
    side = record["sides"][OURS]
    values = {"train_ms": side["train_ms"][0], "generate_ms": side["generate_ms"][0]}
    values["mib"] = side["device_mib"] or side["peak_mib"]
    return [values[name] for name in COLUMNS.values()]


def table(axis: str, cases: Sequence[Case], points: Sequence[Sequence[float]]) -> str:
    """Markdown, with the exponents in the last row where there are two values or more."""
    fixed = {
        "batch": f"batch {cases[0].batch}",
        "width": f"width {cases[0].width}",
        "size": f"{cases[0].image_width}x{cases[0].image_height}",
    }
    others = ", ".join(text for name, text in fixed.items() if name != axis)
    lines = [f"{cases[0].system}, {others}", "", f"| {axis} | {' | '.join(COLUMNS)} |"]
    lines.append("|---" * (len(COLUMNS) + 1) + "|")
    for case, values in zip(cases, points):
        name = f"{case.image_width}x{case.image_height}" if axis == "size" else str(AMOUNTS[axis](case))
        lines.append(f"| {name} | {' | '.join(f'{value:.0f}' for value in values)} |")
    if len(cases) > 1:
        amounts = [AMOUNTS[axis](case) for case in cases]
        cells = [f"{exponent(amounts, column):.2f}" for column in zip(*points)]
        lines.append(f"| exponent | {' | '.join(cells)} |")
    return "\n".join(lines)


def exponent(amounts: Sequence[float], values: Sequence[float]) -> float:
    """The p of value = c * amount^p, by least squares of the logarithms."""
    return float(np.polyfit(np.log(amounts), np.log(values), 1)[0])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m experiments.benchmarks.growth", description=__doc__.partition("\n")[0])
    parser.add_argument("--system", choices=SYSTEMS, required=True)
    parser.add_argument("--batches", type=int, nargs="+", default=[1], help="images of a step (default 1)")
    parser.add_argument("--widths", type=int, nargs="+", default=[16], help="channels of the networks (default 16)")
    parser.add_argument("--sizes", type=read_size, nargs="+", default=[(512, 384)], help="of images (default 512x384)")
    parser.add_argument("--vgg", action="store_true", help="with the perceptual loss, by a VGG-19 of random weights")
    parser.add_argument("--steps", type=int, default=7, help="timed at each point (default 7)")
    parser.add_argument("--out", type=Path, help="file to which each point is added as a JSON line")
    return parser


if __name__ == "__main__":
    main()
