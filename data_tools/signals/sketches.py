"""The small forms of all pairs of a set, as arrays on disk that are read piece by piece."""

from __future__ import annotations

from pathlib import Path
from tokenize import TokenError
from typing import NamedTuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder

ROWS, COLUMNS = 24, 32  # cells of 16 pixels at the contest's size: a horizon is placed to 2 %
CHANNELS = 8  # of a cell's colour and texture
HASH_BITS = 143  # at 64, every tenth landscape resembles some other by chance


class Sketches(NamedTuple):
    """What comparisons over the whole set work on, row by row as in `scan.csv`; on disk, 7 kB a pair.

    Shapes:
        classes [n, ROWS, COLUMNS] uint8: the most common class of each cell.
        features [n, ROWS, COLUMNS, CHANNELS] uint8: colour and texture of each cell; the first three are L, a, b.
        hashes [n, HASH_BITS] uint8: 0 or 1.
    """

    classes: np.ndarray
    features: np.ndarray
    hashes: np.ndarray


SHAPES = Sketches((ROWS, COLUMNS), (ROWS, COLUMNS, CHANNELS), (HASH_BITS,))


def create_sketches(folder: Path, count: int) -> Sketches:
    """Empty sketches of `count` pairs, to be filled.

    Raises:
        InputError: The folder may not be written to.
    """
    make_folder(folder)
    return Sketches(
        *(
            np.lib.format.open_memmap(Path(folder) / f"{name}.npy", "w+", np.uint8, (count, *shape))
            for name, shape in SHAPES._asdict().items()
        )
    )


def open_sketches(folder: Path) -> Sketches:
    """Sketches that `scan` left.

    Raises:
        InputError: A file is missing or is not such an array.
    """
    arrays = []
    for name, shape in SHAPES._asdict().items():
        path = Path(folder) / f"{name}.npy"
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError, OverflowError, SyntaxError, TokenError) as error:  # of a damaged header
            raise InputError(f"{path}: cannot be read ({' '.join(str(error).split())}); run scan again") from error
        if not isinstance(array, np.ndarray):
            raise InputError(f"{path}: holds several arrays, and one is needed; run scan again")
        if array.dtype != np.uint8 or array.shape[1:] != shape:
            raise InputError(
                f"{path}: holds {array.dtype} {list(array.shape)}, and uint8 [n, "
                f"{', '.join(map(str, shape))}] is needed; run scan again"
            )
        arrays.append(array)
    return Sketches(*arrays)
