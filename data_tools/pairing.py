"""Match photos with their label maps, and take parts of the matched set."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Iterable, NamedTuple, Optional, Sequence

from data_tools.errors import InputError

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png")
_LABEL_SUFFIXES = (".png",)
_REFERENCE_FILE = "label_to_img.json"


class Pair(NamedTuple):
    """A photo and its label map, which share the stem of their names."""

    stem: str
    photo: Path
    label: Path


class Matching(NamedTuple):
    """What a folder holds: the pairs by stem, and the files that have no partner."""

    pairs: list[Pair]
    lone_photos: list[Path]
    lone_labels: list[Path]


def find_pairs(root: Path) -> list[Pair]:
    """All pairs of a data set, sorted by stem.

    Args:
        root: The contest's folder (`train/imgs/*.jpg`, `train/labels/*.png`), or one that holds `imgs`
            and `labels` itself. Photos may be .jpg, .jpeg or .png; hidden files are passed over.

    Raises:
        InputError: No such folder or layout; a photo or label without partner; two photos or labels with
            one stem; no pairs at all.
    """
    matching = match_files(root)
    if matching.lone_photos:
        raise InputError(_lone("photo", "label", matching.lone_photos))
    if matching.lone_labels:
        raise InputError(_lone("label", "photo", matching.lone_labels))
    return matching.pairs


def match_files(root: Path) -> Matching:
    """As `find_pairs`, but files without a partner are returned rather than refused."""
    base = _pair_folder(Path(root))
    photos = _by_stem(base / "imgs", PHOTO_SUFFIXES)
    labels = _by_stem(base / "labels", _LABEL_SUFFIXES)
    if not photos and not labels:
        raise InputError(f"{base}: imgs holds no photos (*.jpg, *.jpeg, *.png) and labels no label maps (*.png)")
    return Matching(
        pairs=[Pair(stem, photos[stem], labels[stem]) for stem in sorted(photos.keys() & labels.keys())],
        lone_photos=[photos[stem] for stem in sorted(photos.keys() - labels.keys())],
        lone_labels=[labels[stem] for stem in sorted(labels.keys() - photos.keys())],
    )


def find_labels(folder: Path) -> list[Path]:
    """Label maps (*.png) that have no photos, sorted by stem.

    Args:
        folder: Holds the maps itself, or in `test/labels`, `test` or `labels`, the first that exists.

    Raises:
        InputError: No such folder; no label maps in it; two of one stem.
    """
    folder = _require_folder(Path(folder))
    places = [folder / "test" / "labels", folder / "test", folder / "labels"]
    place = next((p for p in places if p.is_dir()), folder)
    labels = _by_stem(place, _LABEL_SUFFIXES)
    if not labels:
        raise InputError(f"{place}: holds no label maps (*.png)")
    return [labels[stem] for stem in sorted(labels)]


def read_reference_names(folder_or_file: Path) -> dict[str, str]:
    """The 2023 contest's `label_to_img.json`: label file name -> file name of the photo whose style to take.

    Args:
        folder_or_file: The file, or a folder that holds it itself or in `test`, `labels` or `test/labels`.

    Raises:
        InputError: No such file, no JSON, or not an object of plain file names.
    """
    path = _reference_file(Path(folder_or_file))
    try:
        names = json.loads(_read_text(path), object_pairs_hook=lambda items: _unique_names(path, items))
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not valid JSON: {error}") from error
    if not isinstance(names, dict):
        raise InputError(f"{path}: holds a {type(names).__name__}; an object of file names is needed")
    return names


def read_split(path: Path) -> list[str]:
    """Stems listed in a text file, one a line; blank lines and lines that start with # are passed over.

    Raises:
        InputError: The file cannot be read, names a stem twice, or names none.
    """
    lines: dict[str, int] = {}
    for number, line in enumerate(_read_text(Path(path)).splitlines(), start=1):
        stem = line.strip()
        if not stem or stem.startswith("#"):
            continue
        if stem in lines:
            raise InputError(f"{path}: line {number} names {stem} again (first on line {lines[stem]})")
        lines[stem] = number
    if not lines:
        raise InputError(f"{path}: names no stems; one a line is needed")
    return list(lines)


def select_stems(pairs: Sequence[Pair], stems: Iterable[str]) -> list[Pair]:
    """The pairs whose stems are given, in the order of `pairs`.

    Raises:
        InputError: Some of the stems belong to no pair.
    """
    stems = list(dict.fromkeys(stems))
    known = {pair.stem for pair in pairs}
    unknown = [stem for stem in stems if stem not in known]
    if unknown:
        raise InputError(f"{len(unknown)} of {len(stems)} stems are not among the {len(known)} pairs, "
                         f"the first is {unknown[0]}")
    wanted = set(stems)
    return [pair for pair in pairs if pair.stem in wanted]


def split_validation(pairs: Sequence[Pair], fraction: float, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Training and validation pairs, disjoint, each sorted by stem.

    A pair's place follows from the seed and its stem, not from the order or number of the others, so a part
    of a data set gets (but for the cut-off) the same validation pairs as the whole.

    Args:
        fraction: Share for validation, 0 <= fraction < 1; above 0 it gives at least one pair.

    Raises:
        InputError: The fraction is out of range, or would leave no pair for training.
    """
    if not 0 <= fraction < 1:
        raise InputError(f"validation fraction {fraction} is not in 0 <= fraction < 1")
    count = max(1, round(len(pairs) * fraction)) if fraction > 0 else 0
    if count and count >= len(pairs):
        raise InputError(f"validation fraction {fraction} of {len(pairs)} pairs leaves none for training")
    by_lot = sorted(pairs, key=lambda pair: hashlib.sha256(f"{seed}/{pair.stem}".encode()).digest())
    return sorted(by_lot[count:]), sorted(by_lot[:count])


