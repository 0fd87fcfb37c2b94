"""Match photos with label maps by their stems, and select pairs by lists of stems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_text
from data_tools.basics.names import printable, unlistable
from data_tools.sets.listing import REFERENCE_FILE, Problem, list_folder, require_folder

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png")
_LABEL_SUFFIXES = (".png",)


class Pair(NamedTuple):
    """A photo and its label map. Their file names have the same stem."""

    stem: str
    photo: Path
    label: Path


class Matching(NamedTuple):
    """The pairs and the problems of a data set.

    A stem with a broken problem has no pair and no other broken problem. Odd problems are ignored files and folders.
    """

    pairs: List[Pair]
    problems: List[Problem]


def find_pairs(root: Path) -> list[Pair]:
    """Return all pairs of a data set, sorted by stem.

    Args:
        root: The contest's folder (`train/imgs/*.jpg`, `train/labels/*.png`), or a folder that holds `imgs` and
            `labels` itself. Photos may be .jpg, .jpeg or .png. Hidden files are ignored.

    Raises:
        InputError: As in `match_files`; or there is a broken problem, such as a photo without a label map.
    """
    files = _find_files(root)
    _require_partners("photo", files.photos, "label", files.labels)
    _require_partners("label", files.labels, "photo", files.photos)
    pairs, problems = _match(files)
    broken = [problem for problem in problems if problem.broken]
    if broken:
        raise InputError(broken[0].reason)
    return pairs


def match_files(root: Path) -> Matching:
    """Return the pairs of a data set, and the problems of single files. No file is opened.

    Broken: photos without label map, label maps without photo, several files with one stem, stems that a split list
    cannot hold. Odd: sub-folders and files with other suffixes.

    Raises:
        InputError: No such folder or layout, a folder cannot be read, or it holds neither photos nor labels.
    """
    return _match(_find_files(root))


def find_labels(folder: Path) -> list[Path]:
    """Return the label maps (*.png) of a set without photos, sorted by stem.

    Args:
        folder: The maps are read from `test/labels`, `test` or `labels` in it, whichever exists first, or from the
            folder itself.

    Raises:
        InputError: There is no such folder, it holds no label maps, or two maps differ only in the case of the suffix.
    """
    folder = require_folder(Path(folder))
    places = [folder / "test" / "labels", folder / "test", folder / "labels"]
    place = next((p for p in places if p.is_dir()), folder)
    labels, _ = list_folder(place, "label", _LABEL_SUFFIXES)
    if not labels:
        raise InputError(f"{place}: holds no label maps (*.png)")
    doubles = [paths for paths in labels.values() if len(paths) > 1]
    if doubles:
        raise InputError(_same_stem(doubles[0]))
    return [labels[stem][0] for stem in sorted(labels)]


def read_reference_names(folder_or_file: Path) -> dict[str, str]:
    """Read the 2023 contest's `label_to_img.json`: file name of a label map -> file name of its style photo.

    Args:
        folder_or_file: The file, or a folder that holds it itself or in `test`, `labels` or `test/labels`.

    Raises:
        InputError: No such file, no JSON, or not an object of plain file names.
    """
    path = _reference_file(Path(folder_or_file))
    try:
        names = json.loads(read_text(path), object_pairs_hook=lambda items: _unique_names(path, items))
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not valid JSON: {error}") from error
    if not isinstance(names, dict):
        raise InputError(f"{path}: holds a {type(names).__name__}; an object that maps file names is needed")
    return names


def read_split(path: Path) -> list[str]:
    """Read the stems of a split list: one stem a line. Blank lines and lines that start with # are ignored.

    Raises:
        InputError: The file cannot be read, names a stem twice, or names none.
    """
    lines: dict[str, int] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        stem = line.strip()
        if not stem or stem.startswith("#"):
            continue
        if stem in lines:
            raise InputError(f"{path}: line {number} names {stem} again (first on line {lines[stem]})")
        lines[stem] = number
    if not lines:
        raise InputError(f"{path}: names no stems; write one stem on each line")
    return list(lines)


def select_stems(pairs: Sequence[Pair], stems: Iterable[str]) -> list[Pair]:
    """Return the pairs with the given stems, in the order of `pairs`.

    Raises:
        InputError: Some of the stems belong to no pair.
    """
    stems = list(dict.fromkeys(stems))
    known = {pair.stem for pair in pairs}
    unknown = [stem for stem in stems if stem not in known]
    if unknown:
        raise InputError(
            f"{len(unknown)} of {len(stems)} stems are not among the {len(known)} pairs, the first is {unknown[0]}"
        )
    wanted = set(stems)
    return [pair for pair in pairs if pair.stem in wanted]


class _Files(NamedTuple):
    """The photos and label maps of a data set by stem (several paths if a stem occurs twice), and odd problems."""

    photos: Dict[str, List[Path]]
    labels: Dict[str, List[Path]]
    odd: List[Problem]


def _find_files(root: Path) -> _Files:
    base = _pair_folder(Path(root))
    photos, odd_photos = list_folder(base / "imgs", "photo", PHOTO_SUFFIXES)
    labels, odd_labels = list_folder(base / "labels", "label", _LABEL_SUFFIXES)
    if not photos and not labels:
        raise InputError(f"{base}: imgs holds no photos (*.jpg, *.jpeg, *.png) and labels no label maps (*.png)")
    return _Files(photos, labels, odd_photos + odd_labels)


def _match(files: _Files) -> Matching:
    matching = Matching([], [])
    for stem in sorted(files.photos.keys() | files.labels.keys()):
        photos, labels = files.photos.get(stem, []), files.labels.get(stem, [])
        fault = _fault(stem, photos, labels)
        if fault is None:
            matching.pairs.append(Pair(stem, photos[0], labels[0]))
        else:
            matching.problems.append(Problem(stem, printable(fault), broken=True))
    matching.problems.extend(files.odd)
    return matching


def _fault(stem: str, photos: Sequence[Path], labels: Sequence[Path]) -> Optional[str]:
    path = (photos or labels)[0]
    reason = unlistable(stem)
    if reason:
        return f"{path}: {reason}"
    doubles = [_same_stem(paths) for paths in (photos, labels) if len(paths) > 1]
    if doubles:
        return "; ".join(doubles)
    if not (photos and labels):
        return f"{path}: has no {'label' if photos else 'photo'}"
    return None


def _same_stem(paths: Sequence[Path]) -> str:
    *names, last = sorted(path.name for path in paths)
    return f"{paths[0].parent}: {', '.join(names)} and {last} have the same stem; keep one of them"


def _require_partners(kind: str, files: Dict[str, List[Path]], partner: str, others: Dict[str, List[Path]]) -> None:
    lone = sorted(files.keys() - others.keys())
    if not lone:
        return
    first = printable(str(files[lone[0]][0]))
    if len(lone) == 1:
        raise InputError(f"1 {kind} has no {partner}: {first}")
    raise InputError(f"{len(lone)} {kind}s have no {partner}, the first is {first}")


def _pair_folder(root: Path) -> Path:
    require_folder(root)
    try:
        for base in (root / "train", root):
            if (base / "imgs").is_dir() and (base / "labels").is_dir():
                return base
    except OSError as error:  # no permission to enter a folder of the path
        raise InputError(f"{error.filename}: cannot be read: {error.strerror}") from error
    raise InputError(f"{root}: holds neither train/imgs and train/labels nor imgs and labels")


def _reference_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    places = [path, path / "test", path / "labels", path / "test" / "labels"]
    found: Optional[Path] = next((p / REFERENCE_FILE for p in places if (p / REFERENCE_FILE).is_file()), None)
    if found is None:
        raise InputError(f"{path}: holds no {REFERENCE_FILE}, nor do test, labels and test/labels in it")
    return found


def _unique_names(path: Path, items: Sequence[tuple[str, object]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for label, photo in items:
        if label in names:
            raise InputError(f"{path}: names {label!r} twice")
        if not isinstance(photo, str) or not _is_file_name(label) or not _is_file_name(photo):
            raise InputError(f"{path}: maps {label!r} to {photo!r}; both must be file names without a folder")
        names[label] = photo
    return names


def _is_file_name(name: str) -> bool:
    return name not in ("", ".", "..") and not set(name) & set("/\\")
