"""Rendered landscapes with exact label maps: data for first runs and for tests, made without any download."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Dict, Tuple

import numpy as np
from tqdm import tqdm

from data_tools.classes import IMAGE_HEIGHT, IMAGE_WIDTH
from data_tools.errors import InputError
from data_tools.files import make_folder, write_atomic
from data_tools.image_io import write_label, write_photo
from data_tools.rendering.picture import choose_scene, paint

VERSION = 1  # raised whenever the same seed gives other pictures, so that two kinds never mix in one folder

_SIDES = (32, 4096)  # pixels; smaller shows nothing, larger than the drawings of trees allow
_FIRST_TEST_INDEX = 500_000  # test maps are drawn from here on, so a training set that grows never meets them
_RECORD = "synth.json"


def render(seed: int, index: int, width: int = IMAGE_WIDTH,
           height: int = IMAGE_HEIGHT) -> Tuple[np.ndarray, np.ndarray]:
    """Landscape number `index` of set `seed`; the same arguments give the same bytes on one platform.

    Returns:
        photo [height, width, 3] uint8 RGB, label [height, width] uint8 with ids 0..28.

    Raises:
        InputError: A side is outside 32..4096 pixels.
    """
    _require_between("width", width, *_SIDES)
    _require_between("height", height, *_SIDES)
    rng = np.random.default_rng([seed, index])
    return paint(choose_scene(rng), rng, width, height)


def write_set(out: Path, count: int, seed: int, width: int = IMAGE_WIDTH, height: int = IMAGE_HEIGHT,
              test_count: int = 0) -> None:
    """Write `count` pairs to `out/train` and `test_count` label maps of other landscapes to `out/test`.

    Files that are there already are kept, so the same command again goes on where it stopped, and a larger
    count adds to the set. `out/synth.json` says which set it is.

    Raises:
        InputError: A count, the seed or a side is out of range; `out` holds another set, files of no set, or
            more than was asked for; it may not be written to.
        OSError: The disk is full.
    """
    out = Path(out)
    _require_between("width", width, *_SIDES)
    _require_between("height", height, *_SIDES)
    _require_between("count", count, 1, _FIRST_TEST_INDEX)
    _require_between("test count", test_count, 0, _FIRST_TEST_INDEX)
    _require_between("seed", seed, 0, 2**63 - 1)

    photos, labels, tests = out / "train" / "imgs", out / "train" / "labels", out / "test"
    train, test = range(count), range(_FIRST_TEST_INDEX, _FIRST_TEST_INDEX + test_count)
    record = {"version": VERSION, "seed": seed, "width": width, "height": height}
    known = _require_same_set(out, record)
    for folder, suffix, indices in ((photos, ".jpg", train), (labels, ".png", train), (tests, ".png", test)):
        _require_only(folder, {_stem(i) + suffix for i in indices}, known)

    for folder in (photos, labels, tests)[: 3 if test_count else 2]:
        make_folder(folder)
    write_atomic(out / _RECORD, (json.dumps(record) + "\n").encode())
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


def _require_between(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InputError(f"{name} {value} is not in {low}..{high}")


def _require_same_set(out: Path, record: Dict[str, int]) -> bool:
    """Whether `out` already holds the beginning of this set; refuses another one."""
    path = out / _RECORD
    if not path.exists():
        return False
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path}: is not valid JSON: {error}") from error
    if found != record:
        raise InputError(f"{out}: holds another set, {json.dumps(found)}, and not {json.dumps(record)}; "
                         "give another folder")
    return True


def _require_only(folder: Path, wanted: set, known: bool) -> None:
    """Refuse a folder with files that are not among those to be written, or that nobody knows the origin of."""
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from error
    strange = [name for name in names if not known or name not in wanted]
    if strange:
        raise InputError(f"{folder}: holds {len(strange)} files that are not of this set of {len(wanted)}, "
                         f"the first is {strange[0]}; give another folder")
