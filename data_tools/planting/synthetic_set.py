"""Render a landscape data set and put known defects into some pairs. The other pairs have exact label maps."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Dict

from data_tools.basics.files import make_folder
from data_tools.basics.output_folder import copy_file, require_only, require_same_record, write_record
from data_tools.planting import plant
from data_tools.planting.kinds import KINDS
from data_tools.planting.truth import TRUTH_FILE
from data_tools.rendering import write_set
from data_tools.sets.classes import IMAGE_HEIGHT, IMAGE_WIDTH
from data_tools.sets.pairing import find_labels, find_pairs

_RECORD = "synth.json"
_CLEAN = ".clean"  # hidden folder of the set without defects; deleted when the set is complete


def write_planted_set(
    out: Path,
    count: int,
    seed: int,
    width: int = IMAGE_WIDTH,
    height: int = IMAGE_HEIGHT,
    test_count: int = 0,
    share: float = 0.2,
) -> None:
    """Render a set as `write_set.write_set` does, and put defects of all kinds into a `share` of the pairs.

    `out/truth.csv` lists the defects. An interrupted call can be repeated. A larger count does not extend the set:
    defects are distributed over all pairs.

    Raises:
        InputError: As in `write_set` and `plant_set`.
        OSError: The disk is full.
    """
    out = Path(out)
    plant.require_plan(list(KINDS), share, seed)
    record = {
        "version": write_set.VERSION,
        "seed": seed,
        "width": width,
        "height": height,
        "count": count,
        "test_count": test_count,
        "defects": share,
        "defects_version": plant.VERSION,
    }
    is_ours = require_same_record(out / _RECORD, record)
    require_only(out, {"train", "test", TRUTH_FILE, _RECORD}, is_ours)
    if not (is_ours and _is_complete(out, test_count)):
        clean = out / _CLEAN
        write_set.write_set(clean, count, seed, width, height, test_count)
        _plant(clean, out, record, is_ours)
    if (out / _CLEAN).exists():
        shutil.rmtree(out / _CLEAN)


def _is_complete(out: Path, test_count: int) -> bool:
    return plant.is_complete(out) and len(list((out / "test").glob("*.png"))) == test_count


def _plant(clean: Path, out: Path, record: Dict[str, float], is_ours: bool) -> None:
    """Copy the clean set to `out`, put defects into some of its pairs, and write their truth file.

    The label maps of the test folder are unchanged copies. Files that exist already are kept.

    Args:
        record: The options of the set, by name.
        is_ours: Whether an earlier run of this command wrote `out`.
    """
    pairs = find_pairs(clean)
    plant.require_planted_only(pairs, out, is_ours)
    write_record(out / _RECORD, record)
    plant.plant_pairs(pairs, out, list(KINDS), record["defects"], int(record["seed"]))
    if record["test_count"]:
        make_folder(out / "test")
        for label in find_labels(clean):
            copy_file(label, out / "test" / label.name)
