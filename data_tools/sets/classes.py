"""The 29 landscape classes of the 2nd Jittor AI Challenge, in the order of their ids."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

import numpy as np

from data_tools.basics.errors import InputError

IMAGE_WIDTH, IMAGE_HEIGHT = 512, 384  # size of the images of a submission, in pixels
MAX_ID = 65535  # largest id in a label map of 16 bits


class IdError(InputError):
    """Error for a label map with a class id that is out of range."""


class LandscapeClass(NamedTuple):
    """One class: its id in label maps, its name, and the colour that shows it in pictures."""

    id: int
    name: str
    color: Tuple[int, int, int]


_NAMES_AND_COLORS = (
    ("mountain", (124, 112, 134)),
    ("sky", (150, 206, 250)),
    ("water", (64, 140, 200)),
    ("sea", (20, 80, 165)),
    ("rock", (112, 106, 98)),
    ("tree", (24, 104, 44)),
    ("earth", (136, 92, 52)),
    ("hill", (128, 148, 74)),
    ("river", (84, 172, 214)),
    ("sand", (240, 218, 152)),
    ("land", (182, 146, 100)),
    ("building", (188, 92, 92)),
    ("grass", (118, 196, 62)),
    ("plant", (62, 158, 92)),
    ("person", (255, 110, 160)),
    ("boat", (250, 138, 34)),
    ("waterfall", (208, 238, 248)),
    ("wall", (166, 154, 148)),
    ("pier", (150, 110, 80)),
    ("path", (208, 184, 130)),
    ("lake", (40, 116, 158)),
    ("bridge", (202, 72, 48)),
    ("field", (220, 202, 72)),
    ("road", (78, 78, 88)),
    ("railing", (206, 206, 216)),
    ("fence", (172, 124, 62)),
    ("ship", (192, 40, 96)),
    ("house", (226, 122, 98)),
    ("other", (150, 60, 190)),
)

CLASSES = tuple(LandscapeClass(i, name, color) for i, (name, color) in enumerate(_NAMES_AND_COLORS))
NUM_CLASSES = len(CLASSES)  # 29
CLASS_IDS = {c.name: c.id for c in CLASSES}

# Groups of classes that look alike, so that annotators confuse them. The first of a group represents the group.
_LOOKALIKES = (
    ("water", "sea", "river", "lake"),
    ("mountain", "hill", "rock"),
    ("earth", "land", "sand"),
    ("tree", "plant"),
    ("grass", "field"),
    ("building", "house", "wall"),
    ("boat", "ship"),
    ("fence", "railing"),
    ("path", "road"),
)
_REPRESENTATIVE = {name: group[0] for group in _LOOKALIKES for name in group}
# [29] uint8: class id -> id of the class that represents its group of look-alikes.
LOOKS = np.array([CLASS_IDS[_REPRESENTATIVE.get(c.name, c.name)] for c in CLASSES], np.uint8)

_PALETTE = np.array([c.color for c in CLASSES], np.uint8)  # [29, 3]


def colorize(label: np.ndarray, num_ids: int = NUM_CLASSES) -> np.ndarray:
    """Colour a label map for people to look at.

    Args:
        label: [H, W] of any integer type, ids below `num_ids`.
        num_ids: Number of ids, at most 256. Up to 29, the colours are those of the landscape classes; with more ids,
            they are those of PASCAL VOC's colour map.

    Returns:
        [H, W, 3] uint8 RGB.

    Raises:
        ValueError: An id is out of range.
    """
    label = np.asarray(label)
    if label.size and not 0 <= label.min() <= label.max() < num_ids:
        raise ValueError(f"label ids {label.min()}..{label.max()} are not all in 0..{num_ids - 1}")
    return class_colors(num_ids)[label]


def class_colors(num_ids: int) -> np.ndarray:
    """Return one colour for each of `num_ids` ids, [num_ids, 3] uint8 RGB. No two are equal.

    Up to 29, the colours are those of the landscape classes; with more ids, they are those of PASCAL VOC's colour map.
    """
    return _PALETTE[:num_ids] if num_ids <= NUM_CLASSES else _many_colors(num_ids)


def _many_colors(count: int) -> np.ndarray:
    """Return PASCAL VOC's colour map, [count, 3] uint8.

    Bits 0, 3 and 6 of an id give the upper bits of red, bits 1, 4 and 7 those of green, bits 2 and 5 those of blue.
    """
    ids = np.arange(count)
    channels = [sum((ids >> bit & 1) << (7 - bit // 3) for bit in range(first, 8, 3)) for first in range(3)]
    return np.stack(channels, axis=1).astype(np.uint8)


def to_classes(
    ids: np.ndarray, num_classes: int, unknown: Optional[int], source: str, remedy: Optional[str] = None
) -> np.ndarray:
    """Return the class of each pixel of a label map.

    Args:
        ids: [H, W] of any integer type.
        num_classes, unknown: As for `image_io.read_label`.
        source: Where the ids come from, such as a path; error messages begin with it.
        remedy: End of the message about an id out of range. By default it names the options that admit the id.

    Returns:
        [H, W] uint8 class ids from 0 to `num_classes` - 1. Pixels without a class get `num_classes`.

    Raises:
        IdError: An id is out of range. The message names the id and the pixel.
    """
    first = 1 if unknown == 0 else 0
    wrong = (ids < first) | (ids >= first + num_classes)
    if unknown is not None:
        wrong &= ids != unknown
    if wrong.any():
        y, x = np.argwhere(wrong)[0]
        allowed = f"{first}..{first + num_classes - 1}" + ("" if unknown is None else f", or {unknown} where unknown")
        end = remedy if remedy is not None else _remedy(int(ids[y, x]), ids[wrong], first)
        raise IdError(f"{source}: class id {ids[y, x]} at pixel x={x}, y={y}; ids are {allowed}{end}")
    classes = np.subtract(ids, first, dtype=np.uint8, casting="unsafe")  # no 32-bit copy in between
    if unknown is not None:
        classes[ids == unknown] = num_classes
    return classes


def _remedy(wrong: int, all_wrong: np.ndarray, first: int) -> str:
    """Return the end of the message about the id `wrong`: which options admit it.

    Args:
        all_wrong: All ids of the label map that are out of range, [n].
        first: Least class id.
    """
    classes = all_wrong[(all_wrong >= 0) & (all_wrong < 255)]  # 255 is the usual id of pixels without a class
    more = f"num_classes={int(classes.max()) + 1 - first} suffices" if len(classes) else "num_classes=N admits more"
    return f": unknown_id={wrong} takes these pixels as without a class, {more} for this file; others may hold more"
