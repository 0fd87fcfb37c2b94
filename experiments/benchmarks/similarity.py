"""Measure the search for similar label maps: seconds, compared pairs and memory.

    python -m experiments.benchmarks.similarity --count 100000 --out similarity.jsonl

renders 10,000 scenes (5 minutes on 2 cores), adds copies that are shifted by some cells until there are `count` maps,
as in a series of photos, and runs `nearest_maps` and `equivalence_classes` on the first 1,000, the first 10,000 and
all maps. On 2 cores that also had other work, 10,000 maps took 5 seconds each and 200 MiB; 100,000 maps, 90,608 of them
distinct, took 4 and 2 minutes and 420 MiB.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import time
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

import numpy as np

from data_tools.basics.progress import progress_bar
from data_tools.curation.equivalence import equivalence_classes
from data_tools.curation.neighbours import collapse, nearest_maps
from data_tools.rendering.write_set import render

SEED = 0
WIDTH, HEIGHT = 64, 48  # pixels of a rendered scene; every second row and column becomes a cell of the map
SCENES = 10_000
SIZES = (1_000, 10_000)  # numbers of maps that are measured besides `count`
_SHIFT = (2, 4)  # the largest shift in cells, down and across


def main(arguments: Optional[List[str]] = None) -> None:
    options = _parser().parse_args(arguments)
    maps = np.load(options.labels) if options.labels else render_maps(min(options.count, SCENES))
    maps = add_shifted_copies(maps, options.count)
    print(f"{'maps':>8} {'distinct':>8} {'search':>8} {'seconds':>8} {'pairs compared':>15} {'MiB':>6}")
    for size in [n for n in SIZES if n < options.count] + [options.count]:
        for record in measure(maps[:size], options.agreement):
            print("{maps:8d} {distinct:8d} {search:>8} {seconds:8.1f} {compared!s:>15} {peak_mib:6d}".format(**record))
            if options.out:
                with open(options.out, "a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")


def render_maps(count: int) -> np.ndarray:
    """Render `count` landscapes and return their label maps, [count, 24, 32] uint8."""
    with multiprocessing.Pool(os.cpu_count()) as pool:
        scenes = pool.imap(_render, range(count), chunksize=50)
        return np.stack(list(progress_bar(scenes, desc="render", total=count, unit="map")))


def add_shifted_copies(maps: np.ndarray, count: int) -> np.ndarray:
    """Return `count` maps: `maps`, then copies of them that are shifted by up to _SHIFT in each direction."""
    copies = np.empty((count, *maps.shape[1:]), np.uint8)
    rng = np.random.default_rng(SEED)
    _, height, width = maps.shape
    for i in range(count):
        down, across = (rng.integers(-most, most + 1) if i >= len(maps) else 0 for most in _SHIFT)
        rows = np.clip(np.arange(height) + down, 0, height - 1)
        copies[i] = maps[i % len(maps)][rows][:, np.clip(np.arange(width) + across, 0, width - 1)]
    return copies


def measure(maps: np.ndarray, agreement: float) -> List[Dict[str, object]]:
    """Run both searches and return a record of each.

    The peak memory is that of the whole process so far, so smaller sizes must be measured before larger ones.
    """
    codes = maps.reshape(len(maps), -1)
    common = {"maps": len(maps), "distinct": len(collapse(codes).first), "agreement": agreement}
    seconds, nearest = _time(lambda: nearest_maps(codes, agreement))
    first = {
        **common,
        "search": "nearest",
        "seconds": seconds,
        "compared": nearest.compared,
        "found": float((nearest.index >= 0).mean()),
        "peak_mib": _peak_mib(),
    }
    seconds, classes = _time(lambda: equivalence_classes(maps, agreement))
    found = sum(len(c.members) for c in classes) / len(maps)
    return [
        first,
        {**common, "search": "classes", "seconds": seconds, "compared": None, "found": found, "peak_mib": _peak_mib()},
    ]


def _time(search: Callable[[], object]) -> Tuple[float, object]:
    """Call `search`. Return its seconds and its result."""
    start = time.perf_counter()
    result = search()
    return round(time.perf_counter() - start, 2), result


def _peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # Linux reports KiB


def _render(index: int) -> np.ndarray:
    return render(SEED, index, WIDTH, HEIGHT)[1][1::2, 1::2]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--count", type=int, default=100_000, help="largest number of label maps (default: %(default)s)"
    )
    parser.add_argument(
        "--agreement", type=float, default=0.9, help="share of equal cells of similar maps (default: %(default)s)"
    )
    parser.add_argument("--labels", type=Path, help="a .npy file of maps, [n, h, w] uint8, instead of rendered ones")
    parser.add_argument("--out", type=Path, help="file to which a JSON line for each measurement is appended")
    return parser


if __name__ == "__main__":
    main()
