"""The commands as functions on paths: the public names `check`, `stats`, `scan`, `select`, `curate` and `synth`."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence, Tuple, Union

from data_tools.basics.arguments import as_optional_path, as_optional_whole, as_pair, as_path, as_whole, given
from data_tools.basics.errors import InputError
from data_tools.commands.scan import needing_opencv
from data_tools.curation.default_rules import DEFAULT_RULES, DISPUTED, Settings, with_limits
from data_tools.rendering.write_set import write_set
from data_tools.sets import stats as counting
from data_tools.sets.checking import inspect_pairs
from data_tools.sets.class_list import LANDSCAPE, ClassList, given_classes
from data_tools.sets.classes import IMAGE_HEIGHT, IMAGE_WIDTH, NUM_CLASSES
from data_tools.sets.pairing import LayoutError, Problem, match_files
from data_tools.sets.unpaired import find_image_folders, inspect_images

PathLike = Union[str, "os.PathLike[str]"]
EXAMPLES = 12  # pairs in each list of the report, as with the command `report`


def check(
    data: PathLike, num_classes: int = NUM_CLASSES, workers: int = 0, unknown_id: Optional[int] = None
) -> List[Problem]:
    """Read every photo and label map of a data set and return what is wrong or odd.

    Args:
        data: Folder that contains `train/imgs` and `train/labels`, or `imgs` and `labels`. Of a set without such pairs,
            every image is read.
        num_classes: Number of classes of the set; class ids in the label maps must be smaller than this.
        workers: Number of threads; 0 uses one thread for each core.
        unknown_id: Id of pixels without a class; with 0, classes are numbered from 1. None: every pixel has a class.

    Returns:
        Problems (stem, reason, broken): first the broken pairs, which stop a training, then the odd ones.

    Raises:
        InputError: The folder does not exist, or holds no images.
    """
    classes = ClassList(as_whole(num_classes, "num_classes", 1), as_optional_whole(unknown_id, "unknown_id", 0))
    root, threads = as_path(data, "data"), _workers(workers)
    try:
        matching = match_files(root)
    except LayoutError:
        folders = find_image_folders(root)
        if not folders:
            raise
        problems = inspect_images(folders, threads, classes)
    else:
        found = inspect_pairs(matching.pairs, classes.num_classes, threads, unknown=classes.unknown)
        problems = matching.problems + found
    return sorted(problems, key=lambda problem: (not problem.broken, problem.stem, problem.reason))


def stats(
    data: PathLike,
    workers: int = 0,
    num_classes: Optional[int] = None,
    unknown_id: Optional[int] = None,
    class_names: Optional[PathLike] = None,
) -> Dict[str, object]:
    """Count the sizes of photos and label maps, and measure the share of each class. Broken pairs are only listed.

    Args:
        data, workers, unknown_id: As for `check`.
        num_classes: Number of classes of the set; by default as many as `class_names` has, or the 29 landscape classes.
        class_names: Text file with the name of one class a line, and optionally its colour.

    Returns:
        The same as `python -m data_tools stats --json` writes.

    Raises:
        InputError: As `check`.
    """
    matching = match_files(as_path(data, "data"))
    classes = _classes(num_classes, unknown_id, class_names)
    found = counting.collect(matching.pairs, _workers(workers), class_list=classes)
    found.broken.extend(problem for problem in matching.problems if problem.broken)
    return counting.as_json(found)


def scan(
    data: PathLike,
    out: PathLike,
    workers: int = 0,
    num_classes: Optional[int] = None,
    unknown_id: Optional[int] = None,
    class_names: Optional[PathLike] = None,
) -> Tuple[int, List[Problem]]:
    """Measure every pair of a data set and write the table `scan.csv` to `out`. Earlier measurements are reused.

    The function starts processes, so a script must call it below `if __name__ == "__main__":`.

    Args:
        data: As for `check`.
        out: Folder for the results, outside of `data`.
        workers: Number of processes; 0 starts one for each core.
        num_classes, unknown_id, class_names: As for `stats`. If no class is named sky, two signals are left out:
            backlight and overexposure.

    Returns:
        The number of measured pairs, and the problems of the broken pairs.

    Raises:
        InputError: The folder is not a data set, no pair can be read, or `out` cannot be written to.
    """
    with needing_opencv():
        from data_tools.basics.pools import local_pool
        from data_tools.curation.scan import scan as measure
    classes = _classes(num_classes, unknown_id, class_names)
    places = as_path(data, "data"), as_path(out, "out")
    return measure(*places, partial(local_pool, _workers(workers)), classes)


def select(
    out: PathLike,
    keep: Optional[Tuple[int, int]] = None,
    limits: Optional[Mapping[str, float]] = None,
    manual: Optional[PathLike] = None,
    disagreement: Sequence[PathLike] = (),
) -> Dict[str, List[str]]:
    """Make the splits Total, Selection I and Selection II of a data set that `scan` has measured.

    Args:
        out: Folder that `scan` wrote. The lists of the splits are written there, and `decisions.csv` with the reason
            for each pair.
        keep: Numbers of pairs to keep in Selection I and II. If None, the rules' limits decide.
        limits: Limits that replace the default ones, by the name of the rule.
        manual: File with lines `keep STEM` and `drop STEM`, which override every rule.
        disagreement: Tables with the columns `stem` and `disagreement`, the share of a label map's pixels in which a
            segmenter sees another class. They add the rule "disputed".

    Returns:
        {"total": stems, "selection_1": stems, "selection_2": stems}

    Raises:
        InputError: `out` contains no complete scan, or a number, a rule or a file is wrong.
    """
    from data_tools.curation.folder import select_splits
    from data_tools.curation.manual import read_manual

    folder, marked = as_path(out, "out"), as_optional_path(manual, "manual")
    tables = [as_path(each, "disagreement") for each in _list_of_paths(disagreement, "disagreement")]
    settings = with_limits(Settings(DEFAULT_RULES + ((DISPUTED,) if tables else ())), _limits(limits))
    marks = read_manual(marked) if marked else {}
    kept = None if keep is None else as_pair(keep, "keep", "the numbers of pairs of Selection I and II", 0)
    return select_splits(folder, settings, marks, kept, tables).splits


def curate(
    data: PathLike,
    out: PathLike,
    keep: Optional[Tuple[int, int]] = None,
    limits: Optional[Mapping[str, float]] = None,
    manual: Optional[PathLike] = None,
    workers: int = 0,
    num_classes: Optional[int] = None,
    unknown_id: Optional[int] = None,
    class_names: Optional[PathLike] = None,
) -> Dict[str, List[str]]:
    """Scan a data set, make its splits, and write the page `report.html` to `out`.

    Args:
        data, out, workers, num_classes, unknown_id, class_names: As for `scan`.
        keep, limits, manual: As for `select`.

    Returns:
        As `select`.

    Raises:
        InputError: As `scan` and `select`.
    """
    from data_tools.report.from_folder import make_report

    scan(data, out, workers, num_classes, unknown_id, class_names)
    splits = select(out, keep, limits, manual)
    make_report(as_path(out, "out"), EXAMPLES)
    return splits


def synth(
    out: PathLike, count: int, seed: int, size: Tuple[int, int] = (IMAGE_WIDTH, IMAGE_HEIGHT), test_count: int = 0
) -> Path:
    """Render landscapes with exact label maps. Existing files are kept.

    Args:
        out: Folder for the set: `train/imgs`, `train/labels` and, with `test_count`, `test`.
        count: Number of pairs.
        seed: Each seed gives a different set.
        size: Width and height in pixels.
        test_count: Number of label maps without photos, in `test`.

    Returns:
        The folder.

    Raises:
        InputError: A number is out of range, or `out` contains something else.
    """
    folder = as_path(out, "out")
    counts = as_whole(count, "count", 1), as_whole(seed, "seed", 0)
    width, height = as_pair(size, "size", "(width, height) in pixels", 1)
    write_set(folder, *counts, width, height, test_count=as_whole(test_count, "test_count", 0))
    return folder


def _classes(num_classes: Optional[int], unknown_id: Optional[int], class_names: Optional[PathLike]) -> ClassList:
    count = as_optional_whole(num_classes, "num_classes", 1)
    unknown = as_optional_whole(unknown_id, "unknown_id", 0)
    return given_classes(count, unknown, as_optional_path(class_names, "class_names")) or LANDSCAPE


def _limits(limits: Optional[Mapping[str, float]]) -> Dict[str, float]:
    """Return the limits of rules as a dict, after a check of their types."""
    if limits is None:
        return {}
    if not isinstance(limits, Mapping) or not all(isinstance(each, (int, float)) for each in limits.values()):
        raise InputError(f"{given('limits', limits)}: a dict is needed, from the name of a rule to a number")
    return dict(limits)


def _list_of_paths(paths: Sequence[PathLike], name: str) -> Sequence[PathLike]:
    if isinstance(paths, (str, bytes)) or not isinstance(paths, Sequence):
        raise InputError(f"{given(name, paths)}: a list of paths is needed")
    return paths


def _workers(number: int) -> int:
    """Return the number of workers: `number`, or one for each processor core if `number` is 0."""
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise InputError(f"{given('workers', number)}: allowed are 0 (one for each core) and more")
    return number or os.cpu_count() or 1
