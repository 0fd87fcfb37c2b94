"""Measure what each means of training brings: the base, each means alone, and the best together, on several seeds.

    python -m experiments.benchmarks.ablation --data data/renders --yardstick data/others --judges judges --out ablation
    python -m experiments.benchmarks.ablation ... --together instance,code,noise,vgg

Every run has the same length, size and seeds; only the options of MEANS differ. After training, images of the
yardstick's label maps are made and scored by `score`, whose segmenter, if there is one, must have taken no part in
training. LPIPS is the mean distance between five images of a label map, over twenty maps of the training set.

All rows of seed 0 come first. Each row is kept in OUT/ablation.jsonl. The same command goes on where it stopped, also
in the middle of a run. A row of another protocol is refused. OUT/ablation.md holds the table: means and standard
deviations over the seeds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import mean, median, stdev
from typing import Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

from data_tools.basics.errors import InputError, exit_status
from data_tools.basics.files import make_folder, write_atomic
from data_tools.sets.pairing import find_pairs
from experiments.benchmarks.machine import describe_machine
from jittor_tsit.runs.checkpoint import checkpoint_path

BASE = Path(__file__).with_name("ablation_base.py")
MEANS: Dict[str, Tuple[str, ...]] = {
    "base": (),
    "average": ("optim.ema_halflife_nimg=300",),
    "instance": ("norm_G=instance",),
    "code": ("code_in_norms=true",),
    "noise": ("pixel_noise=true",),
    "vgg": ("weights.vgg=10", "perceptual=vgg16", "perceptual_halvings=1"),
    "diff_augment": ("diff_augment=color,translation,cutout",),
    "warp": ("warp=0.05",),
    "balance": ("balance_pairs=0.5",),
}
TOGETHER = "together"
FEWEST_PAIRS = 20  # of the yardstick: over fewer, a distance between sets says nothing, and LPIPS lacks its inputs
COLUMNS = {
    "vgg16_relu5_1_frechet": "VGG-16 Fréchet",
    "fid": "FID",
    "mask_accuracy": "mask accuracy",
    "lpips": "LPIPS",
    "step_s": "step s",
    "memory_gb": "memory GB",
}


class Protocol(NamedTuple):
    """What all rows of a table have in common."""

    data: Path  # the training set
    yardstick: Path  # the set whose label maps are tested
    judges: Path
    nimg: int  # images seen by each run
    options: Tuple[str, ...]  # further options of every run, field=value

    def record(self) -> Dict[str, object]:
        """The protocol in the form in which each row keeps it."""
        return {"data": self.data.name, "yardstick": self.yardstick.name, "nimg": self.nimg, "own": list(self.options)}


def main() -> int:
    """Run the command. Return its exit status."""
    return exit_status(lambda: run(parser().parse_args()))


def run(options: argparse.Namespace) -> int:
    """Measure all rows that are not there yet, and write the table.

    Raises:
        InputError: A name is not in MEANS, a set is too small, or OUT holds rows of another protocol.
    """
    protocol = Protocol(options.data, options.yardstick, options.judges, options.nimg, tuple(options.options))
    means = chosen(options.means, options.together)
    count = len(find_pairs(protocol.yardstick))
    if count < FEWEST_PAIRS:
        raise InputError(f"--yardstick {protocol.yardstick}: holds {count} pairs; at least {FEWEST_PAIRS} are needed")
    make_folder(options.out)
    records = options.out / "ablation.jsonl"
    rows = kept_rows(records, protocol)
    for name, seed in missing(means, options.seeds, rows):
        print(f"{name}, seed {seed}: {' '.join(means[name]) or 'no option'}", flush=True)
        row = {**describe_machine(), **protocol.record(), "means": name, "options": list(means[name]), "seed": seed}
        row.update(measure(protocol, means[name], seed, options.out / f"{name}-{seed}"))
        with open(records, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        rows.append(row)
        write_atomic(options.out / "ablation.md", table(rows).encode())
    print(table(rows))
    return 0


def chosen(names: Sequence[str], together: Sequence[str]) -> Dict[str, Tuple[str, ...]]:
    """Return the options of each row: of all MEANS or of the named ones, and of those that are taken together.

    Raises:
        InputError: A name is not in MEANS.
    """
    for name in (*names, *together):
        if name not in MEANS:
            raise InputError(f"{name}: no such means; there are {', '.join(MEANS)}")
    rows = {name: MEANS[name] for name in names or MEANS}
    if together:
        rows[TOGETHER] = tuple(word for name in together for word in MEANS[name])
    return rows


def kept_rows(path: Path, protocol: Protocol) -> List[dict]:
    """Return the rows of an earlier start.

    Raises:
        InputError: They are of another protocol.
    """
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []
    wanted = protocol.record()
    for row in rows:
        other = {name: row.get(name) for name in wanted if row.get(name) != wanted[name]}
        if other:
            raise InputError(f"{path}: holds rows with {other}, now {wanted}; take another --out")
    return rows


def missing(means: Mapping[str, object], seeds: int, rows: Sequence[Mapping]) -> Iterator[Tuple[str, int]]:
    """Yield name and seed of each row that is not there, all of a seed before the next seed."""
    there = {(row["means"], row["seed"]) for row in rows}
    for seed in range(seeds):
        yield from ((name, seed) for name in means if (name, seed) not in there)


def measure(protocol: Protocol, options: Sequence[str], seed: int, folder: Path) -> Dict[str, object]:
    """Train, make images, and score them. A run that was stopped goes on."""
    run_dir, images, scores = folder / "run", folder / "images", folder / "scores.json"
    words = [f"seed={seed}", f"total_nimg={protocol.nimg}", f"snapshot_nimg={protocol.nimg}"]
    data = ["--data", protocol.data, "--experiment", BASE, "--run-dir", run_dir]
    call("train", *data, *words, *protocol.options, *options)
    checkpoint, maps = checkpoint_path(run_dir, protocol.nimg), protocol.yardstick / "train/labels"
    call("test", "--checkpoint", checkpoint, "--data", maps, "--out", images)
    real = ["--labels", maps, "--real", protocol.yardstick, "--judges", protocol.judges]
    call("score", "--images", images / "images", *real, "--out", scores)
    terms = json.loads(scores.read_text(encoding="utf-8"))["terms"]
    found = {name: terms[name]["value"] for name in COLUMNS if terms.get(name, {}).get("value") is not None}
    return {**found, **lpips_of(checkpoint, protocol.judges), **cost(run_dir / "stats.jsonl")}


def call(*words: object) -> None:
    """Run a command of the program.

    Raises:
        InputError: It fails. Its own message stands above.
    """
    command = [sys.executable, "-m", "jittor_tsit", *map(str, words)]
    if subprocess.run(command).returncode:
        raise InputError(f"{' '.join(command)}: failed, see above; the same command goes on from here")


def lpips_of(checkpoint: Path, folder: Path) -> Dict[str, float]:
    """Return the mean LPIPS distance between images of a label map; nothing without LPIPS's weights."""
    from experiments.benchmarks.systems import diversity
    from jittor_tsit.evaluation.judges import JudgeAbsent, Judges
    from jittor_tsit.inference.model import load_model

    lpips = Judges(folder).lpips()
    return {} if isinstance(lpips, JudgeAbsent) else {"lpips": diversity(load_model(checkpoint, None), lpips)}


