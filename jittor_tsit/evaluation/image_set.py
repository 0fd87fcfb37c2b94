"""Find what `score` compares: generated images, their label maps with the classes of these, and real photographs."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Set

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_json
from data_tools.basics.names import composed
from data_tools.sets.class_list import LANDSCAPE, ClassList
from data_tools.sets.formats import LABELS
from data_tools.sets.image_io import read_header, read_instances, read_label, resize_label
from data_tools.sets.pairing import find_labels
from jittor_tsit.config import DataConfig, from_dict
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.data.photo_lists import by_stem, holds_photos
from jittor_tsit.data.remarks import tell_of_inputs
from jittor_tsit.metrics.features import find_images
from jittor_tsit.runs.own_options import OPTIONS

VOID = 255  # the usual id of pixels without a class, as in SPADE, Cityscapes and PASCAL VOC
RUN_LEVELS = 3  # images lie in <run>/test/images, or one folder deeper for each set
GREY_MODES = ("1", "L", "LA", "I", "I;16", "F")


class ImageSet(NamedTuple):
    """Generated images and their label maps by stem.

    Args:
        labels: The label map of each image; empty if there are none.
        class_list: The classes of the label maps.
    """

    images: Dict[str, Path]
    labels: Dict[str, Path]
    class_list: ClassList = LANDSCAPE

    def read_label(self, stem: str, width: int, height: int) -> np.ndarray:
        """Read the label map of an image and resize it by nearest neighbour, [height, width] uint8.

        Pixels without a class have the id `class_list.num_classes`.
        """
        label = read_label(self.labels[stem], self.class_list.num_classes, self.class_list.unknown)
        return label if label.shape == (height, width) else resize_label(label, width, height)


def find_set(
    images: Path, labels: Optional[Path], class_list: Optional[ClassList] = None, say: Callable[[str], None] = print
) -> ImageSet:
    """Find images and, if `labels` is given, their label maps by stem. Check them by the file headers.

    Args:
        class_list: The classes of the label maps. None: those of the run whose images these are, or the least list that
            has all ids of the label maps.
        say: Called with one line for the user about sizes that differ, grey images, and classes that were not given.

    Raises:
        InputError: A folder is missing or empty, two images have one stem, or an image or label map has no partner.
    """
    found = by_stem(find_images(images, at_least=1))
    tell_of_inputs(list(found.values()))
    headers = [read_header(path) for path in found.values()]
    num_grey = sum(mode in GREY_MODES for *_, mode in headers)
    if num_grey:
        say(f"{num_grey} of {len(found)} images are grey; they are judged as images with three equal channels")
    if labels is None:
        return ImageSet(found, {}, class_list or LANDSCAPE)
    maps = {composed(path.stem): path for path in find_labels(labels)}
    tell_of_inputs(list(maps.values()), LABELS)
    for kind, ours, other, others in (("label map", maps, "image", found), ("image", found, "label map", maps)):
        lone = sorted(set(ours) - set(others))
        if lone:
            raise InputError(
                f"{ours[lone[0]]}: no {other} of that name ({len(lone)} of {len(ours)} {kind}s have none); "
                "add what is missing, take it away, or leave --labels out for the terms that need none"
            )
    num_other = sum(read_header(maps[stem])[:2] != header[:2] for stem, header in zip(found, headers))
    if num_other:
        say(f"{num_other} of {len(found)} label maps differ in size from their image; resized by the nearest pixel")
    return ImageSet(found, maps, class_list or known_classes(images, list(maps.values()), say))


def known_classes(images: Path, labels: List[Path], say: Callable[[str], None]) -> ClassList:
    """Return the classes of label maps for which no option was given.

    They are those of the run in whose folder the images lie, if all ids of the label maps are among them; otherwise the
    least list with all these ids. An id of 255 then means pixels without a class.

    Args:
        say: Called with one line for the user if these are not the 29 landscape classes.
    """
    ids, near = _ids_of(labels), list(images.absolute().parents)[:RUN_LEVELS]
    run = next((folder for folder in near if (folder / OPTIONS).is_file()), None)
    own = _classes_of_run(run) if run else None
    if own and ids <= {own.file_id(number) for number in range(own.num_ids)}:
        if own != LANDSCAPE:
            say(f"classes of the run in {run}: num_classes={own.num_classes} unknown_id={_unknown(own)}")
        return own
    top, has_void = max(ids - {VOID}, default=0), VOID in ids
    if top > VOID or (top < LANDSCAPE.num_classes and not has_void):
        return LANDSCAPE  # reading names a file with an id above 255
    seen = ClassList(max(top + 1, LANDSCAPE.num_classes), VOID if has_void else None)
    say(
        f"the label maps hold ids up to {top}{' and 255' if has_void else ''}: judged with "
        f"num_classes={seen.num_classes} unknown_id={_unknown(seen)}; give both if this is wrong"
    )
    return seen


def _unknown(class_list: ClassList) -> int:
    return -1 if class_list.unknown is None else class_list.unknown


def _ids_of(labels: List[Path]) -> Set[int]:
    """Return all ids that occur in label maps."""
    return {number for path in labels for number in np.unique(read_instances(path)).tolist()}


def _classes_of_run(run: Path) -> Optional[ClassList]:
    """Return the classes of a run's label maps, or None if its options cannot be read."""
    try:
        return label_maps_of(from_dict(DataConfig, read_json(run / OPTIONS)["data"])).class_list
    except (InputError, KeyError, TypeError):
        return None


def photo_folder(real: Path) -> Path:
    """Return the folder of photographs: `train/imgs` or `imgs` of a data set, or a folder that holds images itself."""
    if real.is_dir() and holds_photos(real):
        return real
    return next((real / name for name in ("train/imgs", "imgs") if (real / name).is_dir()), real)


def find_photos(real: Optional[Path]) -> List[Path]:
    """Return the photographs of a folder or of a data set; none if `real` is None.

    Raises:
        InputError: The folder is missing or holds no photographs.
    """
    return find_images(photo_folder(real), at_least=1) if real else []
