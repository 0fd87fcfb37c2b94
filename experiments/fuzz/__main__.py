"""`python -m experiments.fuzz`: read many damaged and made-up files and texts; only documented errors may be raised.

Each case may use 5 seconds of CPU time and 1 GB of memory. It runs in a child process, so that a crash of a reader
does not end the whole run. For each failure, the program prints the command that repeats it and keeps the input.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence

from tqdm import tqdm

from data_tools.basics.progress import progress_bar
from experiments.fuzz.cases import ACCEPTED, REFUSED, draw, run_case
from experiments.fuzz.readers import Reader, all_readers

BATCH = 250  # cases for one child process, whose start takes a second
MEMORY = 1 << 30  # bytes that a case may use
GRACE_S = 60  # seconds; a child without output for this long is killed: it hangs where the time limit does not work
FAILURES = Path("fuzz-failures")  # folder for the inputs of failed cases
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}  # libtiff prints warnings to stderr


class Result(NamedTuple):
    """The result of one case. A child prints each as a line of JSON."""

    number: int
    verdict: str
    details: str
    growth: int  # of the child's peak memory, in bytes


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command line. Return 0 if no case failed, else 1."""
    readers = all_readers()
    args = options(readers).parse_args(argv)
    if args.child:
        work(readers[args.reader], args)
        return 0
    names = [args.reader] if args.reader else list(readers)
    if args.case is not None:
        return repeat(readers[args.reader], args)
    started, tables = time.time(), {}
    with progress_bar(total=args.cases, desc="fuzz", unit="case") as bar:
        for index, name in enumerate(names):
            count = args.cases * (index + 1) // len(names) - args.cases * index // len(names)
            tables[name] = fuzz(readers[name], name, args.seed, count, bar)
    print(report(tables))
    failures = sum(table["failed"] for table in tables.values())
    if args.record:
        record = {
            "date": time.strftime("%Y-%m-%d"),
            "python": platform.python_version(),
            "seed": args.seed,
            "cases": args.cases,
            "failures": failures,
            "seconds": round(time.time() - started),
            "readers": tables,
        }
        with open(args.record, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
    return int(failures > 0)


def options(readers: Dict[str, Reader]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m experiments.fuzz", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--cases", type=int, default=20_000, metavar="N", help="number of cases, all readers together; default: 20000"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the inputs; default: 0")
    parser.add_argument(
        "--reader", choices=list(readers), metavar="NAME", help=f"test this reader only: {', '.join(readers)}"
    )
    parser.add_argument("--case", type=int, metavar="K", help="run case K of --reader only, and print its traceback")
    parser.add_argument("--record", type=Path, metavar="FILE", help="append the counts to FILE as a line of JSON")
    parser.add_argument("--child", type=int, nargs=2, metavar=("FIRST", "COUNT"), help=argparse.SUPPRESS)
    return parser


def fuzz(reader: Reader, name: str, seed: int, count: int, bar) -> Dict[str, int]:
    """Run the cases of a reader. Return how many were accepted, refused and failed."""
    verdicts: Counter = Counter()
    for result in results(name, seed, count):
        bar.update()
        failed = result.verdict not in (ACCEPTED, REFUSED)
        verdicts["failed" if failed else result.verdict] += 1
        if failed:
            path = keep(draw(reader, name, seed, result.number), f"{name}-{seed}-{result.number}")
            command = f"python -m experiments.fuzz --seed {seed} --reader {name!r} --case {result.number}"
            tqdm.write(f"FAILED {result.verdict}\n  {command}\n  {path}", file=sys.stderr)
    return {verdict: verdicts[verdict] for verdict in (ACCEPTED, REFUSED, "failed")}


def results(name: str, seed: int, count: int) -> Iterator[Result]:
    """Run the cases in child processes and yield their results.

    When a child dies or hangs, its current case has failed, and a new child continues with the next case.
    """
    first = 0
    while first < count:
        child = [sys.executable, "-m", "experiments.fuzz", "--reader", name, "--seed", str(seed), "--child"]
        process = subprocess.Popen([*child, str(first), str(min(BATCH, count - first))], **PIPES)
        end = min(first + BATCH, count)
        for line in lines_of(process):
            result = Result(*json.loads(line))
            yield result._replace(verdict=f"takes {result.growth >> 20} MB") if result.growth > MEMORY else result
            first += 1
        if first < end:
            how = f"died ({process.returncode})" if process.returncode != -signal.SIGKILL else "hangs, or was killed"
            yield Result(first, how, "", 0)
            first += 1


def lines_of(process: subprocess.Popen) -> Iterator[str]:
    """Yield the output lines of a child. Kill the child if it prints nothing for GRACE_S."""
    selector, rest = selectors.DefaultSelector(), b""
    selector.register(process.stdout, selectors.EVENT_READ)
    while True:
        if not selector.select(GRACE_S):
            process.kill()
        data = os.read(process.stdout.fileno(), 1 << 16)
        *lines, rest = (rest + data).split(b"\n")
        yield from (line.decode() for line in lines)
        if not data:
            break
    process.stdout.close()
    process.wait()


def work(reader: Reader, args: argparse.Namespace) -> None:
    """Run as a child: run the cases of --child with limited memory, and print a line of JSON for each."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # readers may print; only our lines go to the parent
    first, count = args.child
    with tempfile.TemporaryDirectory() as folder:
        # One case before the limit: it loads the modules that are imported on first use.
        run_case(reader, draw(reader, args.reader, args.seed, first), Path(folder))
        limit_memory(MEMORY)
        for number in range(first, first + count):
            given = draw(reader, args.reader, args.seed, number)
            before = peak_memory()
            outcome = run_case(reader, given, Path(folder))
            answers.write(json.dumps(Result(number, *outcome, peak_memory() - before)) + "\n")


def limit_memory(more: int) -> None:
    """Limit this process to the memory that it has now plus `more` bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def peak_memory() -> int:
    """The peak memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in kB


def repeat(reader: Reader, args: argparse.Namespace) -> int:
    """Run one case in this process and print its result. Return 0 if it did not fail, else 1."""
    given = draw(reader, args.reader, args.seed, args.case)
    print(f"input: {keep(given, f'{args.reader}-{args.seed}-{args.case}')}")
    limit_memory(MEMORY)
    with tempfile.TemporaryDirectory() as folder:
        outcome = run_case(reader, given, Path(folder))
    print(outcome.details + outcome.verdict)
    return int(outcome.verdict not in (ACCEPTED, REFUSED))


def keep(given, name: str) -> Path:
    """Write an input to a file in FAILURES. Return the path."""
    FAILURES.mkdir(exist_ok=True)
    path = FAILURES / name.replace(" ", "-").replace("/", "-")
    path.write_bytes(given if isinstance(given, bytes) else json.dumps(given).encode())
    return path


def report(tables: Dict[str, Dict[str, int]]) -> str:
    """A Markdown table with a row for each reader, and one for all of them."""
    lines: List[str] = ["| reader | cases | accepted | refused | failed |", "|---|---:|---:|---:|---:|"]
    rows = {
        **tables,
        "all": {verdict: sum(table[verdict] for table in tables.values()) for verdict in next(iter(tables.values()))},
    }
    for name, table in rows.items():
        lines.append("| " + " | ".join(map(str, (name, sum(table.values()), *table.values()))) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
