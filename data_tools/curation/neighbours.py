"""Exact search for the most similar label maps (by cells of the same class) and photo hashes (by bits).

Label maps. Write a map of `d` cells as a one-hot vector: the inner product of two such vectors counts the cells in
which the maps agree. Split each vector into its projection onto the span of a few maps, the landmarks, and the
rest. The inner product of two projections misses the true count by at most the product of the rests' lengths
(Cauchy-Schwarz), so a matrix product of 257 columns bounds every pair's agreement from above and below, and only
pairs that the bounds leave open are compared cell by cell. Bounds only save work: whatever the landmarks and the
rounding, the answer is exact, and the same on every machine.

Cost for `n` distinct maps: 512 n comparisons with landmarks, n^2 bounds (a fiftieth of a comparison each), and one
comparison for each pair left open, which is 0.3 to 3 % of the pairs of landscapes. Equal maps are searched for
once. Thousands of maps that are alike but for scattered cells leave all their pairs open. Memory grows with n
(twice the codes and 1 KiB a map; mirrored maps double that), and one block of bounds comes on top.
`experiments/benchmarks/similarity.py` measures all this.

Photo hashes. The inner product of vectors of -1 and 1 counts equal less unequal bits: n^2 pairs in blocks of
matrix products, a few ns each.

Source: landmarks as in the Nystrom approximation of a kernel (Williams and Seeger, 2001), with its error bounded.
"""

from __future__ import annotations

from typing import Iterator, NamedTuple, Optional, Tuple

import numpy as np

from data_tools.basics.spacing import evenly_spaced

_LANDMARKS = 512  # more tighten the bounds, and each costs n comparisons
_DIRECTIONS = 256  # of the landmarks' span: the half that tells most, at half the time for each bound
_BLOCK = 2**23  # bounds held at a time: 32 MiB of float32, and where all pairs are near, 30 times that to list them
_CHUNK = 512  # pairs compared at a time, so that both sides stay in the processor's cache
_MAX_CELLS = 255 * 8  # what the byte counters of `_unequal` hold
_SLACK = np.float32(0.25)  # cells: far above the bounds' rounding (below 0.01), and below 1, since counts are whole


class Nearest(NamedTuple):
    """The nearest other map of each map.

    `compared` says how many pairs were compared cell by cell; the bounds decided on all others.

    Shapes:
        index: [n] int64; -1 if no other map agrees enough.
        agreement: [n] float64, the share of equal cells; NaN if no other map agrees enough.
        mirrored: [n] bool, whether more cells are equal when one of the two is mirrored.
    """

    index: np.ndarray
    agreement: np.ndarray
    mirrored: np.ndarray
    compared: int


class Distinct(NamedTuple):
    """The distinct ones among n codes, in lexicographic order.

    Shapes:
        first: [u] index of each one's first occurrence; count: [u]; group: [n], which of the u each code is.
    """

    first: np.ndarray
    count: np.ndarray
    group: np.ndarray


def nearest_maps(codes: np.ndarray, least: float, mirror: Optional[np.ndarray] = None) -> Nearest:
    """For each map the other one that agrees in most cells; of equally near ones that of lowest index.

    Args:
        codes: [n, d] uint8 class ids, d at most 2040.
        least: The share of cells, above 0 and at most 1, below which a map is no neighbour.
        mirror: [d], each cell's counterpart in the mirrored map; maps are then compared in both directions.
    """
    distinct = collapse(codes, mirror)
    originals = np.sort(distinct.first)  # in the order of the input, so that the first of several is of lowest index
    index = CodeIndex(codes[originals], mirror)
    everything = np.arange(len(originals))
    found, _ = index.closest(everything, everything, cells_needed(least, codes.shape[1]))
    nearest = np.full(len(codes), -1)
    nearest[originals[found >= 0]] = originals[found[found >= 0]]

    # Equal maps are each other's nearest: the second is the first one's, and the first that of all others.
    by_group = np.argsort(distinct.group, kind="stable")
    start = np.cumsum(distinct.count) - distinct.count
    repeated = distinct.count > 1
    copies = repeated[distinct.group]
    nearest[copies] = distinct.first[distinct.group[copies]]
    nearest[distinct.first[repeated]] = by_group[start[repeated] + 1]
    return Nearest(nearest, *agreement_with(codes, nearest, mirror), index.compared)


