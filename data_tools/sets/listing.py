"""List the files in a folder of a data set, and report everything else that lies there."""

from __future__ import annotations

import os
import stat
from collections import Counter
from pathlib import Path
from typing import Collection, Dict, Iterable, List, NamedTuple, Sequence, Tuple

from data_tools.basics.errors import InputError
from data_tools.basics.names import composed, is_utf8, printable, quantity
from data_tools.sets.formats import JPEG_SUFFIXES, LABELS, Kind

REFERENCE_FILE = "label_to_img.json"  # lies in the folder of label maps in the 2023 contest
_SHOWN_ENDINGS = 6  # endings that a line on files passed over names; more would not be read
_SHOWN_FOLDERS = 3  # the same for sub-folders


class Problem(NamedTuple):
    """A problem of a pair. A broken pair cannot be used; an odd one (not `broken`) can, but is unusual.

    `reason` is one line that starts with the path. Control characters in it are escaped.
    """

    stem: str
    reason: str
    broken: bool

    def __str__(self) -> str:
        return f"{'broken' if self.broken else 'odd'}: {self.reason}"


class Listing(NamedTuple):
    """What lies in a folder, without hidden files.

    Args:
        files: Stem (`names.composed`) -> the files of the wanted kind, usually one.
        others: All other files.
        folders: The sub-folders.
    """

    files: Dict[str, List[Path]]
    others: List[Path]
    folders: List[Path]


def list_folder(folder: Path, kind: Kind) -> Listing:
    """List what lies in a folder. Hidden files and the contest's `label_to_img.json` are ignored.

    Raises:
        InputError: The folder cannot be read.
    """
    listing = Listing({}, [], [])
    for path, is_folder in _visible_entries(folder):
        if is_folder:
            listing.folders.append(path)
        elif kind.includes(path):
            listing.files.setdefault(composed(path.stem), []).append(path)
        elif path.name != REFERENCE_FILE:
            listing.others.append(path)
    return listing


def list_files(folder: Path, kind: Kind) -> List[Path]:
    """Return the files of a kind in a folder, sorted by path.

    Raises:
        InputError: The folder is missing or cannot be read, holds no such file, or a name is not UTF-8.
    """
    listing = list_folder(require_folder(folder), kind)
    if not listing.files:
        raise InputError(f"{folder}: holds no {kind.word}s{_lying_there(listing)}; {kind}")
    paths = sorted(path for same_stem in listing.files.values() for path in same_stem)
    for path in paths:
        require_utf8(path)
    return paths


def find_named(folder: Path, name: str) -> Path:
    """Return the file of a name in a folder, also if the folder spells the name in another Unicode form.

    If there is none, the path of the name itself is returned, and reading it raises the error.
    """
    path = folder / name
    if name.isascii() or path.exists() or not folder.is_dir():
        return path
    return next((other for other, _ in _visible_entries(folder) if composed(other.name) == composed(name)), path)


def odd_entries(listing: Listing, kind: Kind) -> List[Problem]:
    """Return an odd problem for each sub-folder and each file that is not of the kind."""
    odd = [_odd(path, "is a folder; data sets are flat, so what it holds is not read") for path in listing.folders]
    return odd + [_odd(path, why_not_read(path, kind)) for path in listing.others]


def why_not_read(path: Path, kind: Kind) -> str:
    """Return why a file that is not of the kind is not read."""
    if kind == LABELS and path.suffix.lower() in JPEG_SUFFIXES:
        return "is a JPEG, whose compression changes ids, and is not read; save label maps as .png"
    return f"does not end as {'an' if kind.word[0] in 'aeiou' else 'a'} {kind.word} does and is not read; {kind}"


def passed_over(paths: Iterable[Path], kind: Kind) -> List[str]:
    """Return one line for each folder of the files `paths` that holds anything else than hidden files and this kind.

    If the files lie in several folders with one parent (a folder for each class), the parent is looked at as well.

    Args:
        paths: The files of one list, such as the photos of a domain.

    Raises:
        InputError: A folder cannot be read.
    """
    folders = sorted({path.parent for path in paths})
    lines = [_passed_over(folder, kind) for folder in folders]
    parents = {folder.parent for folder in folders}
    if len(folders) > 1 and len(parents) == 1:
        lines.append(_passed_over(parents.pop(), Kind("class folder", ()), {folder.name for folder in folders}))
    return [line for line in lines if line]


def _passed_over(folder: Path, kind: Kind, used: Collection[str] = ()) -> str:
    """Return what lies unused in a folder, in one line; an empty string if nothing does.

    Args:
        used: Names of sub-folders that are used.
    """
    listing = list_folder(folder, kind)
    left = listing._replace(folders=[path for path in listing.folders if path.name not in used])
    if not left.others and not left.folders:
        return ""
    counts = [quantity(len(found), word) for found, word in ((left.others, "file"), (left.folders, "folder")) if found]
    ends = f"; {kind}" if left.others and kind.suffixes else ""
    return printable(f"{folder}: {' and '.join(counts)} passed over: {_content(left)}{ends}")


def _lying_there(listing: Listing) -> str:
    return f"; there lie {printable(_content(listing))}" if listing.others or listing.folders else ""


def _content(listing: Listing) -> str:
    """Describe other files and sub-folders: "9 .txt, 3 .heic, folder test"."""
    endings = Counter(path.suffix.lower() or "without ending" for path in listing.others)
    ordered = sorted(endings.items(), key=lambda item: (-item[1], item[0]))
    words = [f"{count} {ending}" for ending, count in ordered[:_SHOWN_ENDINGS]]
    if len(ordered) > _SHOWN_ENDINGS:
        words.append(f"{sum(count for _, count in ordered[_SHOWN_ENDINGS:])} others")
    folders = sorted(path.name for path in listing.folders)
    if folders:
        words.append(_folder_names(folders))
    return ", ".join(words)


def _folder_names(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"folder {names[0]}"
    hidden = len(names) - _SHOWN_FOLDERS
    more = f" and {hidden} more" if hidden > 0 else ""
    return f"folders {', '.join(names[:_SHOWN_FOLDERS])}{more}"


def require_utf8(path: Path) -> Path:
    """Check that a file name is UTF-8, and return its path. Results, lists and archives are named after it.

    Raises:
        InputError: It is not. The message says how to rename the file.
    """
    if not is_utf8(path.name):
        raise InputError(
            f"{path}: its name is not UTF-8, as in archives made under Chinese Windows; unpack it with unzip -O GBK, "
            f"or rename: convmv -r -f gbk -t utf8 --notest {path.parent}"
        )
    return path


def require_folder(folder: Path) -> Path:
    """Check that a folder exists, and return its path.

    Raises:
        InputError: It does not exist, is a file, or may not be reached.
    """
    try:
        is_folder = stat.S_ISDIR(os.stat(folder).st_mode)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"{folder}: no such folder") from error
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from error
    if not is_folder:
        raise InputError(f"{folder}: is a file; a folder is needed")
    return folder


def _odd(path: Path, reason: str) -> Problem:
    return Problem(path.stem, printable(f"{path}: {reason}"), broken=False)


def _visible_entries(folder: Path) -> List[Tuple[Path, bool]]:
    try:
        with os.scandir(folder) as entries:
            return [(folder / e.name, _is_folder(e)) for e in entries if not e.name.startswith(".")]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from error


def _is_folder(entry: os.DirEntry) -> bool:
    """Return whether an entry of a folder is a folder itself. A broken link is none: reading its pair reports it."""
    try:
        return entry.is_dir()
    except OSError:
        return False
