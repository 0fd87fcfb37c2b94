"""The sketches of all pairs of a set, stored as memory-mapped arrays."""

from __future__ import annotations

from pathlib import Path
from tokenize import TokenError
from typing import NamedTuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder

ROWS, COLUMNS = 24, 32  # cells of 16 pixels at the contest's size; a horizon is accurate to 2 %
CHANNELS = 8  # colour and texture of a cell
HASH_BITS = 143  # with 64 bits, every tenth landscape resembles another one by chance


class Sketches(NamedTuple):
    """Small forms of all pairs, one row for each row of `scan.csv`. They take 7 kB a pair.

    Shapes:
        classes [n, ROWS, COLUMNS] uint8: the most common class of each cell.
        features [n, ROWS, COLUMNS, CHANNELS] uint8: colour and texture of each cell; the first three are L, a, b.
        hashes [n, HASH_BITS] uint8: 0 or 1.
    """

    classes: np.ndarray
    features: np.ndarray
    hashes: np.ndarray


# Shapes of the arrays of one pair, in the order of `Sketches`.
SHAPES = ((ROWS, COLUMNS), (ROWS, COLUMNS, CHANNELS), (HASH_BITS,))


def create_sketches(folder: Path, count: int) -> Sketches:
    """Create the files of the sketches of `count` pairs and return the arrays, to be filled.

    Raises:
        InputError: The folder may not be written to.
    """
    make_folder(folder)
    return Sketches(
        *(
            np.lib.format.open_memmap(Path(folder) / f"{name}.npy", "w+", np.uint8, (count, *shape))
            for name, shape in zip(Sketches._fields, SHAPES)
        )
    )


def flush_sketches(sketches: Sketches) -> None:
    """Write the values set in arrays of `create_sketches` to their files on the disk."""
    for array in sketches:
        if isinstance(array, np.memmap):
            array.flush()


def open_sketches(folder: Path) -> Sketches:
    """Open the sketches that `scan` wrote, for reading.

    Raises:
        InputError: A file is missing, damaged, or holds another kind of array.
    """
    arrays = []
    for name, shape in zip(Sketches._fields, SHAPES):
        path = Path(folder) / f"{name}.npy"
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError, OverflowError, SyntaxError, TokenError) as error:  # of a damaged header
            raise InputError(f"{path}: cannot be read ({' '.join(str(error).split())}); run scan again") from error
        if not isinstance(array, np.ndarray):
            raise InputError(f"{path}: holds several arrays; one is needed; run scan again")
        if array.dtype != np.uint8 or array.shape[1:] != shape:
            raise InputError(
                f"{path}: holds {array.dtype} {list(array.shape)}; uint8 [n, {', '.join(map(str, shape))}] is needed; "
                "run scan again"
            )
        arrays.append(array)
    return Sketches(*arrays)
