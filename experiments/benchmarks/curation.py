"""How well data_tools finds planted defects: average precision, precision and recall, for each kind and set.

    python -m experiments.benchmarks.curation --set bsds=DIR --set peer=DIR --work /tmp/planted --seeds 1,2,3

One kind at a time is planted into a fifth of a set, which is then scanned and selected with the default rules. All
other pairs count as clean, also those that were faulty before. Average precision is that of one signal; precision and
recall are those of the rules that speak of such a defect, at their default limits. About 10 s a kind, set and seed
for 700 pairs on two cores. Prints a Markdown table, and appends a JSON line a set to --out.
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

SHARE = 0.2  # of the pairs that get a defect
MISPLACED = ("unrelated", "shifted", "mirrored", "off_edges")  # rules for labels that do not lie where they should
IN_A_CLASS = "in an equivalence class"  # what counts as found for near-equal labels, of which some are to stay

# kind of defect -> the signal whose average precision counts, and the rules that speak of it
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
    """Of one kind in one planted set: the signal, what was planted, and what the rules dropped, a value a pair."""

    signal: np.ndarray
    planted: np.ndarray
    dropped: np.ndarray


def average_precision(signal: np.ndarray, planted: np.ndarray) -> float:
    """Area under the curve of precision over recall, as steps; equal values in the order of the pairs."""
    hits = planted[np.argsort(-np.nan_to_num(signal, nan=-np.inf), kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def measure(data: Path, work: Path, kind: str, seed: int) -> Found:
    """Plant one kind, scan and select; what was planted and what was found, pair by pair."""
    planted_set = work / f"{kind}-{seed}"
    plant_set(data, planted_set, [kind], SHARE, seed)
    out = work / "scan"  # the same for all kinds, so that unchanged pairs are measured once
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
    """Over several seeds: mean average precision; precision and recall of all pairs together."""
    planted, dropped = (np.concatenate([getattr(p, name) for p in parts]) for name in ("planted", "dropped"))
    both = int((planted & dropped).sum())
    return {
        "planted": int(planted.sum()),
        "ap": float(np.mean([average_precision(p.signal, p.planted) for p in parts])),
        "precision": both / max(1, int(dropped.sum())),
        "recall": both / int(planted.sum()),
    }


def table_of(results: Dict[str, Dict[str, Dict[str, float]]]) -> str:
    """Markdown: a row a kind, a column a set."""
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
    parser.add_argument("--set", action="append", required=True, metavar="NAME=DIR", help="a data set; several times")
    parser.add_argument("--work", type=Path, required=True, help="folder for planted sets, hundreds of MB")
    parser.add_argument("--seeds", default="1,2,3", help="plantings of each kind")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--out", type=Path, help="file that gets a JSON line a set")
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
