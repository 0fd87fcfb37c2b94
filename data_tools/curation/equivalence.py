"""Equivalence classes of label maps, and which photos of a class are worth keeping.

Maps are equivalent as far as one map of the class, its medoid, agrees with all of them: agreement alone is not
transitive, and chains of small steps would join a mountain to the sea. Where the photos of a class differ much,
one label map asks for many pictures, and the class is thinned to its most typical and best exposed photos.

Centres are chosen as by Taylor and Butina: the map that most others agree with takes all of these, then the map
that most others agreed with among what is left, and so on; then each map goes to the centre that it agrees with
most. Ties are decided by the maps' contents, so the order of the input plays no part in the classes.

Source: D. Butina, "Unsupervised data base clustering based on Daylight's fingerprint and Tanimoto similarity",
    J. Chem. Inf. Comput. Sci. 39 (1999). Differs: the last step, and the medoid in place of the centre.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.spacing import evenly_spaced
from data_tools.basics.table import read_rows, write_rows
from data_tools.curation.neighbours import CodeIndex, agreement_with, cells_needed, collapse

_SAMPLE = 256  # members that stand for a larger class where its medoid is chosen
_REFERENCES = 128  # photos that stand for those of a larger class where its members are ranked
_QUEUE = 256  # maps looked at together for the next centres
_ROWS = 2048  # maps counted at a time
_LIGHTNESS = np.float32(100 / 255)  # OpenCV stretches L to 0..255, and only shifts a and b


class EquivalenceClass(NamedTuple):
    """Label maps that agree with one of them.

    Shapes:
        medoid: the index of that one; members: [m] their indices, ascending, with the medoid;
        mirrored: [m] bool, whether a member agrees with the medoid more when it is mirrored.
    """

    medoid: int
    members: np.ndarray
    mirrored: np.ndarray


class Ranking(NamedTuple):
    """Members of a class from most to least worth keeping [m], and how much their photos differ (CIE Lab units)."""

    order: np.ndarray
    spread: float


class ClassMember(NamedTuple):
    """One row of a table of classes: how many of its class come before it, whether it is mirrored, and kept."""

    stem: str
    rank: int
    mirrored: bool
    kept: bool


def equivalence_classes(codes: np.ndarray, agreement: float, flips: bool = False) -> List[EquivalenceClass]:
    """Classes of at least two maps each, the largest first; no map is in two.

    Args:
        codes: [n, h, w] uint8 class ids, reduced to at most 2040 cells.
        agreement: Share of its cells, above 0 and at most 1, in which each member equals the medoid at least.
        flips: Whether a member may be mirrored for that.

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

    medoid = np.where(medoid < 0, -1, distinct.first[medoid])[distinct.group]  # of each map, not of distinct ones
    _, mirrored = agreement_with(cells, medoid, mirror)
    classes = [EquivalenceClass(int(m), members, mirrored[members]) for m, members in _groups(medoid)]
    return sorted(classes, key=lambda c: (-len(c.members), c.members[0]))


def thin(members: EquivalenceClass, photos: np.ndarray, faults: np.ndarray) -> Ranking:
    """Rank the members by the sum of two ranks: the most typical photo, and the best exposed; ties by index.

    A photo is typical if it differs little from the others of the class, in the mean over its cells of the
    distance in CIE Lab. In a class of more than 128, others are 128 members spread evenly over it, so that time
    and memory grow with its size and not with the square.

    Args:
        photos: [n, h, w, 3] uint8 thumbnails, Lab as OpenCV writes it; a mirrored member's is mirrored first.
        faults: [n], 0 for a perfectly exposed photo, and the larger, the worse.
    """
    size = len(members.members)
    references = evenly_spaced(size, _REFERENCES)
    total = np.zeros(size)
    compared_to = _lab(members, photos, references)
    for start in range(0, size, _REFERENCES):
        block = np.arange(start, min(start + _REFERENCES, size))
        here = _lab(members, photos, block)
        for reference in compared_to:
            total[block] += np.sqrt(((here - reference) ** 2).sum(-1)).mean((1, 2))
    others = len(references) - np.isin(np.arange(size), references)
    score = _ranks(total / np.maximum(1, others)) + _ranks(faults[members.members])
    spread = float(total.sum() / max(1, others.sum()))
    return Ranking(members.members[np.argsort(score, kind="stable")], spread)


def redundancy(
    classes: Sequence[EquivalenceClass], photos: np.ndarray, faults: np.ndarray, keep: int, min_difference: float
) -> np.ndarray:
    """How superfluous each pair is: its rank in its class (0 is best) divided by `keep`; 0 outside thinned classes.

    So 1 and more means that `keep` better ones stand for it.

    Args:
        photos, faults: As for `thin`.
        keep: Pairs that a class keeps, at least 1.
        min_difference: Only classes whose photos differ by more than this are thinned (`Ranking.spread`).

    Returns:
        [n] float64.
    """
    redundant = np.zeros(len(photos))
    for members in classes:
        ranking = thin(members, photos, faults)
        if ranking.spread > min_difference:
            redundant[ranking.order] = np.arange(len(ranking.order)) / keep
    return redundant


