"""Measure how many images a second the loader delivers, from folders and from a cache file.

    python -m experiments.benchmarks.loading --images DIR --labels DIR --size 512x384 --workers 1 2 --cache

Only the loader is timed: the reading processes read, decode, resize, mirror and stack images, and send the batches to
this process, as in training. Jittor is not imported. The first batches are not counted. The files should be in the
system's file cache, as they are after the first epoch of a set that fits into memory. Folders and cache file are
measured alternately. The last column compares the speed with the need of a GPU's training step.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from itertools import count, islice
from pathlib import Path
from statistics import median
from typing import Dict, List, Sequence, Tuple

from data_tools.basics.errors import InputError, exit_status
from data_tools.sets.pairing import Pair
from experiments.benchmarks.case import read_size
from experiments.benchmarks.machine import describe_machine
from jittor_tsit.config import DataConfig
from jittor_tsit.data.cached_pairs import from_cache, make_cache
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.data.photo_lists import list_photos
from jittor_tsit.data.read_ahead import read_ahead
from jittor_tsit.data.samples import Augmentation, PairedSamples

STEP_MS = 245.0  # one TSIT step of one image at width 64, 512x384, with VGG-19, TF32, on an H100: README.md, "on a GPU"
FILES, CACHE = "folders", "cache"


def main() -> int:
    parser = _parser()
    options = parser.parse_args()
    samples = pairs_of(options.images, options.labels, options.size, options.load_size or options.size)
    with tempfile.TemporaryDirectory(dir=options.cache_dir) as folder:
        sources, made = {FILES: samples}, {}
        if options.cache:
            sources[CACHE], made = samples_from_cache(samples, Path(folder, "pairs.cache"), max(options.workers))
        rows = measure(sources, options.workers, options.batch, options.count, options.rounds)
    record = {
        **describe_machine(),
        "pairs": len(samples),
        "size": options.size,
        "load_size": samples.augmentation.load,
        "batch": options.batch,
        "count": options.count,
        "rounds": options.rounds,
        **made,
        "step_ms": options.step_ms,
        "step_images": options.step_images,
        "rows": rows,
    }
    print(report(record))
    if options.out:
        with open(options.out, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
    return 0


def pairs_of(images: Path, labels: Path, size: Tuple[int, int], load: Tuple[int, int]) -> PairedSamples:
    """Pair the photographs and label maps of two folders by stem, and return them as samples for training.

    Raises:
        InputError: No photograph has a label map.
    """
    maps = {path.stem: path for path in labels.glob("*.png")}
    pairs = [Pair(photo.stem, photo, maps[photo.stem]) for photo in list_photos(images) if photo.stem in maps]
    if not pairs:
        raise InputError(f"{labels}: holds no label map (*.png) with the stem of a photograph in {images}")
    return PairedSamples(pairs, label_maps_of(DataConfig()), Augmentation(load, size, flip=True), (0, 1))


def samples_from_cache(samples: PairedSamples, path: Path, workers: int) -> Tuple[PairedSamples, Dict[str, float]]:
    """Write a cache file. Return the samples that read from it, and the seconds and megabytes of the file."""
    began = time.perf_counter()
    make_cache([samples], path, workers, lambda line: print(line, file=sys.stderr))
    made = {"cache_s": time.perf_counter() - began, "cache_mb": path.stat().st_size / 1e6}
    return from_cache([samples], path)[0], made


def measure(
    sources: Dict[str, PairedSamples], workers: Sequence[int], batch: int, number: int, rounds: int
) -> List[Dict[str, object]]:
    """Measure the images a second of every source with every number of processes, alternately.

    Returns:
        For each, the median, the lowest and the highest speed of all rounds.
    """
    speeds: Dict[Tuple[int, str], List[float]] = {(each, name): [] for each in workers for name in sources}
    for _ in range(rounds):
        for each, name in speeds:
            speeds[each, name].append(speed(sources[name], each, batch, number))
    return [
        {"workers": each, "from": name, "img_per_s": [median(values), min(values), max(values)]}
        for (each, name), values in speeds.items()
    ]


def speed(samples: PairedSamples, workers: int, batch: int, number: int) -> float:
    """Measure images a second over whole batches of at least `number` images, after the reading processes' start."""
    batches = read_ahead(samples, ([range(place, place + batch)] for place in count(0, batch)), workers)
    try:
        started = 2 * workers + 1  # as many batches as may be read before the first is requested
        for _ in islice(batches, started):
            pass
        began, num_batches = time.perf_counter(), -(-number // batch)
        for _ in islice(batches, num_batches):
            pass
        return num_batches * batch / (time.perf_counter() - began)
    finally:
        batches.close()


def report(record: Dict) -> str:
    """A Markdown table of a record."""
    width, height = record["size"]
    needed = 1000 * record["step_images"] / record["step_ms"]
    place = f"{record['date']}, {record['cpu']}, {record['cores']} cores, commit {record['commit']}"
    lines = [f"{record['pairs']} pairs at {width}x{height}, batches of {record['batch']}"]
    lines += [f"{place}; {record['count']} images x {record['rounds']}: median (least-most)"]
    if "cache_s" in record:
        lines.append(f"cache made in {record['cache_s']:.1f} s, {record['cache_mb']:.0f} MB")
    lines += [f"the GPU's step: {record['step_images']} in {record['step_ms']:.0f} ms, {needed:.1f} images/s", ""]
    lines += ["| reading processes | from | images/s | times the GPU's step |", "|---|---|---|---|"]
    for row in record["rows"]:
        middle, least, most = row["img_per_s"]
        speeds = f"{middle:.1f} ({least:.1f}-{most:.1f})"
        lines.append(f"| {row['workers']} | {row['from']} | {speeds} | {middle / needed:.1f} |")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m experiments.benchmarks.loading", description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="photographs")
    parser.add_argument("--labels", type=Path, required=True, metavar="DIR", help="label maps of the same stems")
    parser.add_argument("--size", type=read_size, default=(512, 384), help="size of training images (default 512x384)")
    parser.add_argument(
        "--load-size", type=read_size, help="size from which training images are cropped (default: no cropping)"
    )
    parser.add_argument("--workers", type=int, nargs="+", default=[1], help="numbers of reading processes (default 1)")
    parser.add_argument("--cache", action="store_true", help="also measure a cache file, which is written and deleted")
    parser.add_argument(
        "--cache-dir", type=Path, metavar="DIR", help="folder for the cache file (default: temporary files)"
    )
    parser.add_argument("--batch", type=int, default=1, help="images of a batch (default 1)")
    parser.add_argument("--count", type=int, default=300, help="images of a round (default 300)")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (default 5)")
    step = f"time of a GPU's training step (default {STEP_MS:.0f}: TSIT on an H100, see README.md)"
    parser.add_argument("--step-ms", type=float, default=STEP_MS, help=step)
    parser.add_argument("--step-images", type=int, default=1, help="images of that step (default 1)")
    parser.add_argument("--out", type=Path, help="file to which the result is appended as a JSON line")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
