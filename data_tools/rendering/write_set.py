"""Write a data set of rendered landscapes with exact label maps, for first runs and tests without a download."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple

import numpy as np

from data_tools.basics.files import make_folder
from data_tools.basics.output_folder import require_between, require_only, require_same_record, write_record
from data_tools.basics.progress import progress_bar
from data_tools.rendering.picture import choose_scene, paint
from data_tools.sets.classes import IMAGE_HEIGHT, IMAGE_WIDTH
from data_tools.sets.image_io import write_label, write_photo

VERSION = 1  # increase when a seed gives other pictures, so that no folder mixes two versions

_SIDES = (32, 4096)  # pixels
_FIRST_TEST_INDEX = 500_000  # index of the first test map, so that a growing training set never contains test maps
_RECORD = "synth.json"


def render(
    seed: int, index: int, width: int = IMAGE_WIDTH, height: int = IMAGE_HEIGHT
) -> Tuple[np.ndarray, np.ndarray]:
    """Render landscape number `index` of the set `seed`. Equal arguments give equal pixels on one platform.

    Returns:
        photo [height, width, 3] uint8 RGB, label [height, width] uint8 with ids 0..28.

    Raises:
        InputError: A side is outside 32..4096 pixels.
    """
    require_between("width", width, *_SIDES)
    require_between("height", height, *_SIDES)
    rng = np.random.default_rng([seed, index])
    return paint(choose_scene(rng), rng, width, height)


def write_set(
    out: Path, count: int, seed: int, width: int = IMAGE_WIDTH, height: int = IMAGE_HEIGHT, test_count: int = 0
) -> None:
    """Write `count` pairs to `out/train` and `test_count` label maps of other landscapes to `out/test`.

    Existing files are kept, so that an interrupted call can be repeated and a larger count extends the set.
    `out/synth.json` records the arguments.

    Raises:
        InputError: A count, the seed or a side is out of range; `out` holds another set, other files, or more pairs
            than `count`; it may not be written to.
        OSError: The disk is full.
    """
    out = Path(out)
    require_between("width", width, *_SIDES)
    require_between("height", height, *_SIDES)
    require_between("count", count, 1, _FIRST_TEST_INDEX)
    require_between("test count", test_count, 0, _FIRST_TEST_INDEX)
    require_between("seed", seed, 0, 2**63 - 1)

    photos, labels, tests = out / "train" / "imgs", out / "train" / "labels", out / "test"
    train, test = range(count), range(_FIRST_TEST_INDEX, _FIRST_TEST_INDEX + test_count)
    record = {"version": VERSION, "seed": seed, "width": width, "height": height}
    is_ours = require_same_record(out / _RECORD, record)
    for folder, suffix, indices in ((photos, ".jpg", train), (labels, ".png", train), (tests, ".png", test)):
        require_only(folder, {_stem(i) + suffix for i in indices}, is_ours)

    for folder in (photos, labels, tests)[: 3 if test_count else 2]:
        make_folder(folder)
    write_record(out / _RECORD, record)
    for index in progress_bar([*train, *test], desc="synth", unit="image"):
        photo_path = photos / f"{_stem(index)}.jpg" if index in train else None
        label_path = (labels if index in train else tests) / f"{_stem(index)}.png"
        if label_path.exists() and (photo_path is None or photo_path.exists()):
            continue  # written by an earlier run, and complete, because files appear whole or not at all
        photo, label = render(seed, index, width, height)
        if photo_path is not None:
            write_photo(photo_path, photo)
        write_label(label_path, label)


def _stem(index: int) -> str:
    return f"synth_{index:06d}"