_HEADER = ("class", "stem", "rank", "mirrored", "kept")
_RANK_DIGITS = 9  # of a set of up to a thousand million pairs; Python refuses to read thousands of them


def write_classes(
    path: Path, stems: Sequence[str], classes: Sequence[EquivalenceClass], redundant: np.ndarray, keep: int
) -> None:
    """Write one row a member, the best first; all of a class that is not thinned have rank 0.

    Args:
        redundant: [n], what `redundancy` gave for the same `keep`.

    Raises:
        InputError: The folder is missing or may not be written to.
    """
    rows = []
    for number, members in enumerate(classes):
        for i in np.argsort(redundant[members.members], kind="stable"):
            member = members.members[i]
            rows.append(
                (
                    number,
                    stems[member],
                    round(redundant[member] * keep),
                    int(members.mirrored[i]),
                    int(redundant[member] < 1),
                )
            )
    write_rows(path, _HEADER, rows)


def read_classes(path: Path) -> List[List[ClassMember]]:
    """The members of each class in the order of the file.

    Raises:
        InputError: The file cannot be read, or is not such a table; says where.
    """
    rows = iter(read_rows(path))
    header = next(rows)
    if tuple(header) != _HEADER:
        raise InputError(f"{path}: has the columns {', '.join(header)}; they must be {', '.join(_HEADER)}")
    classes: List[List[ClassMember]] = []
    for line, cells in enumerate(rows, start=2):
        number, stem, rank, mirrored, kept = cells
        known = {str(len(classes)), str(max(0, len(classes) - 1))}
        is_rank = rank.isdecimal() and len(rank) <= _RANK_DIGITS
        if number not in known or not is_rank or not {mirrored, kept} <= {"0", "1"}:
            raise InputError(
                f"{path}: row {line} is {', '.join(cells)}; classes are numbered from 0 in the order of "
                "the rows, rank is a whole number, mirrored and kept are 0 or 1"
            )
        if number == str(len(classes)):
            classes.append([])
        classes[-1].append(ClassMember(stem, int(rank), mirrored == "1", kept == "1"))
    return classes


def _owners(index: CodeIndex, weight: np.ndarray, least: int) -> np.ndarray:
    """The centre that each distinct map belongs to, itself for a centre: [u] int64, -1 for maps alone."""
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
    """With how many maps each distinct one agrees, itself and its copies among them: [u] int64."""
    total = weight.astype(np.float64)  # exact: whole numbers far below 2^53
    size = len(weight)
    for start in range(0, size, _ROWS):
        rows = np.arange(start, min(start + _ROWS, size))
        for row, column in index.agreeing(rows, np.arange(start, size), least):
            row, column = row[row < column], column[row < column]
            total += np.bincount(row, weight[column], size) + np.bincount(column, weight[row], size)
    return total.astype(np.int64)


def _centres(index: CodeIndex, queue: np.ndarray, least: int) -> np.ndarray:
    """Those of the queue that agree with no centre before them, in its order."""
    covered = np.zeros(queue.max(initial=-1) + 1, bool)
    centres: List[int] = []
    while len(queue):
        for rows, columns in index.agreeing(queue[:_QUEUE], queue, least):
            starts = np.flatnonzero(np.diff(rows, prepend=-1))  # every map agrees with itself, so no row is missing
            for row, agreeing in zip(rows[starts], np.split(columns, starts[1:])):
                if not covered[row]:
                    centres.append(row)
                    covered[agreeing] = True
        queue = queue[~covered[queue]]
    return np.array(centres, np.int64)


def _medoid(index: CodeIndex, centre: int, members: np.ndarray, weight: np.ndarray, least: int) -> int:
    """The one of highest mean agreement among the members that agree with all; the centre is one of these."""
    sample = np.union1d(members[evenly_spaced(len(members), _SAMPLE)], [centre])
    total = index.counts(sample, sample) @ weight[sample]
    for candidate in sample[np.argsort(-total, kind="stable")]:
        if candidate == centre or index.counts(members, np.array([candidate])).min() >= least:
            return candidate
    raise AssertionError("the centre is among the candidates")


def _groups(owner: np.ndarray) -> Iterator[Tuple[int, np.ndarray]]:
    """Each owner from 0 on, and the places where it stands, ascending."""
    order = np.argsort(owner, kind="stable")
    order = order[owner[order] >= 0]
    starts = np.flatnonzero(np.diff(owner[order], prepend=-1))
    return zip(owner[order][starts], np.split(order, starts[1:])) if len(order) else iter(())


def _lab(members: EquivalenceClass, photos: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Thumbnails of some members, mirrored as the members are: [places, h, w, 3] float32."""
    lab = photos[members.members[places]].astype(np.float32)
    lab[..., 0] *= _LIGHTNESS
    mirrored = members.mirrored[places]
    lab[mirrored] = lab[mirrored][:, :, ::-1]
    return lab


def _ranks(values: np.ndarray) -> np.ndarray:
    """How many values are smaller than each."""
    return np.searchsorted(np.sort(values), values)
