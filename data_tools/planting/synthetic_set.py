"""Rendered landscapes with planted defects: the only set whose clean pairs are right to the pixel."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Mapping

from data_tools.basics.files import make_folder
from data_tools.basics.output_folder import copy_file, require_only, require_same_record, write_record
from data_tools.planting import plant
from data_tools.planting.kinds import KINDS
from data_tools.planting.truth import TRUTH_FILE
from data_tools.rendering import write_set
from data_tools.sets.classes import IMAGE_HEIGHT, IMAGE_WIDTH
from data_tools.sets.pairing import find_labels, find_pairs

_RECORD = "synth.json"
_CLEAN = ".clean"  # hidden, and gone when the set is complete


def write_planted_set(
    out: Path,
    count: int,
    seed: int,
    width: int = IMAGE_WIDTH,
    height: int = IMAGE_HEIGHT,
    test_count: int = 0,
    share: float = 0.2,
) -> None:
    """As `synthetic.write_set`, with a defect of any kind in a `share` of the pairs; `out/truth.csv` says which.

    The same command again goes on where it stopped. Another count gives another set, for other pairs are chosen.

    Raises:
        InputError: As `write_set` and `plant_set`.
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
    known = require_same_record(out / _RECORD, record)
    require_only(out, {"train", "test", TRUTH_FILE, _RECORD}, known)
    if not (known and _is_complete(out, test_count)):
        _render_and_plant(out, record, known)
    if (out / _CLEAN).exists():
        shutil.rmtree(out / _CLEAN)


def _is_complete(out: Path, test_count: int) -> bool:
    return plant.is_complete(out) and len(list((out / "test").glob("*.png"))) == test_count


def _render_and_plant(out: Path, record: Mapping[str, float], known: bool) -> None:
    """Render the clean set, then copy it with defects; what is there already is passed over in both."""
    clean, seed = out / _CLEAN, record["seed"]
    write_set.write_set(clean, record["count"], seed, record["width"], record["height"], record["test_count"])
    pairs = find_pairs(clean)
    plant.require_planted_only(pairs, out, known)
    write_record(out / _RECORD, record)
    plant.plant_pairs(pairs, out, list(KINDS), record["defects"], seed)
    if record["test_count"]:
        make_folder(out / "test")
        for label in find_labels(clean):
            copy_file(label, out / "test" / label.name)
