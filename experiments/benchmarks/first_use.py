"""Time a new process from its start to the end of its first training step, with and without earlier compilation.

    python -m experiments.benchmarks.first_use --width 8 --size 256x128 --cold

A new process imports Jittor as our commands do, creates the system and trains one step on a random batch. The first
process compiles what is not in Jittor's cache; later ones, called warm, find all in the cache. With --cold the home
directory is empty at first, so that the first process compiles Jittor's core and every operator, which takes minutes.
No network access is needed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Dict, Iterator, List, Sequence

from experiments.benchmarks.case import SYSTEMS, Case, read_size
from experiments.benchmarks.machine import describe_machine
from experiments.benchmarks.worker import Worker

# This module must not import `jittor_tsit`. That would set environment variables for the present home directory, and
# the processes with an empty home directory would inherit them.
STAGES = {"import": "import", "build": "system", "step": "first step", "total": "all"}


def main() -> None:
    options = _parser().parse_args()
    case = Case(options.system, options.width, *options.size, options.batch, options.vgg)
    rows: Dict[str, List[Dict[str, float]]] = {}
    if options.cold:
        with empty_home():
            rows["cold"] = [first_step(case)]
            rows["warm"] = [first_step(case) for _ in range(options.repeats)]  # all is compiled now
    else:
        rows["first"] = [first_step(case)]
        rows["warm"] = [first_step(case) for _ in range(options.repeats)]
    record = {**describe_machine(), **asdict(case), "seconds": rows}
    print(report(record))
    if options.out:
        with open(options.out, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


@contextmanager
def empty_home() -> Iterator[None]:
    """Give an empty home directory to the processes that are started in the `with` block.

    Setting JITTOR_HOME would not be enough: Jittor stores its value in the real home directory for all later runs.
    """
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        os.environ.pop("JITTOR_HOME", None)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def first_step(case: Case) -> Dict[str, float]:
    """Start a process that trains one step. Return the seconds of each of STAGES."""
    began = time.monotonic()
    worker = Worker("jittor", sys.executable, ["jittor", json.dumps(asdict(case))])
    try:
        imported = worker.ask("import_time")
        built = time.monotonic()
        worker.ask("train", 1)
        ended = time.monotonic()
    finally:
        worker.close()
    return {"import": imported - began, "build": built - imported, "step": ended - built, "total": ended - began}


def report(record: Dict) -> str:
    """A Markdown table of a record, with a row for each kind of process."""
    size = f"{record['image_width']}x{record['image_height']}"
    title = f"{record['system']}, width {record['width']}, {size}, batch {record['batch']}"
    title += ", with VGG-19" if record["vgg"] else ""
    place = f"{record['date']}, {record['gpu'] or record['cpu']}, {record['cores']} cores, commit {record['commit']}"
    lines = [title, f"{place}; seconds: median (least-most)", "", f"| | {' | '.join(STAGES.values())} |"]
    lines += ["|---" * (len(STAGES) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(_cells(rows))} |" for name, rows in record["seconds"].items()]
    return "\n".join(lines)


def _cells(rows: Sequence[Dict[str, float]]) -> Iterator[str]:
    for stage in STAGES:
        values = [row[stage] for row in rows]
        spread = f" ({min(values):.1f}-{max(values):.1f})" if len(values) > 1 else ""
        yield f"{median(values):.1f}{spread}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m experiments.benchmarks.first_use", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--system", choices=SYSTEMS, default="tsit", help="(default tsit)")
    parser.add_argument("--width", type=int, default=8, help="channels of the networks (default 8)")
    parser.add_argument("--size", type=read_size, default=(256, 128), help="of the images (default 256x128)")
    parser.add_argument("--batch", type=int, default=1, help="images of the step (default 1)")
    parser.add_argument("--vgg", action="store_true", help="with the perceptual loss, by a VGG-19 of random weights")
    parser.add_argument("--cold", action="store_true", help="start with an empty cache, which takes minutes")
    parser.add_argument("--repeats", type=int, default=3, help="number of warm processes (default 3)")
    parser.add_argument("--out", type=Path, help="file to which the result is appended as a JSON line")
    return parser


if __name__ == "__main__":
    main()
