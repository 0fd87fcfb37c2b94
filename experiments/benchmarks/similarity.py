"""Seconds, compared pairs and memory of the search for similar label maps.

    python -m experiments.benchmarks.similarity --count 100000 --out similarity.jsonl

renders 10,000 scenes (5 minutes on 2 cores), shows each of them moved by some cells until there are `count` maps, as
a series of photos would, and runs `nearest_maps` and `equivalence_classes` on the first 1,000, the first 10,000 and
all. What to expect on 2 cores that have other work, too: 5 seconds each for 10,000 maps and 200 MiB; for 100,000
maps, 90,608 of them distinct, 4 and 2 minutes and 420 MiB.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import time
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

import numpy as np
from tqdm import tqdm

from data_tools.curation.equivalence import equivalence_classes
from data_tools.curation.neighbours import collapse, nearest_maps
from data_tools.rendering.write_set import render

SEED = 0
WIDTH, HEIGHT = 64, 48  # rendered, and every second pixel each way is a cell
SCENES = 10_000
SIZES = (1_000, 10_000)  # measured besides `count`
_SHIFT = (2, 4)  # cells down and across, at most


def main(arguments: Optional[List[str]] = None) -> None:
    options = _parser().parse_args(arguments)
    maps = np.load(options.labels) if options.labels else render_maps(min(options.count, SCENES))
    maps = moved_copies(maps, options.count)
    print(f"{'maps':>8} {'distinct':>8} {'search':>8} {'seconds':>8} {'pairs compared':>15} {'MiB':>6}")
    for size in [n for n in SIZES if n < options.count] + [options.count]:
        for record in measure(maps[:size], options.agreement):
            print("{maps:8d} {distinct:8d} {search:>8} {seconds:8.1f} {compared!s:>15} {peak_mib:6d}".format(**record))
            if options.out:
                with open(options.out, "a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")


def render_maps(count: int) -> np.ndarray:
    """Label maps of `count` rendered landscapes: [count, 24, 32] uint8."""
    with multiprocessing.Pool(os.cpu_count()) as pool:
        scenes = pool.imap(_render, range(count), chunksize=50)
        return np.stack(list(tqdm(scenes, desc="render", total=count, unit="map", file=sys.stderr)))


def moved_copies(maps: np.ndarray, count: int) -> np.ndarray:
    """The maps, and as many copies of them as are missing, each moved by up to 2 cells down and 4 across."""
    copies = np.empty((count, *maps.shape[1:]), np.uint8)
    rng = np.random.default_rng(SEED)
    _, height, width = maps.shape
    for i in range(count):
        down, across = (rng.integers(-most, most + 1) if i >= len(maps) else 0 for most in _SHIFT)
        rows = np.clip(np.arange(height) + down, 0, height - 1)
        copies[i] = maps[i % len(maps)][rows][:, np.clip(np.arange(width) + across, 0, width - 1)]
    return copies


def measure(maps: np.ndarray, agreement: float) -> List[Dict[str, object]]:
    """One record for each search. Peak memory is the process's so far, so sizes are to be measured in rising order."""
    codes = maps.reshape(len(maps), -1)
    common = {"maps": len(maps), "distinct": len(collapse(codes).first), "agreement": agreement}
    seconds, nearest = _timed(lambda: nearest_maps(codes, agreement))
    first = {
        **common,
        "search": "nearest",
        "seconds": seconds,
        "compared": nearest.compared,
        "found": float((nearest.index >= 0).mean()),
        "peak_mib": _peak_mib(),
    }
    seconds, classes = _timed(lambda: equivalence_classes(maps, agreement))
    found = sum(len(c.members) for c in classes) / len(maps)
    return [
        first,
        {**common, "search": "classes", "seconds": seconds, "compared": None, "found": found, "peak_mib": _peak_mib()},
    ]


def _timed(search: Callable[[], object]) -> Tuple[float, object]:
    start = time.perf_counter()
    result = search()
    return round(time.perf_counter() - start, 2), result


def _peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # Linux counts KiB


def _render(index: int) -> np.ndarray:
    return render(SEED, index, WIDTH, HEIGHT)[1][1::2, 1::2]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000, help="label maps at most (default: %(default)s)")
    parser.add_argument("--agreement", type=float, default=0.9, help="share of equal cells (default: %(default)s)")
    parser.add_argument("--labels", type=Path, help="maps to use instead, [n, h, w] uint8 in a .npy file")
    parser.add_argument("--out", type=Path, help="file that gets a JSON line for each measurement")
    return parser


if __name__ == "__main__":
    main()
