"""Seconds from the start of a process to the end of its first training step, warm or with nothing compiled before.

    python -m experiments.benchmarks.first_use --width 8 --size 256x128 --cold

A process of its own imports Jittor as our commands do, makes the system and trains one step of a random batch in
memory. The first one compiles what is missing, warm ones find what it compiled. With --cold all have a home directory
that is empty at first, so that Jittor's core and every operator are compiled, without a network: minutes.
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

# Nothing here may import `jittor_tsit`: it would set the variables below for the home of now, and its process pass
# them on to that of an empty one.
STAGES = {"import": "import", "build": "system", "step": "first step", "total": "all"}


def main() -> None:
    options = _parser().parse_args()
    case = Case(options.system, options.width, *options.size, options.batch, options.vgg)
    rows: Dict[str, List[Dict[str, float]]] = {}
    if options.cold:
        with empty_home():
            rows["cold"] = [first_step(case)]
            rows["warm"] = [first_step(case) for _ in range(options.repeats)]  # with what that compiled
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
    """For the time of a `with` block, processes that are started have an empty home directory.

    JITTOR_HOME alone would not do: Jittor remembers it in the real home, for all later runs.
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
    """Seconds of the stages of a new process, and of them all."""
    began = time.monotonic()
    worker = Worker("jittor", sys.executable, ["jittor", json.dumps(asdict(case))])
    try:
        imported = worker.ask("imported")
        built = time.monotonic()
        worker.ask("train", 1)
        ended = time.monotonic()
    finally:
        worker.close()
    return {"import": imported - began, "build": built - imported, "step": ended - built, "total": ended - began}


def report(record: Dict) -> str:
    """A Markdown table."""
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
    parser.add_argument("--cold", action="store_true", help="first with nothing compiled before: takes minutes")
    parser.add_argument("--repeats", type=int, default=3, help="warm processes (default 3)")
    parser.add_argument("--out", type=Path, help="file to which the result is added as a JSON line")
    return parser


if __name__ == "__main__":
    main()
