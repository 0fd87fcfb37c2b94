"""Time how long `test` takes for many label maps, from reading to writing files, extrapolated from a sample.

    python -m experiments.benchmarks.inference --system tsit --width 64 --size 512x384

A model with random weights reads label maps one at a time and writes an image of each as JPEG, with the function that
`test` calls. The first few images are not counted, because they compile operators. The time for --labels is the time
for the sample, scaled by the number of label maps.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Dict, Sequence

from data_tools.sets.image_io import write_label
from experiments.benchmarks.case import SYSTEMS, Case, read_size
from experiments.benchmarks.machine import describe_machine
from jittor_tsit.runtime.import_jittor import start_jittor

WARM_UP = 3  # images
DIFFERENT = 8  # different label maps; further files are copies under other names
NUM_LABELS = 1000  # of the contest's test set


def main() -> None:
    options = _parser().parse_args()
    case = Case(options.system, options.width, *options.size, DIFFERENT, vgg=False)
    start_jittor()
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(case, Path(folder), options.seconds, options.labels)
    record = {**describe_machine(), **asdict(case), "batch": 1, "labels": options.labels, **measured}
    print(report(record))
    if options.out:
        with open(options.out, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def measure(case: Case, folder: Path, seconds: float, most: int) -> Dict[str, float]:
    """Time the making of images, for about `seconds` and for at most `most` label maps.

    Returns:
        "timed": the number of timed images, "seconds": their time, "first_images_s": the time of the WARM_UP images.
    """
    from experiments.benchmarks.jittor_side import make_untrained_system
    from jittor_tsit.config import DataConfig
    from jittor_tsit.inference.from_label_maps import make_images
    from jittor_tsit.inference.model import Model
    from jittor_tsit.systems.draws import Noise

    size = {"image_width": case.image_width, "image_height": case.image_height}
    output = {"output_width": case.image_width, "output_height": case.image_height}
    model = Model(folder, make_untrained_system(case), DataConfig(**size, **output))
    (folder / "images").mkdir()

    def time_images(labels: Sequence[Path]) -> float:
        began = time.perf_counter()
        make_images(model, labels, {}, folder / "images", Noise(0))
        return time.perf_counter() - began

    first = time_images(labels_of(case, folder / "first", WARM_UP))
    per_image = time_images(labels_of(case, folder / "guess", WARM_UP)) / WARM_UP
    count = max(1, min(most, int(seconds / per_image)))
    sample = labels_of(case, folder / "sample", count)
    return {"timed": count, "seconds": time_images(sample), "first_images_s": first}


def labels_of(case: Case, folder: Path, count: int) -> Sequence[Path]:
    """Write `count` label maps to a new folder. Return their paths."""
    folder.mkdir()
    labels, _ = case.batch_arrays()
    paths = [folder / f"{folder.name}{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        write_label(path, labels[number % len(labels)])
    return paths


def report(record: Dict) -> str:
    """The result as three lines of text: the model, the machine, the times."""
    size = f"{record['image_width']}x{record['image_height']}"
    place = f"{record['date']}, {record['gpu'] or record['cpu']}, {record['cores']} cores, commit {record['commit']}"
    each, first = record["seconds"] / record["timed"], record["first_images_s"]
    return (
        f"{record['system']}, width {record['width']}, {size}\n{place}\n"
        f"{record['timed']} images in {record['seconds']:.1f} s, files written: {1000 * each:.0f} ms each, "
        f"{record['labels']} in {record['labels'] * each:.0f} s; the first {WARM_UP} took {first:.1f} s"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m experiments.benchmarks.inference", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--system", choices=SYSTEMS, required=True)
    parser.add_argument("--width", type=int, default=64, help="channels of the networks (default 64)")
    parser.add_argument("--size", type=read_size, default=(512, 384), help="of the images (default 512x384)")
    parser.add_argument("--labels", type=int, default=NUM_LABELS, help=f"number of label maps (default {NUM_LABELS})")
    parser.add_argument("--seconds", type=float, default=20, help="approximate time for the sample (default 20)")
    parser.add_argument("--out", type=Path, help="file to which the result is appended as a JSON line")
    return parser


if __name__ == "__main__":
    main()
