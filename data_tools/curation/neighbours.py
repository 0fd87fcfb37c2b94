"""Search exactly for the most similar label maps (most equal cells) and photo hashes (fewest unequal bits).
The signals `label_twin` and `photo_twin` of setwise.py and the equivalence classes of equivalence.py use this search.

Label maps. A map of `d` cells is written as a one-hot vector. The inner product of two such vectors is the number of
cells in which the maps agree. Each vector is split into its projection onto the span of a few maps, the landmarks, and
a remainder. The inner product of two projections differs from the true count by at most the product of the lengths of
the remainders (Cauchy-Schwarz). A matrix product with 257 columns therefore gives an upper and a lower bound of every
pair's agreement. Only pairs that the bounds do not decide are compared cell by cell. The bounds only save work: the
result is exact and does not depend on landmarks, rounding or machine.

Cost for `n` distinct maps: 512 n comparisons with landmarks, n^2 bounds (each a fiftieth of a comparison), and one
comparison for each undecided pair (0.3 to 3 % of the pairs of landscape sets). Equal maps are searched for once.
For thousands of maps that differ in scattered cells only, all pairs are undecided. Memory: twice the codes and 1 KiB
a map, doubled with mirrored maps, and one block of bounds. `experiments/benchmarks/similarity.py` measures this.

Photo hashes. The inner product of two vectors of -1 and 1 is the number of equal bits minus the number of unequal
bits. All n^2 pairs are computed as matrix products in blocks, a few ns a pair.

Source: landmarks as in the Nystrom approximation of a kernel (Williams and Seeger, 2001), with a bound of its error.
"""

from __future__ import annotations

from typing import Iterator, NamedTuple, Optional, Tuple

import numpy as np

from data_tools.basics.spacing import evenly_spaced

LANDMARKS = 512  # more landmarks give tighter bounds, and each costs n comparisons
DIRECTIONS = 256  # principal directions of the landmarks' span; half of them, for half of the time
BLOCK = 2**23  # bounds in memory at a time: 32 MiB of float32; 30 times as much if all pairs are near and are listed
CHUNK = 512  # pairs compared at a time; both sides fit into the processor's cache
_MAX_CELLS = 255 * 8  # limit of the byte counters of `_unequal`
_SLACK = np.float32(0.25)  # cells; more than the rounding of the bounds (below 0.01) and less than 1


class Nearest(NamedTuple):
    """For each label map of a set, the other map that is most similar to it.

    `compared` is the number of pairs that were compared cell by cell. The bounds decided all others.

    Shapes:
        index: [n] int64, -1 if no other map agrees enough.
        agreement: [n] float64, share of equal cells, NaN if no other map agrees enough.
        mirrored: [n] bool, whether more cells are equal when one of the two maps is mirrored.
    """

    index: np.ndarray  # type: ignore[assignment] # hides tuple.index
    agreement: np.ndarray
    mirrored: np.ndarray
    compared: int


class Distinct(NamedTuple):
    """The u distinct codes among n codes, in lexicographic order.

    Shapes:
        first: [u] index of the first occurrence; count: [u] number of occurrences; group: [n] number of the distinct
        code that each code equals.
    """

    first: np.ndarray
    count: np.ndarray  # type: ignore[assignment] # hides tuple.count
    group: np.ndarray


def nearest_maps(codes: np.ndarray, least: float, mirror: Optional[np.ndarray] = None) -> Nearest:
    """Find for each map the other map that agrees with it in most cells. Of equally near maps, the first is taken.

    Args:
        codes: [n, d] uint8 class ids, d at most 2040.
        least: Smallest share of equal cells of a neighbour, above 0 and at most 1.
        mirror: [d], index of each cell's counterpart in the mirrored map. If given, each map is compared unchanged
            and mirrored.
    """
    distinct = collapse(codes, mirror)
    originals = np.sort(distinct.first)  # in input order, so that the first of equally near maps is found
    index = CodeIndex(codes[originals], mirror)
    everything = np.arange(len(originals))
    found, _ = index.closest(everything, everything, cells_needed(least, codes.shape[1]))
    nearest = np.full(len(codes), -1)
    nearest[originals[found >= 0]] = originals[found[found >= 0]]

    # Equal maps are neighbours of each other: the first map's neighbour is the second, all others' is the first.
    by_group = np.argsort(distinct.group, kind="stable")
    start = np.cumsum(distinct.count) - distinct.count
    repeated = distinct.count > 1
    copies = repeated[distinct.group]
    nearest[copies] = distinct.first[distinct.group[copies]]
    nearest[distinct.first[repeated]] = by_group[start[repeated] + 1]
    return Nearest(nearest, *agreement_with(codes, nearest, mirror), index.compared)


