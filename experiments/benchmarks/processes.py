"""Compare training with one and with several processes on this machine: speed, and difference of the weights.

    python -m experiments.benchmarks.processes --procs 2 --out processes.jsonl

renders a small set and trains TSIT and SPADE (256 x 256, batches of 4) on it for a few steps, alternately with one
process and with several. All runs see the same images in the same batches. The speed comes from stats.jsonl without the
first batch, which may compile operators. The difference of the last checkpoints' weights is in units of the learning
rate.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

import numpy as np

from data_tools.rendering.write_set import write_set
from jittor_tsit.runs.checkpoint import checkpoint_paths, load_checkpoint

ROOT = Path(__file__).parents[2]
SIZE, BATCH = 256, 4
EXPERIMENT = """
from jittor_tsit.config import DataConfig, Experiment, RunConfig
from jittor_tsit.systems.{module} import {name}Config
from jittor_tsit.systems.{home} import {weights} as Weights
experiment = Experiment(
    "{module}",
    {name}Config(width={width}, width_D={width}, weights=Weights(vgg=0)),
    DataConfig(image_width={size}, image_height={size}),
    RunConfig(total_nimg={total}, batch_size={batch}, status_nimg={batch}, snapshot_nimg={total}),
)
"""
WEIGHTS = {"TSIT": ("tsit", "TSITWeights"), "SPADE": ("synthesis", "SynthesisWeights")}


def main() -> None:
    options = _parser().parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_set(place / "set", 16, 0, SIZE, SIZE)
        for name, (home, kind) in WEIGHTS.items():
            text = EXPERIMENT.format(
                module=name.lower(),
                name=name,
                home=home,
                weights=kind,
                width=options.width,
                size=SIZE,
                batch=BATCH,
                total=BATCH * options.steps,
            )
            (place / f"{name}.py").write_text(text)
            record = {"system": name, "width": options.width, **compare(place, name, options.procs, options.repeats)}
            print(json.dumps(record))
            if options.out:
                with open(options.out, "a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")


def compare(place: Path, name: str, procs: int, repeats: int) -> Dict[str, object]:
    """Train with one and with `procs` processes alternately.

    Returns:
        The median, lowest and highest speed of each, and quantiles of the difference of the weights.
    """
    speeds: Dict[int, List[float]] = {1: [], procs: []}
    for repeat in range(repeats):
        for count in speeds:
            speeds[count].append(train(place, name, count, place / f"{name}-{count}-{repeat}"))
    ours, alone = (weights(place / f"{name}-{count}-0") for count in (procs, 1))
    moved = np.concatenate([np.abs(ours[key] - alone[key]).ravel() / rate for key, rate in rates_of(alone).items()])
    record = {
        f"img_per_s_{count}": [statistics.median(values), min(values), max(values)] for count, values in speeds.items()
    }
    return {
        **record,
        "half_within_lr": float(np.median(moved)),
        "99_percent_within_lr": float(np.quantile(moved, 0.99)),
    }


def train(place: Path, name: str, count: int, run_dir: Path) -> float:
    """Train once with `count` processes. Return the images a second."""
    words = ["train", "--experiment", place / f"{name}.py", "--data", place / "set", "--run-dir", run_dir]
    words += ["--procs", count, "--device", "cpu"]
    subprocess.run([sys.executable, "-m", "jittor_tsit", *map(str, words)], cwd=ROOT, check=True)
    lines = [json.loads(line) for line in (run_dir / "stats.jsonl").read_text().splitlines()]
    seconds = sum(BATCH / line["img_per_s"] for line in lines[1:])
    return BATCH * (len(lines) - 1) / seconds


def weights(run_dir: Path) -> Dict[str, np.ndarray]:
    """The weights of G, E and D in the last checkpoint."""
    arrays = load_checkpoint(checkpoint_paths(run_dir)[-1]).arrays
    return {key: array for key, array in arrays.items() if key[:2] in ("G.", "E.", "D.") and key.endswith("weight")}


def rates_of(arrays: Dict[str, np.ndarray]) -> Dict[str, float]:
    """The learning rate of each array; the systems use their defaults."""
    return {key: 4e-4 if key.startswith("D.") else 1e-4 for key in arrays}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m experiments.benchmarks.processes", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--procs", type=int, default=2, help="number of processes to compare with one (default 2)")
    parser.add_argument("--width", type=int, default=8, help="channels of the networks (default 8)")
    parser.add_argument("--steps", type=int, default=6, help="steps of each run (default 6)")
    parser.add_argument("--repeats", type=int, default=3, help="runs with each number of processes (default 3)")
    parser.add_argument("--out", type=Path, help="file to which each result is appended as a JSON line")
    return parser


if __name__ == "__main__":
    main()