def _require_folder(folder: Path) -> Path:
    if not folder.exists():
        raise InputError(f"{folder}: no such folder")
    if not folder.is_dir():
        raise InputError(f"{folder}: is a file, and a folder is needed")
    return folder


def _pair_folder(root: Path) -> Path:
    _require_folder(root)
    for base in (root / "train", root):
        if (base / "imgs").is_dir() and (base / "labels").is_dir():
            return base
    raise InputError(f"{root}: holds neither train/imgs and train/labels nor imgs and labels")


def _by_stem(folder: Path, suffixes: Sequence[str]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in _visible_files(folder):
        if path.suffix.lower() not in suffixes:
            continue
        if path.stem in files:
            first, second = sorted([files[path.stem].name, path.name])
            raise InputError(f"{folder}: {first} and {second} have the same stem; keep one of them")
        files[path.stem] = path
    return files


def _visible_files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            # A dangling link counts, so that it is reported as unreadable and not left out in silence.
            return [folder / e.name for e in entries if not e.name.startswith(".") and not e.is_dir()]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from error


def _lone(kind: str, partner: str, paths: Sequence[Path]) -> str:
    if len(paths) == 1:
        return f"1 {kind} has no {partner}: {paths[0]}"
    return f"{len(paths)} {kind}s have no {partner}, the first is {paths[0]}"


def _reference_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    places = [path, path / "test", path / "labels", path / "test" / "labels"]
    found: Optional[Path] = next((p / _REFERENCE_FILE for p in places if (p / _REFERENCE_FILE).is_file()), None)
    if found is None:
        raise InputError(f"{path}: holds no {_REFERENCE_FILE}, nor do test, labels and test/labels in it")
    return found


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # Windows editors put a byte-order mark first
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text (byte {error.start})") from error


def _unique_names(path: Path, items: Sequence[tuple[str, object]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for label, photo in items:
        if label in names:
            raise InputError(f"{path}: names {label!r} twice")
        if not _is_file_name(label) or not _is_file_name(photo):
            raise InputError(f"{path}: maps {label!r} to {photo!r}; both must be plain file names")
        names[label] = photo
    return names


def _is_file_name(name: object) -> bool:
    return isinstance(name, str) and name not in ("", ".", "..") and not set(name) & set("/\\")
