"""Group nearly equal label maps into equivalence classes, and rank the pairs of a class.

All maps of a class agree with one map of the class, its medoid, in at least a given share of the cells. (Agreement
between neighbours would not be enough: a chain of small steps can lead to a very different map.) If the photos of a
class differ much, one label map has many contradictory target photos. Such a class is thinned: only its most typical
and best exposed photos are kept.

Algorithm, as in Taylor-Butina clustering: the map that agrees with most others becomes the first centre and takes all
of these maps; the map that agreed with most others among the remaining ones becomes the next centre, and so on. Then
each map moves to the centre that it agrees with most. Ties are decided by the contents of the maps, so the classes do
not depend on the order of the input.

Source: D. Butina, "Unsupervised data base clustering based on Daylight's fingerprint and Tanimoto similarity",
    J. Chem. Inf. Comput. Sci. 39 (1999). Differs: the last step, and the medoid instead of the centre.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.spacing import evenly_spaced
from data_tools.basics.table import read_rows, write_rows
from data_tools.curation.neighbours import CodeIndex, agreement_with, cells_needed, collapse

SAMPLE = 256  # number of members compared when the medoid of a larger class is chosen
REFERENCES = 128  # number of photos that each member of a larger class is compared with
_QUEUE = 256  # maps compared at a time when centres are chosen
_ROWS = 2048  # maps compared at a time when agreeing maps are counted
_LIGHTNESS_SCALE = np.float32(100 / 255)  # OpenCV scales L to 0..255; a and b are only shifted


class EquivalenceClass(NamedTuple):
    """Label maps that all agree with one of them, the medoid.

    Shapes:
        medoid: index of the medoid; members: [m] indices of all members, ascending; mirrored: [m] bool, whether the
        member agrees with the medoid better when it is mirrored.
    """

    medoid: int
    members: np.ndarray
    mirrored: np.ndarray


class Ranking(NamedTuple):
    """The order of the members of an equivalence class by quality, and how much their photos differ.

    Args:
        order: [m], indices of its members in the set, the best first.
        spread: Mean difference of their photos, in units of CIE Lab.
    """

    order: np.ndarray
    spread: float


class ClassMember(NamedTuple):
    """One row of `classes.csv`: a pair of an equivalence class; `rank` 0 is the best pair of its class.

    `mirrored` says whether its label map is mirrored in comparison with the class.
    """

    stem: str
    rank: int
    mirrored: bool
    kept: bool


def equivalence_classes(codes: np.ndarray, agreement: float, flips: bool = False) -> List[EquivalenceClass]:
    """Group label maps into disjoint classes of at least two maps each, the largest class first.

    Args:
        codes: [n, h, w] uint8 class ids, reduced to at most 2040 cells.
        agreement: Smallest share of cells in which each member equals the medoid, above 0 and at most 1.
        flips: Whether a member may be mirrored to agree with the medoid.

    Raises:
        ValueError: `agreement` is out of range, or there are too many cells.
    """
    count, height, width = codes.shape
    cells = codes.reshape(count, height * width)
    mirror = np.arange(height * width).reshape(height, width)[:, ::-1].ravel() if flips else None
    least = cells_needed(agreement, height * width)

    distinct = collapse(cells, mirror)
    index = CodeIndex(cells[distinct.first], mirror)
    medoid = np.full(len(distinct.first), -1)
    for centre, members in _groups(_owners(index, distinct.count, least)):
        if distinct.count[members].sum() > 1:
            medoid[members] = _medoid(index, centre, members, distinct.count, least)

    medoid = np.where(medoid < 0, -1, distinct.first[medoid])[distinct.group]  # from distinct maps to all maps
    _, mirrored = agreement_with(cells, medoid, mirror)
    classes = [EquivalenceClass(int(m), members, mirrored[members]) for m, members in _groups(medoid)]
    return sorted(classes, key=lambda c: (-len(c.members), c.members[0]))


def thin(group: EquivalenceClass, photos: np.ndarray, faults: np.ndarray) -> Ranking:
    """Rank the members of a class by the sum of two ranks: how typical the photo is, and how well it is exposed.

    A photo is typical if its mean distance in CIE Lab from the other photos of the class is small. In a class of more
    than 128 members, each photo is compared with 128 evenly spaced members, so that time and memory grow linearly.

    Args:
        photos: [n, h, w, 3] uint8 thumbnails in OpenCV's Lab. Those of mirrored members are mirrored here.
        faults: [n], 0 for a perfectly exposed photo; larger values are worse.
    """
    size = len(group.members)
    references = evenly_spaced(size, REFERENCES)
    total = np.zeros(size)
    compared_to = _lab(group, photos, references)
    for start in range(0, size, REFERENCES):
        block = np.arange(start, min(start + REFERENCES, size))
        here = _lab(group, photos, block)
        for reference in compared_to:
            total[block] += np.sqrt(((here - reference) ** 2).sum(-1)).mean((1, 2))
    others = len(references) - np.isin(np.arange(size), references)
    score = _ranks(total / np.maximum(1, others)) + _ranks(faults[group.members])
    spread = float(total.sum() / max(1, others.sum()))
    return Ranking(group.members[np.argsort(score, kind="stable")], spread)


def relative_ranks(
    classes: Sequence[EquivalenceClass], photos: np.ndarray, faults: np.ndarray, keep: int, min_difference: float
) -> np.ndarray:
    """Return the rank of each pair in its class (0 is best) divided by `keep`.

    A value of 1 or more means that the class has at least `keep` better pairs. Pairs outside thinned classes have 0.

    Args:
        photos, faults: As in `thin`.
        keep: Number of pairs to keep of a class, at least 1.
        min_difference: Only classes whose photos differ by more than this are thinned (`Ranking.spread`).

    Returns:
        [n] float64.
    """
    redundant = np.zeros(len(photos))
    for group in classes:
        ranking = thin(group, photos, faults)
        if ranking.spread > min_difference:
            redundant[ranking.order] = np.arange(len(ranking.order)) / keep
    return redundant


_HEADER = ("class", "stem", "rank", "mirrored", "kept")
_RANK_DIGITS = 9  # enough for 10^9 pairs; Python raises an error for numbers of thousands of digits


def write_classes(
    path: Path, stems: Sequence[str], classes: Sequence[EquivalenceClass], redundant: np.ndarray, keep: int
) -> None:
    """Write one row for each member of each class, the best first. In a class that is not thinned, all ranks are 0.

    Args:
        redundant: [n], the result of `relative_ranks` for the same `keep`.

    Raises:
        InputError: The folder is missing or may not be written to.
    """
    rows = []
    for number, group in enumerate(classes):
        for i in np.argsort(redundant[group.members], kind="stable"):
            member = group.members[i]
            rows.append(
                (
                    number,
                    stems[member],
                    round(redundant[member] * keep),
                    int(group.mirrored[i]),
                    int(redundant[member] < 1),
                )
            )
    write_rows(path, _HEADER, rows)


def read_classes(path: Path) -> List[List[ClassMember]]:
    """Read the members of each class, in the order of the file.

    Raises:
        InputError: The file cannot be read, or is not a table that `write_classes` wrote.
    """
    rows = iter(read_rows(path))
    header = next(rows)
    if tuple(header) != _HEADER:
        raise InputError(f"{path}: has the columns {', '.join(header)}; they must be {', '.join(_HEADER)}")
    classes: List[List[ClassMember]] = []
    for line, cells in enumerate(rows, start=2):
        number, stem, rank, mirrored, kept = cells
        expected = {str(len(classes)), str(max(0, len(classes) - 1))}
        is_rank = rank.isdecimal() and len(rank) <= _RANK_DIGITS
        if number not in expected or not is_rank or not {mirrored, kept} <= {"0", "1"}:
            raise InputError(
                f"{path}: row {line} is {', '.join(cells)}; classes are numbered from 0 in the order of "
                "the rows, rank is a whole number, mirrored and kept are 0 or 1"
            )
        if number == str(len(classes)):
            classes.append([])
        classes[-1].append(ClassMember(stem, int(rank), mirrored == "1", kept == "1"))
    return classes


def _owners(index: CodeIndex, weight: np.ndarray, least: int) -> np.ndarray:
    """Return for each distinct map the index of the centre of its class: [u] int64, -1 for maps without a class.

    A centre belongs to its own class.

    Args:
        weight: [u], number of maps that equal each distinct map.
        least: Smallest number of equal cells of two maps that agree.
    """
    agreeing = _agreeing_maps(index, weight, least)
    queue = np.argsort(-agreeing, kind="stable")
    queue = queue[agreeing[queue] > 1]
    centres = _centres(index, queue, least)
    owner = np.full(len(weight), -1)
    owner[centres] = centres
    rest = queue[owner[queue] < 0]
    owner[rest], _ = index.closest(rest, centres, least)
    return owner


def _agreeing_maps(index: CodeIndex, weight: np.ndarray, least: int) -> np.ndarray:
    """Count for each distinct map the maps with `least` or more equal cells, itself and its copies included.

    Returns:
        [u] int64
    """
    total = weight.astype(np.float64)  # exact: whole numbers far below 2^53
    size = len(weight)
    for start in range(0, size, _ROWS):
        rows = np.arange(start, min(start + _ROWS, size))
        for row, column in index.agreeing(rows, np.arange(start, size), least):
            row, column = row[row < column], column[row < column]
            total += np.bincount(row, weight[column], size) + np.bincount(column, weight[row], size)
    return total.astype(np.int64)


def _centres(index: CodeIndex, queue: np.ndarray, least: int) -> np.ndarray:
    """Choose the centres: the maps of `queue`, in order, with less than `least` cells equal to each earlier centre."""
    covered = np.zeros(queue.max(initial=-1) + 1, bool)
    centres: List[int] = []
    while len(queue):
        for rows, columns in index.agreeing(queue[:_QUEUE], queue, least):
            starts = np.flatnonzero(np.diff(rows, prepend=-1))  # no row is missing: every map agrees with itself
            for row, agreeing in zip(rows[starts], np.split(columns, starts[1:])):
                if not covered[row]:
                    centres.append(row)
                    covered[agreeing] = True
        queue = queue[~covered[queue]]
    return np.array(centres, np.int64)


def _medoid(index: CodeIndex, centre: int, members: np.ndarray, weight: np.ndarray, least: int) -> int:
    """Return the medoid, the index of a member. It agrees with all members, and its mean agreement is the highest.

    In a class of more than SAMPLE members, only a sample of them and the centre are candidates.

    Args:
        weight, least: As in `_owners`.
    """
    sample = np.union1d(members[evenly_spaced(len(members), SAMPLE)], [centre])
    total = index.counts(sample, sample) @ weight[sample]
    for candidate in sample[np.argsort(-total, kind="stable")]:
        if candidate == centre or index.counts(members, np.array([candidate])).min() >= least:
            return candidate
    raise AssertionError("the centre is among the candidates")


def _groups(owner: np.ndarray) -> Iterator[Tuple[int, np.ndarray]]:
    """Yield each number of `owner` that is not negative, ascending, and the ascending positions at which it stands."""
    order = np.argsort(owner, kind="stable")
    order = order[owner[order] >= 0]
    starts = np.flatnonzero(np.diff(owner[order], prepend=-1))
    return zip(owner[order][starts], np.split(order, starts[1:])) if len(order) else iter(())


def _lab(group: EquivalenceClass, photos: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the thumbnails of some members of a class in CIE Lab: [len(places), h, w, 3] float32.

    Thumbnails of mirrored members are mirrored, so that all of them show the medoid's layout.

    Args:
        photos: As in `thin`.
        places: Positions in `group.members`.
    """
    lab = photos[group.members[places]].astype(np.float32)
    lab[..., 0] *= _LIGHTNESS_SCALE
    mirrored = group.mirrored[places]
    lab[mirrored] = lab[mirrored][:, :, ::-1]
    return lab


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return for each value of a one-dimensional array how many of its values are smaller."""
    return np.searchsorted(np.sort(values), values)
