"""Measure how well data_tools finds planted defects: average precision, precision and recall for each kind and set.

    python -m experiments.benchmarks.curation --set bsds=DIR --set peer=DIR --work /tmp/planted --seeds 1,2,3

For each kind of defect, the program plants it into a fifth of the pairs, then runs `scan` and `select` with the default
rules. All other pairs count as clean, even if they were faulty before. Average precision is that of the kind's signal;
precision and recall are those of the rules for this kind at their default limits. It takes about 10 s for each kind,
set and seed with 700 pairs on two cores. Prints a Markdown table, and appends a JSON line for each set to --out.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from data_tools.basics.pools import local_pool
from data_tools.basics.table import read_table
from data_tools.curation.default_rules import Settings
from data_tools.curation.equivalence import read_classes
from data_tools.curation.folder import CLASSES, TABLE, select_splits
from data_tools.curation.scan import scan
from data_tools.planting.plant import plant_set
from data_tools.planting.truth import TRUTH_FILE, read_truth

SHARE = 0.2  # share of the pairs that get a defect
MISPLACED = ("unrelated", "shifted", "mirrored", "off_edges")  # rules for label maps that do not fit their photos
IN_A_CLASS = "in an equivalence class"  # stands for the rules where not dropping but classing a pair counts as found

# kind of defect -> the signal whose average precision is measured, and the rules for this kind
KINDS: Dict[str, Tuple[str, Sequence[str]]] = {
    "shifted": ("shift_gain", MISPLACED),
    "mirrored": ("mirror_gain", MISPLACED),
    "swapped": ("misfit", MISPLACED),
    "permuted": ("class_surprise", ("wrong_classes",)),
    "merged": ("hidden_border", ("merged", "unexplained", "one_class")),
    "shredded": ("fragments", ("torn", "entangled", "interwoven", "off_edges")),
    "one_class": ("one_class", ("one_class", "unexplained")),
    "backlit": ("backlight", ("backlit",)),
    "overexposed": ("overexposure", ("too_bright",)),
    "underexposed": ("underexposure", ("too_dark",)),
    "blurred": ("blur", ("blurred",)),
    "greyed": ("greyness", ("grey",)),
    "framed": ("frame", ("framed",)),
    "watermarked": ("watermark", ("written_on",)),
    "duplicate": ("photo_twin", ("duplicate",)),
    "twin_label": ("label_twin", (IN_A_CLASS,)),
}


class Found(NamedTuple):
    """The results for one kind in one planted set, with a value for each pair."""

    signal: np.ndarray
    planted: np.ndarray  # whether the pair got the defect
    dropped: np.ndarray  # whether the rules for this kind found the pair


def average_precision(signal: np.ndarray, planted: np.ndarray) -> float:
    """The area under the stepwise curve of precision over recall. Pairs of equal signal keep their order."""
    hits = planted[np.argsort(-np.nan_to_num(signal, nan=-np.inf), kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def measure(data: Path, work: Path, kind: str, seed: int) -> Found:
    """Plant one kind of defect into a set, scan and select it, and return the results pair by pair."""
    planted_set = work / f"{kind}-{seed}"
    plant_set(data, planted_set, [kind], SHARE, seed)
    out = work / "scan"  # the same folder for all kinds, so that unchanged pairs are measured only once
    scan(planted_set, out, partial(local_pool, 2))
    selection = select_splits(out, Settings(), {})
    truth, table = read_truth(planted_set / TRUTH_FILE), read_table(out / TABLE)
    signal, rules = KINDS[kind]
    found = {d.stem for d in selection.decisions if set(rules) & {*d.others, *([] if d.kept else [d.rule])}}
    if IN_A_CLASS in rules:
        found = {member.stem for members in read_classes(out / CLASSES) for member in members}
    return Found(
        table.columns[signal],
        np.array([truth[s].kind == kind for s in table.stems]),
        np.array([s in found for s in table.stems]),
    )


def summary(parts: List[Found]) -> Dict[str, float]:
    """Combine several seeds: the mean of the average precisions, and precision and recall over all pairs."""
    planted, dropped = (np.concatenate([getattr(p, name) for p in parts]) for name in ("planted", "dropped"))
    both = int((planted & dropped).sum())
    return {
        "planted": int(planted.sum()),
        "ap": float(np.mean([average_precision(p.signal, p.planted) for p in parts])),
        "precision": both / max(1, int(dropped.sum())),
        "recall": both / int(planted.sum()),
    }


def table_of(results: Dict[str, Dict[str, Dict[str, float]]]) -> str:
    """A Markdown table with a row for each kind and a column for each set."""
    lines = ["| defect | signal | " + " | ".join(results) + " |", "|---|---|" + "---|" * len(results)]
    for kind, (signal, _) in KINDS.items():
        cells = [_cell(result.get(kind)) for result in results.values()]
        if any(cells):
            lines.append(f"| {kind} | `{signal}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(numbers: Dict[str, float]) -> str:
    return "{ap:.2f} · {precision:.2f} / {recall:.2f}".format(**numbers) if numbers else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--set", action="append", required=True, metavar="NAME=DIR", help="a data set; may be given several times"
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for the planted sets, some hundred MB")
    parser.add_argument("--seeds", default="1,2,3", help="seeds of the plantings, with commas (default: %(default)s)")
    parser.add_argument("--kinds", default=",".join(KINDS), help="kinds of defects, with commas (default: all)")
    parser.add_argument("--out", type=Path, help="file to which a JSON line for each set is appended")
    args = parser.parse_args()
    results: Dict[str, Dict[str, Dict[str, float]]] = {}
    for name, data in (item.split("=", 1) for item in args.set):
        results[name] = {}
        for kind in args.kinds.split(","):
            parts = [measure(Path(data), args.work / name, kind, int(seed)) for seed in args.seeds.split(",")]
            parts = [part for part in parts if part.planted.any()]
            if parts:
                results[name][kind] = summary(parts)
                print(name, kind, json.dumps(results[name][kind]), flush=True)
        if args.out:
            with args.out.open("a") as file:
                file.write(json.dumps({"set": name, "seeds": args.seeds, **results[name]}) + "\n")
    print(table_of(results))


if __name__ == "__main__":
    main()
