"""The files that `test` writes into its folder, and a record of what each was made from."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path, PurePosixPath
from typing import Dict, Iterable, List, Mapping, Optional, Sequence

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder, read_json, write_atomic
from data_tools.basics.names import printable, quantity

RECORD = "made_from.json"  # beside the folder `images`: file name -> digest of all that decides its content
OLD_RECORD = "made_by.txt"  # older versions wrote this file, which does not name the images
ASIDE = "set_aside"  # folder for files of the user that stand where an image is to be written
SHEET, SUBMISSION = "compare.png", "submission.zip"
LONGEST_NAME = 255  # bytes of a file name, on nearly all file systems


def folders_of_sets(out: Path, sets: Optional[List[Path]]) -> Dict[Path, Optional[Path]]:
    """Return the output folder of each set of inputs: output folder -> inputs.

    One set goes into `out` itself, several into folders in it with the names of the sets.

    Args:
        sets: Folders or files; None: the default set.

    Raises:
        InputError: Two sets would have the same folder.
    """
    if not sets or len(sets) == 1:
        return {out: sets[0] if sets else None}
    found: Dict[Path, Optional[Path]] = {}
    names = [path.resolve().name for path in sets]
    for name, path in zip(names, sets):
        folder = out / (name if names.count(name) == 1 else f"{path.resolve().parent.name}_{name}")
        if folder in found:
            raise InputError(f"--data: {path} and {found[folder]} would both write to {folder}; run test for each")
        found[folder] = path
    return found


def digest(*parts: object) -> str:
    """Return the SHA-256 of arrays and of the texts of other values, in hexadecimal digits."""
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            found.update(f"{part.dtype.str} {part.shape} ".encode())
            found.update(np.ascontiguousarray(part).data)
        else:
            found.update(f"{part!s}\n".encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def prepare_folder(out: Path, keys: Mapping[str, str], inputs: Iterable[Path] = ()) -> None:
    """Remove outdated results from `out`, and record what the new ones will be made from.

    Results that are there already and have the same key stay, so that an interrupted command goes on. A result of an
    earlier command that has another key, or that is not among the new ones, is deleted. A file that `test` did not
    make is never deleted: it moves to the folder `set_aside` if a result needs its name, and stays otherwise.

    Args:
        keys: Path of each result below `out`, with "/" -> digest of all that decides its content.
        inputs: Files that the results are made from. They must not be among the results.

    Raises:
        InputError: A result would replace an input, its name is too long, or the folder cannot be written to. Nothing
            has changed then.
    """
    _refuse_inputs(out, keys, inputs)
    _refuse_long_names(out, keys)
    make_folder(out)
    earlier, is_older = read_record(out), (out / OLD_RECORD).exists()
    outdated = [name for name, key in earlier.items() if keys.get(name) != key and (out / name).is_file()]
    for name in outdated:
        (out / name).unlink()
    _report_removed(out, [name for name in outdated if name not in keys])
    for name in keys:
        if name not in earlier and (out / name).is_file():
            (out / name).unlink() if is_older else _set_aside(out, name)
    if earlier != keys:
        write_atomic(out / RECORD, json.dumps(dict(keys), indent=0).encode())
    if is_older:
        (out / OLD_RECORD).unlink()
    for name in keys:
        make_folder((out / name).parent)
    _report_others(out, keys)


def read_record(out: Path) -> Dict[str, str]:
    """Return the record of the results in `out`: path -> key. Empty if there is none or it is damaged."""
    try:
        record = read_json(out / RECORD)
    except InputError:
        return {}
    if not isinstance(record, dict):
        return {}
    return {name: key for name, key in record.items() if isinstance(key, str) and _is_inside(name)}


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _refuse_inputs(out: Path, keys: Mapping[str, str], inputs: Iterable[Path]) -> None:
    results = {(out / name).resolve() for name in keys}
    for path in inputs:
        if path.resolve() in results:
            raise InputError(f"{path}: the result would replace this input; name another folder by --out")


def _refuse_long_names(out: Path, keys: Iterable[str]) -> None:
    for name in keys:
        length = len(os.fsencode(PurePosixPath(name).name))
        if length > LONGEST_NAME:
            raise InputError(
                f"{printable(str(out / name))}: the name of this result would have {length} bytes, and at most "
                f"{LONGEST_NAME} are allowed; shorten the input's name by {length - LONGEST_NAME} or more"
            )


def _set_aside(out: Path, name: str) -> None:
    """Move a file of the user into the folder ASIDE, under a name that is free there, and say so."""
    source, number = out / name, 1
    target = out / ASIDE / name
    while target.exists():
        number += 1
        target = (out / ASIDE / name).with_name(f"{source.stem}-{number}{source.suffix}")
    make_folder(target.parent)
    source.rename(target)
    print(f"{printable(str(source))}: was not made by test; moved to {printable(str(target))}", file=sys.stderr)


def _report_removed(out: Path, names: Sequence[str]) -> None:
    """Say how many results of other inputs were removed, and how to keep them."""
    images = sum(name.startswith("images/") for name in names)
    if images:
        what = f"{quantity(images, 'image')} of other inputs that an earlier test made"
        print(f"{out}: removed {what}; another --out keeps both", file=sys.stderr)


def _report_others(out: Path, keys: Mapping[str, str]) -> None:
    """Say which files lie among the images that `test` did not make."""
    folder = out / "images"
    if not folder.is_dir():
        return
    others = [path for path in sorted(folder.iterdir()) if path.is_file() and f"images/{path.name}" not in keys]
    if others:
        first = printable(others[0].name)
        print(f"{folder}: {len(others)} files that test did not make stay here, the first is {first}", file=sys.stderr)
