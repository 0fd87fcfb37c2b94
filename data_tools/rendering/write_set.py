"""Rendered landscapes with exact label maps: data for first runs and for tests, made without any download."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Tuple

import numpy as np
from tqdm import tqdm

from data_tools.basics.files import make_folder
from data_tools.basics.output_folder import require_between, require_only, require_same_record, write_record
from data_tools.rendering.picture import choose_scene, paint
from data_tools.sets.classes import IMAGE_HEIGHT, IMAGE_WIDTH
from data_tools.sets.image_io import write_label, write_photo

VERSION = 1  # raised whenever the same seed gives other pictures, so that two kinds never mix in one folder

_SIDES = (32, 4096)  # pixels; smaller shows nothing, larger than the drawings of trees allow
_FIRST_TEST_INDEX = 500_000  # test maps are drawn from here on, so a training set that grows never meets them
_RECORD = "synth.json"


def render(
    seed: int, index: int, width: int = IMAGE_WIDTH, height: int = IMAGE_HEIGHT
) -> Tuple[np.ndarray, np.ndarray]:
    """Landscape number `index` of set `seed`; the same arguments give the same bytes on one platform.

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

    Files that are there already are kept, so the same command again goes on where it stopped, and a larger
    count adds to the set. `out/synth.json` says which set it is.

    Raises:
        InputError: A count, the seed or a side is out of range; `out` holds another set, files of no set, or
            more than was asked for; it may not be written to.
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
    known = require_same_record(out / _RECORD, record)
    for folder, suffix, indices in ((photos, ".jpg", train), (labels, ".png", train), (tests, ".png", test)):
        require_only(folder, {_stem(i) + suffix for i in indices}, known)

    for folder in (photos, labels, tests)[: 3 if test_count else 2]:
        make_folder(folder)
    write_record(out / _RECORD, record)
    for index in tqdm([*train, *test], desc="synth", unit="image", file=sys.stderr):
        photo_path = photos / f"{_stem(index)}.jpg" if index in train else None
        label_path = (labels if index in train else tests) / f"{_stem(index)}.png"
        if label_path.exists() and (photo_path is None or photo_path.exists()):
            continue  # written by an earlier run; writes are whole or not at all
        photo, label = render(seed, index, width, height)
        if photo_path is not None:
            write_photo(photo_path, photo)
        write_label(label_path, label)


def _stem(index: int) -> str:
    return f"synth_{index:06d}"
