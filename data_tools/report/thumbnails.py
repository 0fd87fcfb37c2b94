"""Make small pictures of pairs, as data URIs inside the page."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import AbstractSet, Callable, Dict, FrozenSet, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.threads import with_bar
from data_tools.pages.pictures import Picture, jpeg, palette_png
from data_tools.pages.texts import Text
from data_tools.pages.words import joined, name_of_class
from data_tools.sets.class_list import LANDSCAPE, ClassList
from data_tools.sets.image_io import read_label, read_photo, resize_label, resize_photo
from data_tools.sets.pairing import Pair

CARD_SIDE = 160  # longer side in pixels
MEMBER_SIDE = 128  # longer side in rows of equivalence classes; 10,000 members make a page of about 50 MB

_BORDER = (255, 255, 255)
_NO_PAIR = "its files are no longer there"


class Views(NamedTuple):
    """The pictures of one pair, and the ids of the classes in its label map.

    `overlay` is the mean of photo and coloured label map, with the borders of the map. Only a pair with a card (a box
    with its pictures and the decision on it) has an overlay; for a pair that is shown only in the row of its
    equivalence class it is None.
    """

    photo: Picture
    label: Picture
    overlay: Optional[Picture]
    ids: FrozenSet[int]
    names: Text  # of the classes in the label map


def make_views(
    pairs: Mapping[str, Pair],
    cards: AbstractSet[str],
    members: AbstractSet[str],
    progress: bool = True,
    class_list: ClassList = LANDSCAPE,
) -> Dict[str, Views]:
    """Make the pictures of all pairs on the page.

    Args:
        pairs: stem -> pair.
        cards: Stems of the pairs with a card: larger pictures and an overlay.
        members: Stems of the pairs in rows of equivalence classes.
        progress: Whether to show a progress bar on stderr if it takes long.
        class_list: The classes of the set.

    Returns:
        stem -> pictures. A file that cannot be read gives a picture with a reason.
    """
    stems = sorted(cards | members)
    views = with_bar(
        lambda stem: _views(pairs.get(stem), stem in cards, class_list), stems, os.cpu_count() or 1, "report", progress
    )
    return dict(zip(stems, views))


def _views(pair: Optional[Pair], is_card: bool, class_list: ClassList) -> Views:
    def read_own_label(path: Path) -> np.ndarray:
        return read_label(path, class_list.num_classes, class_list.unknown)

    photo = _read(read_photo, pair.photo, "photo") if pair else _NO_PAIR
    label = _read(read_own_label, pair.label, "label") if pair else _NO_PAIR
    size = _fit((photo, label), CARD_SIDE if is_card else MEMBER_SIDE)
    ids = () if isinstance(label, str) else np.flatnonzero(np.bincount(label.ravel())).tolist()
    photo = photo if isinstance(photo, str) else resize_photo(photo, *size)
    label = label if isinstance(label, str) else resize_label(label, *size)
    overlay = _picture(partial(_overlay, colors=class_list.palette), size, photo, label) if is_card else None
    coloured = _picture(partial(palette_png, colors=class_list.palette), size, label)
    names = joined(name_of_class(class_list, number) for number in ids)
    return Views(_picture(jpeg, size, photo), coloured, overlay, frozenset(ids), names)


def _read(read: Callable[[Path], np.ndarray], path: Path, kind: str) -> Union[np.ndarray, str]:
    """Read the pixels of a file. If it cannot be read, return the reason as text.

    Args:
        read: Reads the file, or raises InputError.
        kind: What the file is, in place of its path in the reason.
    """
    try:
        return read(path)
    except InputError as error:
        return str(error).replace(f"{path}:", kind, 1)


def _fit(arrays: Tuple[Union[np.ndarray, str], ...], side: int) -> Tuple[int, int]:
    """Return the size (width, height) of the first array, scaled so that its longer side is `side` pixels.

    Texts among `arrays` are the reasons why there is no array; they are skipped. Without arrays the size is 4:3.
    """
    height, width = next((array.shape[:2] for array in arrays if not isinstance(array, str)), (3, 4))
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _picture(encode: Callable[..., str], size: Tuple[int, int], *arrays: Union[np.ndarray, str]) -> Picture:
    """Encode arrays to one picture by `encode(*arrays)`. If one of them is a text, it is the reason for no picture.

    Args:
        size: Width and height that the page shows.
    """
    reason = next((array for array in arrays if isinstance(array, str)), "")
    return Picture("" if reason else encode(*arrays), reason, *size)


def _overlay(photo: np.ndarray, label: np.ndarray, colors: np.ndarray) -> str:
    mixed = ((photo.astype(np.uint16) + colors[label]) // 2).astype(np.uint8)
    border = np.zeros(label.shape, bool)
    border[:, 1:] |= label[:, 1:] != label[:, :-1]
    border[1:] |= label[1:] != label[:-1]
    mixed[border] = _BORDER
    return jpeg(mixed)
