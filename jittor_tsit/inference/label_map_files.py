"""Find the label maps that `test` makes images of. Photographs in their place are refused. Imports no Jittor."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import List

from data_tools.basics.errors import InputError
from data_tools.basics.invocation import typed
from data_tools.sets.formats import IMAGES
from data_tools.sets.listing import list_folder
from data_tools.sets.pairing import find_labels
from data_tools.sets.photographs import is_photograph


def find_label_maps(place: Path) -> List[Path]:
    """Return the label maps of a folder, or the file of one label map.

    Raises:
        InputError: See `find_labels`; or photographs lie there instead.
    """
    if place.is_file():
        return [_require_no_photograph(place, place)]
    try:
        labels = find_labels(place)
    except InputError:
        images = list_folder(place, IMAGES).files if place.is_dir() else {}
        for stem in sorted(images)[:1]:
            _require_no_photograph(images[stem][0], place)
        raise
    _require_no_photograph(labels[0], place)
    return labels


def _require_no_photograph(path: Path, place: Path) -> Path:
    if is_photograph(path):
        words = f"label --images {shlex.quote(str(place))} --segmenter FILE --out DIR"
        raise InputError(
            f"{path}: is a photograph, and this model makes images of label maps; `{typed(words)}` makes label maps of "
            "photographs, with a trained segmenter"
        )
    return path
