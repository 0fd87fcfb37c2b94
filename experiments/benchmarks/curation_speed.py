"""Time data_tools on a set, in comparison with decoding alone and with public tools on the same photos.

    python -m experiments.benchmarks.curation_speed --data DIR --work DIR

The public tools, cleanvision and imagehash, are in the extra `benchmark`. Without them their rows are left out. They
read photos only: cleanvision checks darkness, brightness, blur, greyness, odd sizes and duplicates; imagehash computes
a 64-bit hash for finding duplicates. Each stage runs once, on all cores. Prints a Markdown table and appends a JSON
line to --out.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

from data_tools.basics.pools import local_pool
from data_tools.curation.default_rules import Settings
from data_tools.curation.folder import select_splits
from data_tools.curation.scan import scan
from data_tools.report.from_folder import make_report
from data_tools.sets.checking import read_pair
from data_tools.sets.pairing import Pair, find_pairs

WORKERS = os.cpu_count() or 1
CHUNK = 32  # pairs that a process gets at a time


def _decode(pair: Pair) -> None:
    read_pair(pair)


def _hash(pair: Pair) -> str:
    import imagehash
    from PIL import Image

    with Image.open(pair.photo) as photo:
        return str(imagehash.phash(photo))


def _in_processes(function: Callable, pairs: List[Pair]) -> None:
    """Call the function for every pair, in WORKERS processes."""
    with ProcessPoolExecutor(WORKERS) as pool:
        for _ in pool.map(function, pairs, chunksize=CHUNK):
            pass


def _cleanvision(pairs: List[Pair]) -> None:
    from cleanvision import Imagelab

    Imagelab(filepaths=[str(pair.photo) for pair in pairs]).find_issues(n_jobs=WORKERS, verbose=False)


def memory() -> float:
    """Peak memory so far in GB: of this process, plus WORKERS times that of its largest child."""
    own, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (own + WORKERS * child) / 2**20


def measure(data: Path, work: Path, examples: int) -> Tuple[int, Dict[str, Optional[float]], float]:
    """Run all stages.

    Returns:
        The number of pairs; the seconds of each stage, None if its tool is missing; data_tools' peak memory in GB.
    """
    pairs = find_pairs(data)
    make_pool = partial(local_pool, WORKERS)
    stages: Dict[str, Callable[[], object]] = {
        "decode photos and label maps (the limit)": lambda: _in_processes(_decode, pairs),
        "scan": lambda: scan(data, work, make_pool),
        "scan again, nothing new": lambda: scan(data, work, make_pool),
        "select, with equivalence classes": lambda: select_splits(work, Settings(), {}),
        "report": lambda: make_report(work, examples),
    }
    seconds = {name: _time_stage(stage) for name, stage in stages.items()}
    peak = memory()
    seconds["cleanvision (photos only)"] = _time_stage(lambda: _cleanvision(pairs))
    seconds["imagehash, 64 bits (photos only)"] = _time_stage(lambda: _in_processes(_hash, pairs))
    return len(pairs), seconds, peak


def _time_stage(stage: Callable[[], object]) -> Optional[float]:
    """Run a stage and return its seconds. Return None and print a message if its tool is not installed."""
    start = time.perf_counter()
    try:
        stage()
    except ImportError as error:
        print(f"left out: {error}", file=sys.stderr)
        return None
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="a data set")
    parser.add_argument(
        "--work", type=Path, required=True, metavar="DIR", help="folder for the results; it must not exist"
    )
    parser.add_argument(
        "--examples", type=int, default=12, help="pairs in each list of the report (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, help="file to which a JSON line is appended")
    args = parser.parse_args()
    if args.work.exists():
        parser.error(f"--work {args.work}: exists, and a scan in it would be continued; name a new folder")
    count, seconds, peak = measure(args.data, args.work, args.examples)
    print(f"{count} pairs, {WORKERS} processes\n\n| stage | seconds | ms a pair |\n|---|---|---|")
    for name, value in seconds.items():
        if value is not None:
            print(f"| {name} | {value:.1f} | {1000 * value / count:.2f} |")
    print(f"\npeak memory of data_tools, all processes: {peak:.2f} GB")
    if args.out:
        with args.out.open("a") as file:
            file.write(json.dumps({"pairs": count, "workers": WORKERS, "seconds": seconds, "gigabytes": peak}) + "\n")


if __name__ == "__main__":
    main()