def cost(stats: Path) -> Dict[str, float]:
    """Return the median time of a step and the largest memory of a run."""
    lines = [json.loads(line) for line in stats.read_text(encoding="utf-8").splitlines()]
    return {
        "step_s": round(median(1 / line["img_per_s"] for line in lines), 3),
        "memory_gb": max(line["memory_gb"] for line in lines),
    }


def table(rows: Sequence[Mapping]) -> str:
    """Return a Markdown table: for each means the mean over its seeds and, of several, the standard deviation."""
    names = [name for name in COLUMNS if any(row.get(name) is not None for row in rows)]
    lines = ["| means | seeds | " + " | ".join(COLUMNS[name] for name in names) + " |", "|---" * (len(names) + 2) + "|"]
    for means in dict.fromkeys(row["means"] for row in rows):
        own = [row for row in rows if row["means"] == means]
        cells = [_cell([row[name] for row in own if row.get(name) is not None]) for name in names]
        lines.append(f"| {means} | {len(own)} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(values: Sequence[float]) -> str:
    if not values:
        return ""
    middle = f"{mean(values):.4g}"
    return middle if len(values) == 1 else f"{middle} ± {stdev(values):.2g}"


def _words(text: str) -> List[str]:
    return [word for word in text.split(",") if word]


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser("python -m experiments.benchmarks.ablation", description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True, metavar="DIR", help="training set")
    options.add_argument("--yardstick", type=Path, required=True, metavar="DIR", help="set of other pairs to score by")
    options.add_argument("--judges", type=Path, default=Path("judges"), metavar="DIR", help="as for `score`")
    options.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the rows, runs and images")
    options.add_argument("--nimg", type=int, default=1000, help="images seen by each run; default: 1000")
    options.add_argument("--seeds", type=int, default=3, help="number of seeds; default: 3")
    options.add_argument("--means", type=_words, default=[], metavar="A,B", help="rows; default: all of MEANS")
    options.add_argument("--together", type=_words, default=[], metavar="A,B", help="also a row with all of these")
    options.add_argument("options", nargs="*", metavar="field=value", help="further options of every run")
    return options


if __name__ == "__main__":
    sys.exit(main())