def nearest_hashes(bits: np.ndarray, radius: int, earlier_only: bool = False) -> Tuple[np.ndarray, np.ndarray]:
    """For each hash the other one with fewest unequal bits; of equally near ones that of lowest index.

    Args:
        bits: [n, b], bool or 0 and 1.
        radius: Unequal bits above which a hash is no neighbour.
        earlier_only: Look only among hashes of lower index, so that the first of a group has no neighbour.

    Returns:
        index and unequal bits, both [n] int64, and -1 where there is no neighbour.
    """
    count, width = bits.shape
    signs = np.where(bits, np.float32(1), np.float32(-1))
    index, distance = np.full(count, -1), np.full(count, -1)
    buffer = np.empty((min(1024, count), min(_BLOCK // 1024, count)), np.float32)
    for rows in _blocks(count, 1024):
        best = np.full(len(rows), width - 2 * radius - 1, np.float32)
        for columns in _blocks(rows[-1] + 1 if earlier_only else count, _BLOCK // 1024):
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
    """How far each map agrees with another one of them.

    Args:
        others: [n] index of the other map; -1 for none.

    Returns:
        the share of equal cells [n] float64, NaN without other map; whether it is that of the mirrored map [n] bool.
    """
    share, mirrored = np.full(len(codes), np.nan), np.zeros(len(codes), bool)
    for block in _blocks(len(codes), _CHUNK):
        block = block[others[block] >= 0]
        share[block] = (codes[block] == codes[others[block]]).mean(1)
        if mirror is not None:
            turned = (codes[block][:, mirror] == codes[others[block]]).mean(1)
            mirrored[block] = turned > share[block]
            share[block] = np.maximum(share[block], turned)
    return share, mirrored


def collapse(codes: np.ndarray, mirror: Optional[np.ndarray] = None) -> Distinct:
    """Group equal codes [n, d] uint8, or with `mirror` (see `nearest_maps`) those equal in either direction."""
    if mirror is not None:
        mirrored = codes[:, mirror]
        cell = (codes != mirrored).argmax(1)[:, None]  # where the two directions differ first
        later = np.take_along_axis(codes, cell, 1) > np.take_along_axis(mirrored, cell, 1)
        codes = np.where(later, mirrored, codes)
    rows = np.ascontiguousarray(codes).view(np.dtype((np.void, codes.shape[1]))).ravel()
    _, first, group, count = np.unique(rows, return_index=True, return_inverse=True, return_counts=True)
    return Distinct(first, count, group.ravel())


def cells_needed(least: float, cells: int) -> int:
    """How many of `cells` must be equal for a share of at least `least`.

    Raises:
        ValueError: `least` is not above 0 and at most 1.
    """
    if not 0 < least <= 1:
        raise ValueError(f"an agreement of {least} is asked for, and it must be above 0 and at most 1")
    return max(1, int(np.ceil(least * cells - 1e-9)))  # 0.9 * 10 may come out a little above 9


class CodeIndex:
    """Label codes prepared for exact search; `compared` counts the pairs compared cell by cell so far.

    Args:
        codes: [n, d] uint8 class ids, d at most 2040; equal rows are allowed and only cost time.
        mirror: As in `nearest_maps`; two codes then agree as they do in the better direction.

    Raises:
        ValueError: There are too many cells.
    """

    def __init__(self, codes: np.ndarray, mirror: Optional[np.ndarray] = None):
        self.cells = codes.shape[1]
        if self.cells > _MAX_CELLS:
            raise ValueError(f"codes have {self.cells} cells, and at most {_MAX_CELLS} are allowed")
        self.compared = 0
        views = [codes] if mirror is None else [codes, codes[:, mirror]]
        self._views = [np.pad(np.ascontiguousarray(view), ((0, 0), (0, -self.cells % 8))) for view in views]
        landmarks = evenly_spaced(len(codes), _LANDMARKS)
        basis = _main_directions(self._grid(self._views[0], landmarks, landmarks))
        self._points = [self._project(view, landmarks, basis) for view in self._views]

    def counts(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Equal cells of every row with every column (best where these are few): [rows, columns] int64."""
        return np.max([self._grid(view, rows, columns) for view in self._views], axis=0)

    def closest(self, rows: np.ndarray, columns: np.ndarray, least: int) -> Tuple[np.ndarray, np.ndarray]:
        """For each row the column with most equal cells, of several the first; never the row itself.

        Returns:
            index of a code and equal cells, both [rows] int64, and -1 where no column has `least` equal cells.
        """
        size = len(columns)
        best = np.full(len(rows), -1)  # equal cells * size + how many columns follow
        own = np.full(len(self._views[0]), size)  # the column to pass over
        own[columns] = np.arange(size)
        for block, view, upper in self._upper_bounds(rows, columns):
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
        """Pairs with at least `least` equal cells, some rows at a time, rows in their order, columns in theirs.

        Yields:
            indices of codes from `rows` and from `columns`, one of each for a pair.
        """
        pairs = np.zeros(0, int)
        for block, view, upper in self._upper_bounds(rows, columns):
            candidates = np.flatnonzero(upper >= least - _SLACK)
            row, column = rows[block[candidates // len(columns)]], columns[candidates % len(columns)]
            rests = self._points[view][row, -1] * self._points[0][column, -1]
            agree = upper.ravel()[candidates] - 2 * rests >= least + _SLACK  # the lower bound decides
            agree[~agree] = self._equal(view, row[~agree], column[~agree]) >= least
            pairs = np.union1d(pairs, candidates[agree]) if view else candidates[agree]
            if view == len(self._views) - 1:
                yield rows[block[pairs // len(columns)]], columns[pairs % len(columns)]

    def _upper_bounds(self, rows: np.ndarray, columns: np.ndarray) -> Iterator[Tuple[np.ndarray, int, np.ndarray]]:
        """Positions in `rows`, a direction, and for it at most how many cells are equal: [positions, columns]."""
        if len(columns) == 0:
            return
        height = max(1, min(_BLOCK // len(columns), len(rows)))
        buffer = np.empty((height, len(columns)), np.float32)  # used again: fresh memory takes as long as the product
        base = self._points[0][columns].T
        for block in _blocks(len(rows), height):
            for view, points in enumerate(self._points):
                yield block, view, np.matmul(points[rows[block]], base, out=buffer[: len(block)])

    def _equal(self, view: int, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Equal cells of each row with its column, in one direction: [pairs] int64."""
        self.compared += len(rows)
        equal = np.empty(len(rows), np.int64)
        for i in range(0, len(rows), _CHUNK):
            pair = slice(i, i + _CHUNK)
            equal[pair] = self.cells - _unequal(self._views[view][rows[pair]], self._views[0][columns[pair]])
        return equal

    def _grid(self, view: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Equal cells of every row of a view with every column: [rows, columns] int64."""
        self.compared += len(rows) * len(columns)
        equal = np.empty((len(rows), len(columns)), np.int64)
        for i in range(0, len(rows), _CHUNK):
            chunk = view[rows[i : i + _CHUNK]]
            for j, column in enumerate(columns):
                equal[i : i + _CHUNK, j] = self.cells - _unequal(chunk, self._views[0][column])
        return equal

    def _project(self, view: np.ndarray, landmarks: np.ndarray, basis: np.ndarray) -> np.ndarray:
        """Coordinates of each map's projection, and the length of the rest: [n, directions + 1] float32."""
        points = np.empty((len(view), basis.shape[1] + 1), np.float32)
        for block in _blocks(len(view), _CHUNK):
            inside = self._grid(view, block, landmarks) @ basis
            rest = np.maximum(0, self.cells - (inside**2).sum(1))
            points[block] = np.column_stack([inside, np.sqrt(rest)])
        return points


def _main_directions(kernel: np.ndarray) -> np.ndarray:
    """What the landmarks' counts are multiplied with to project a map: [landmarks, directions] float64."""
    values, vectors = np.linalg.eigh(kernel.astype(np.float64))
    values, vectors = values[-_DIRECTIONS:], vectors[:, -_DIRECTIONS:]
    clear = values > 1e-6 * values.max(initial=0)  # equal landmarks span nothing more, and rounding takes their place
    return vectors[:, clear] / np.sqrt(values[clear])


def _unequal(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Unequal cells of maps padded to whole words, [n, words * 8] and the same or one map: eight sums a word."""
    words = (a != b).view(np.uint64)
    return np.add.reduce(words, axis=1).view(np.uint8).reshape(-1, 8).sum(1, dtype=np.int64)


def _blocks(count: int, size: int) -> Iterator[np.ndarray]:
    for start in range(0, count, size):
        yield np.arange(start, min(start + size, count))
