"""Match photos with label maps by their stems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence

from data_tools.basics.arguments import as_path
from data_tools.basics.errors import InputError
from data_tools.basics.files import read_text
from data_tools.basics.names import composed, printable, unlistable
from data_tools.sets.contents import describe
from data_tools.sets.formats import IMAGES, LABELS, Kind
from data_tools.sets.listing import (
    REFERENCE_FILE,
    Listing,
    Problem,
    list_files,
    list_folder,
    odd_entries,
    passed_over,
    require_folder,
    why_not_read,
)


class LayoutError(InputError):
    """Error for a folder that holds no pairs of photos and label maps. It may be a set of another kind."""


class Pair(NamedTuple):
    """A photo and its label map. Their file names have the same stem, which is `stem` as the photo's name spells it."""

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
            `labels` itself. The formats are those of `formats.py`. Hidden files are ignored.

    Raises:
        InputError: As in `match_files`; or there is a broken problem, such as a photo without a label map.
    """
    files = _find_files(root)
    _require_partners("photo", files.photos, "label", files.labels, LABELS)
    _require_partners("label", files.labels, "photo", files.photos, IMAGES)
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
        InputError: No such folder, or one cannot be read.
        LayoutError: There is no such layout, or it holds neither photos nor labels.
    """
    return _match(_find_files(root))


def passed_over_in(root: Path) -> List[str]:
    """Return one line for each folder of a set of pairs that holds files or folders that are not used.

    Raises:
        InputError: As in `match_files`.
    """
    files = _find_files(root)
    lists = ((files.photos, IMAGES), (files.labels, LABELS))
    return [
        line for listing, kind in lists for line in passed_over((paths[0] for paths in listing.files.values()), kind)
    ]


def find_labels(folder: Path) -> list[Path]:
    """Return the label maps of a set without photos, sorted by stem.

    Args:
        folder: The maps are read from the folder itself if it holds any, otherwise from `test`, `test/labels` or
            `labels` in it, whichever is the first that does.

    Raises:
        InputError: There is no such folder, it holds no label maps, two maps have the same stem, or a name is not
            UTF-8.
    """
    folder = require_folder(Path(folder))
    places = [folder / part for part in ("", "test", "test/labels", "labels") if (folder / part).is_dir()]
    place = next((place for place in places if list_folder(place, LABELS).files), folder)
    labels: Dict[str, Path] = {}
    for path in list_files(place, LABELS):
        if labels.setdefault(composed(path.stem), path) != path:
            raise InputError(_same_stem([labels[composed(path.stem)], path]))
    return [labels[stem] for stem in sorted(labels)]


def read_reference_names(folder_or_file: Path) -> dict[str, str]:
    """Read the 2023 contest's `label_to_img.json`: file name of a label map -> file name of its style photo.

    The names of label maps are given as `names.composed` returns them.

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


class _Files(NamedTuple):
    """The photos and label maps of a data set."""

    photos: Listing
    labels: Listing


def _find_files(root: Path) -> _Files:
    base = _pair_folder(as_path(root, "root"))
    files = _Files(list_folder(base / "imgs", IMAGES), list_folder(base / "labels", LABELS))
    if not files.photos.files and not files.labels.files:
        raise LayoutError(
            f"{base}: imgs holds no photos ({IMAGES}) and labels no label maps ({LABELS}); in it lie {describe(base)}"
        )
    return files


def _match(files: _Files) -> Matching:
    matching, photos, labels = Matching([], []), files.photos.files, files.labels.files
    unread = _by_stem(files.photos.others), _by_stem(files.labels.others)
    for key in photos.keys() | labels.keys():
        own = photos.get(key, []), labels.get(key, [])
        stem, fault = (own[0] or own[1])[0].stem, _fault(*own, *unread)
        if fault is None:
            matching.pairs.append(Pair(stem, own[0][0], own[1][0]))
        else:
            matching.problems.append(Problem(stem, printable(fault), broken=True))
    matching.pairs.sort()
    matching.problems.sort(key=lambda problem: problem.stem)
    matching.problems.extend(odd_entries(files.photos, IMAGES) + odd_entries(files.labels, LABELS))
    return matching


def _fault(
    photos: Sequence[Path], labels: Sequence[Path], other_photos: Mapping[str, Path], other_labels: Mapping[str, Path]
) -> Optional[str]:
    """Return why the files of one stem are no pair, or None.

    Args:
        other_photos, other_labels: Stem -> a file beside the photos or label maps that is not read.
    """
    path = (photos or labels)[0]
    reason = unlistable(path.stem)
    if reason:
        return f"{path}: {reason}"
    doubles = [_same_stem(paths) for paths in (photos, labels) if len(paths) > 1]
    if doubles:
        return "; ".join(doubles)
    if not labels:
        return f"{path}: has no label{_unread_partner(path, other_labels, LABELS)}"
    if not photos:
        return f"{path}: has no photo{_unread_partner(path, other_photos, IMAGES)}"
    return None


def _by_stem(paths: Iterable[Path]) -> Dict[str, Path]:
    return {composed(path.stem): path for path in paths}


def _unread_partner(path: Path, others: Mapping[str, Path], kind: Kind) -> str:
    """Name the file with the stem of `path` that is not read because of its ending; an empty string if there is none.

    Args:
        others: Stem -> a file that is not read, in the folder of the other half of the pairs.
        kind: The kind of files that is read there.
    """
    found = others.get(composed(path.stem))
    return f"; {found} {why_not_read(found, kind)}" if found else ""


def _same_stem(paths: Sequence[Path]) -> str:
    *names, last = sorted(path.name for path in paths)
    return f"{paths[0].parent}: {', '.join(names)} and {last} have the same stem; keep one of them"


def _require_partners(kind: str, own: Listing, partner: str, others: Listing, partner_kind: Kind) -> None:
    lone = sorted(paths[0] for stem, paths in own.files.items() if stem not in others.files)
    if not lone:
        return
    count = f"1 {kind} has no {partner}:" if len(lone) == 1 else f"{len(lone)} {kind}s have no {partner}, the first is"
    reason = _unread_partner(lone[0], _by_stem(others.others), partner_kind)
    raise InputError(printable(f"{count} {lone[0]}{reason}"))


def _pair_folder(root: Path) -> Path:
    require_folder(root)
    try:
        for base in (root / "train", root):
            if (base / "imgs").is_dir() and (base / "labels").is_dir():
                return base
    except OSError as error:  # no permission to enter a folder of the path
        raise InputError(f"{error.filename}: cannot be read: {error.strerror}") from error
    raise LayoutError(
        f"{root}: holds neither train/imgs and train/labels nor imgs and labels; in it lie {describe(root)}; a set is "
        f"a folder imgs of photos and a folder labels of label maps with the same names ({LABELS})"
    )


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
        if composed(label) in names:
            raise InputError(f"{path}: names {label!r} twice")
        if not isinstance(photo, str) or not _is_file_name(label) or not _is_file_name(photo):
            raise InputError(f"{path}: maps {label!r} to {photo!r}; both must be file names without a folder")
        names[composed(label)] = photo
    return names


def _is_file_name(name: str) -> bool:
    return name not in ("", ".", "..") and not set(name) & set("/\\")
