"""Measure how the time and the memory of our training step grow with batch, width and image size.

    python -m experiments.benchmarks.growth --system tsit --batches 1 2 4 --widths 16 32 --sizes 256x128 512x384
        --pairs 100 10000

Each quantity varies alone; the others keep their first value. Each point is measured in a new process. The last row of
a table is the exponent of growth, fitted by least squares to the logarithms: 1 means proportional growth. For sizes it
refers to the number of pixels. With --pairs the size of the data set varies. Its steps are timed together with reading
their batches, as in training; an exponent near 0 means that the size of the set does not matter.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Callable, Dict, List, Sequence

import numpy as np

from data_tools.rendering.write_set import write_set
from experiments.benchmarks.case import SYSTEMS, Case, read_size
from experiments.benchmarks.machine import describe_machine
from experiments.benchmarks.results import OURS
from experiments.benchmarks.step import WARM_UP, measure, our_worker

FEW = 4  # rendered pairs; larger sets list the same pairs repeatedly
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
    records_of: Dict[Case, dict] = {}  # cases that are measured; `base` is in all tables
    for axis, cases in axes.items():
        for case in cases:
            if case not in records_of:
                records_of[case] = measure(case, (), sys.executable, options.steps, repeats=1)
        print(table(axis, cases, [point(records_of[case]) for case in cases]), end="\n\n", flush=True)
    records = list(records_of.values())
    if options.pairs:
        records.append(measure_sets(base, options.pairs, options.steps))
        print(set_table(base, records[-1]["sets"]))
    if options.out:
        with open(options.out, "a", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)


def measure_sets(case: Case, sizes: Sequence[int], steps: int) -> Dict[str, object]:
    """Time training steps with data sets of these numbers of pairs, each in a new process."""
    sets = []
    with tempfile.TemporaryDirectory() as folder:
        write_set(Path(folder), FEW, 0, case.image_width, case.image_height)
        for num_pairs in sizes:
            worker = our_worker(case)
            try:
                seconds = worker.ask("train_from", folder, num_pairs, WARM_UP + steps)[WARM_UP:]
                ms = [1000 * each for each in (median(seconds), min(seconds), max(seconds))]
                sets.append({"pairs": num_pairs, "read_and_train_ms": ms, "peak_mib": worker.peak_mib()})
            finally:
                worker.close()
    return {**describe_machine(), **asdict(case), "steps": steps, "sets": sets}


def set_table(case: Case, sets: Sequence[Dict]) -> str:
    """A Markdown table of the results of `measure_sets`, with the exponents in the last row."""
    lines = [f"{case.system}, width {case.width}, {case.image_width}x{case.image_height}, batch {case.batch}", ""]
    lines += ["| pairs in the set | step with its reading, ms | peak MiB |", "|---|---|---|"]
    points = [(each["read_and_train_ms"][0], each["peak_mib"]) for each in sets]
    lines += [f"| {each['pairs']} | {ms:.0f} | {mib:.0f} |" for each, (ms, mib) in zip(sets, points)]
    if len(sets) > 1:
        cells = [f"{exponent([each['pairs'] for each in sets], column):.2f}" for column in zip(*points)]
        lines.append(f"| exponent | {' | '.join(cells)} |")
    return "\n".join(lines)


def point(record: Dict[str, dict]) -> List[float]:
    """The values of COLUMNS from a record of the benchmark `step`."""
    side = record["sides"][OURS]
    values = {"train_ms": side["train_ms"][0], "generate_ms": side["generate_ms"][0]}
    values["mib"] = side["device_mib"] or side["peak_mib"]
    return [values[name] for name in COLUMNS.values()]


def table(axis: str, cases: Sequence[Case], points: Sequence[Sequence[float]]) -> str:
    """A Markdown table of the points of an axis. If there are two or more, the last row is the exponents."""
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
    """Fit p in value = c * amount^p by least squares of the logarithms."""
    power = float(np.polyfit(np.log(amounts), np.log(values), 1)[0])
    return round(power, 6) + 0.0  # some processors give -1e-17, which a table would show as -0.00


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m experiments.benchmarks.growth", description=__doc__.partition("\n")[0])
    parser.add_argument("--system", choices=SYSTEMS, required=True)
    parser.add_argument("--batches", type=int, nargs="+", default=[1], help="images of a step (default 1)")
    parser.add_argument("--widths", type=int, nargs="+", default=[16], help="channels of the networks (default 16)")
    parser.add_argument("--sizes", type=read_size, nargs="+", default=[(512, 384)], help="of images (default 512x384)")
    parser.add_argument(
        "--pairs", type=int, nargs="+", default=[], help="sizes of data sets to train from (default: none)"
    )
    parser.add_argument("--vgg", action="store_true", help="with the perceptual loss, by a VGG-19 of random weights")
    parser.add_argument("--steps", type=int, default=7, help="steps that are timed at each point (default 7)")
    parser.add_argument("--out", type=Path, help="file to which each point is appended as a JSON line")
    return parser


if __name__ == "__main__":
    main()
