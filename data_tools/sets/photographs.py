"""Tell a photograph from a picture of labels in colours, for messages about files in the wrong place."""

from __future__ import annotations

from pathlib import Path

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import LABEL_MODES, read_photo, read_storage

# Share of pixels with the colour of the pixel to their right: lower in photographs, higher in pictures of labels, also
# after a JPEG or with smooth edges.
MOST_EQUAL = 1 / 3
LONGEST_SIDE = 256  # pixels of each side that are looked at; enough to tell, and fast in a large photograph


def is_photograph(path: Path) -> bool:
    """Return whether a file is a photograph in colour. False for any other image, and for files that cannot be read."""
    try:
        if read_storage(path).mode in (*LABEL_MODES, "1", "F"):
            return False  # not in colours; such a file is not decoded
        photo = read_photo(path)
    except InputError:
        return False
    top, left = (max(0, (side - LONGEST_SIDE) // 2) for side in photo.shape[:2])
    middle = photo[top : top + LONGEST_SIDE, left : left + LONGEST_SIDE]
    equal = (middle[:, 1:] == middle[:, :-1]).all(axis=2)
    return equal.size > 0 and bool(equal.mean() < MOST_EQUAL)