def nearest_hashes(bits: np.ndarray, radius: int, earlier_only: bool = False) -> Tuple[np.ndarray, np.ndarray]:
    """Find for each hash the other hash with the fewest unequal bits. Of equally near hashes, the first is taken.

    Args:
        bits: [n, b], bool or 0 and 1.
        radius: Largest number of unequal bits of a neighbour.
        earlier_only: Search only among hashes of lower index, so that the first of a group has no neighbour.

    Returns:
        Index of the neighbour and number of unequal bits, both [n] int64 and -1 where there is no neighbour.
    """
    count, width = bits.shape
    signs = np.where(bits, np.float32(1), np.float32(-1))
    index, distance = np.full(count, -1), np.full(count, -1)
    buffer = np.empty((min(1024, count), min(BLOCK // 1024, count)), np.float32)
    for rows in _blocks(count, 1024):
        best = np.full(len(rows), width - 2 * radius - 1, np.float32)
        for columns in _blocks(rows[-1] + 1 if earlier_only else count, BLOCK // 1024):
            dots = np.matmul(signs[rows], signs[columns].T, out=buffer[: len(rows), : len(columns)])
            dots[columns >= rows[:, None] if earlier_only else columns == rows[:, None]] = -np.inf
            column = dots.argmax(1)
            value = dots[np.arange(len(rows)), column]
            nearer = value > best
            best[nearer] = value[nearer]
            index[rows[nearer]] = columns[column[nearer]]
            distance[rows[nearer]] = (width - value[nearer]) / 2
    return index, distance


def agreement_with(
    codes: np.ndarray, others: np.ndarray, mirror: Optional[np.ndarray] = None
) -> Tuple[np.ndarray, np.ndarray]:
    """Compare each map with one other map.

    Args:
        codes, mirror: As in `nearest_maps`.
        others: [n] index of the other map, -1 for none.

    Returns:
        Share of equal cells [n] float64, NaN without another map; whether it is higher when mirrored [n] bool.
    """
    share, mirrored = np.full(len(codes), np.nan), np.zeros(len(codes), bool)
    for block in _blocks(len(codes), CHUNK):
        block = block[others[block] >= 0]
        share[block] = (codes[block] == codes[others[block]]).mean(1)
        if mirror is not None:
            turned = (codes[block][:, mirror] == codes[others[block]]).mean(1)
            mirrored[block] = turned > share[block]
            share[block] = np.maximum(share[block], turned)
    return share, mirrored


def collapse(codes: np.ndarray, mirror: Optional[np.ndarray] = None) -> Distinct:
    """Find the distinct ones of codes [n, d] uint8. With `mirror` (as in `nearest_maps`), mirror images are equal."""
    if mirror is not None:
        mirrored = codes[:, mirror]
        cell = (codes != mirrored).argmax(1)[:, None]  # where the two directions differ first
        later = np.take_along_axis(codes, cell, 1) > np.take_along_axis(mirrored, cell, 1)
        codes = np.where(later, mirrored, codes)
    rows = np.ascontiguousarray(codes).view(np.dtype((np.void, codes.shape[1]))).ravel()
    _, first, group, count = np.unique(rows, return_index=True, return_inverse=True, return_counts=True)
    return Distinct(first, count, group.ravel())


def cells_needed(least: float, cells: int) -> int:
    """Return the smallest number of equal cells that is at least the share `least` of `cells` cells.

    Raises:
        ValueError: `least` is not above 0 and at most 1.
    """
    if not 0 < least <= 1:
        raise ValueError(f"the agreement is {least}; it must be above 0 and at most 1")
    return max(1, int(np.ceil(least * cells - 1e-9)))  # 0.9 * 10 may be slightly above 9


class CodeIndex:
    """Label codes prepared for exact search. `compared` counts the pairs that were compared cell by cell.

    Args:
        codes: [n, d] uint8 class ids, d at most 2040. Equal rows are allowed but cost time.
        mirror: As in `nearest_maps`. The agreement of two codes is then that of the better direction.

    Raises:
        ValueError: There are too many cells.
    """

    def __init__(self, codes: np.ndarray, mirror: Optional[np.ndarray] = None):
        self.cells = codes.shape[1]
        if self.cells > _MAX_CELLS:
            raise ValueError(f"codes have {self.cells} cells; at most {_MAX_CELLS} are allowed")
        self.compared = 0
        views = [codes] if mirror is None else [codes, codes[:, mirror]]
        self._views = [np.pad(np.ascontiguousarray(view), ((0, 0), (0, -self.cells % 8))) for view in views]
        landmarks = evenly_spaced(len(codes), LANDMARKS)
        basis = _main_directions(self._grid(self._views[0], landmarks, landmarks))
        self.points = [self._project(view, landmarks, basis) for view in self._views]

    def counts(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Count the equal cells of every row with every column: [rows, columns] int64. Slow for many columns."""
        return np.max([self._grid(view, rows, columns) for view in self._views], axis=0)

    def closest(self, rows: np.ndarray, columns: np.ndarray, least: int) -> Tuple[np.ndarray, np.ndarray]:
        """Find for each row the column with most equal cells, the first of equally near ones, but not the row itself.

        Returns:
            Index of a code and number of equal cells, both [rows] int64, -1 where no column has `least` equal cells.
        """
        size = len(columns)
        best = np.full(len(rows), -1)  # equal cells * size + number of columns that follow
        own = np.full(len(self._views[0]), size)  # the column to leave out
        own[columns] = np.arange(size)
        for block, view, upper in self.upper_bounds(rows, columns):
            here, itself = np.arange(len(block)), own[rows[block]]
            upper[here[itself < size], itself[itself < size]] = -1
            likely = self._equal(view, rows[block], columns[upper.argmax(1)])
            floor = np.maximum(np.maximum(likely, best[block] // size), least)
            row, column = np.divmod(np.flatnonzero(upper >= floor[:, None] - _SLACK), size)
            equal = self._equal(view, rows[block[row]], columns[column])
            enough = equal >= least
            np.maximum.at(best, block[row[enough]], (equal * size + size - 1 - column)[enough])
        found = best >= 0
        index = np.full(len(rows), -1)
        index[found] = columns[size - 1 - best[found] % size]
        return index, np.where(found, best // max(1, size), -1)

    def agreeing(self, rows: np.ndarray, columns: np.ndarray, least: int) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
        """Find the pairs with at least `least` equal cells.

        Yields:
            For some rows at a time: indices of codes from `rows` and from `columns`, one of each for a pair, in the
            order of `rows` and within a row in the order of `columns`.
        """
        pairs = np.zeros(0, int)
        for block, view, upper in self.upper_bounds(rows, columns):
            candidates = np.flatnonzero(upper >= least - _SLACK)
            row, column = rows[block[candidates // len(columns)]], columns[candidates % len(columns)]
            rests = self.points[view][row, -1] * self.points[0][column, -1]
            agree = upper.ravel()[candidates] - 2 * rests >= least + _SLACK  # pairs decided by the lower bound
            agree[~agree] = self._equal(view, row[~agree], column[~agree]) >= least
            pairs = np.union1d(pairs, candidates[agree]) if view else candidates[agree]
            if view == len(self._views) - 1:
                yield rows[block[pairs // len(columns)]], columns[pairs % len(columns)]

    def upper_bounds(self, rows: np.ndarray, columns: np.ndarray) -> Iterator[Tuple[np.ndarray, int, np.ndarray]]:
        """Compute upper bounds of the numbers of equal cells.

        Yields:
            Positions in `rows`, direction (0 unchanged, 1 mirrored), and the bounds [positions, columns] float32,
            which the next iteration overwrites.
        """
        if len(columns) == 0:
            return
        height = max(1, min(BLOCK // len(columns), len(rows)))
        buffer = np.empty((height, len(columns)), np.float32)  # reused: allocation takes as long as the product
        base = self.points[0][columns].T
        for block in _blocks(len(rows), height):
            for view, points in enumerate(self.points):
                yield block, view, np.matmul(points[rows[block]], base, out=buffer[: len(block)])

    def _equal(self, view: int, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Count the equal cells of each row with its column, in one direction: [pairs] int64."""
        self.compared += len(rows)
        equal = np.empty(len(rows), np.int64)
        for i in range(0, len(rows), CHUNK):
            pair = slice(i, i + CHUNK)
            equal[pair] = self.cells - _unequal(self._views[view][rows[pair]], self._views[0][columns[pair]])
        return equal

    def _grid(self, view: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Count the equal cells of every row of a view with every column: [rows, columns] int64."""
        self.compared += len(rows) * len(columns)
        equal = np.empty((len(rows), len(columns)), np.int64)
        for i in range(0, len(rows), CHUNK):
            chunk = view[rows[i : i + CHUNK]]
            for j, column in enumerate(columns):
                equal[i : i + CHUNK, j] = self.cells - _unequal(chunk, self._views[0][column])
        return equal

    def _project(self, view: np.ndarray, landmarks: np.ndarray, basis: np.ndarray) -> np.ndarray:
        """Return coordinates of each map's projection and the length of its remainder: [n, directions + 1] float32."""
        points = np.empty((len(view), basis.shape[1] + 1), np.float32)
        for block in _blocks(len(view), CHUNK):
            inside = self._grid(view, block, landmarks) @ basis
            rest = np.maximum(0, self.cells - (inside**2).sum(1))
            points[block] = np.column_stack([inside, np.sqrt(rest)])
        return points


def _main_directions(kernel: np.ndarray) -> np.ndarray:
    """Return the matrix that turns counts of cells equal to the landmarks into coordinates: [landmarks, directions]."""
    values, vectors = np.linalg.eigh(kernel.astype(np.float64))
    values, vectors = values[-DIRECTIONS:], vectors[:, -DIRECTIONS:]
    clear = values > 1e-6 * values.max(initial=0)  # smaller eigenvalues are rounding errors, due to equal landmarks
    return vectors[:, clear] / np.sqrt(values[clear])


def _unequal(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Count the unequal cells of maps a [n, cells] uint8 and b, as many maps or one: [n]. Cells is a multiple of 8."""
    words = (a != b).view(np.uint64)
    return np.add.reduce(words, axis=1).view(np.uint8).reshape(-1, 8).sum(1, dtype=np.int64)


def _blocks(count: int, size: int) -> Iterator[np.ndarray]:
    for start in range(0, count, size):
        yield np.arange(start, min(start + size, count))
