"""The function `jittor_tsit.score`: score a folder of images from Python."""

from __future__ import annotations

import os
import warnings
from typing import Dict, Optional, Union

from data_tools.basics.arguments import as_optional_path, as_optional_whole, as_path
from data_tools.basics.errors import InputError
from data_tools.sets.class_list import given_classes
from jittor_tsit.metrics.contest import BOARDS, absent_terms, total
from jittor_tsit.metrics.terms import Term, values_of
from jittor_tsit.runtime.inside_program import start_jittor_inside

PathLike = Union[str, "os.PathLike[str]"]


def score(
    images: PathLike,
    labels: Optional[PathLike] = None,
    real: Optional[PathLike] = None,
    judges: PathLike = "judges",
    segmenter: Optional[PathLike] = None,
    references: Optional[PathLike] = None,
    board: str = "2022a",
    device: str = "auto",
    num_classes: Optional[int] = None,
    unknown_id: Optional[int] = None,
    class_names: Optional[PathLike] = None,
) -> Dict[str, Term]:
    """Score a folder of images as `bash run.sh score` does.

    The features of the photographs are cached in the folder that holds `images`.

    Args:
        images: Folder of the images.
        labels: Folder of their label maps, with equal names. None: terms that need them have no value.
        real: Folder of photographs, or a data set. None: terms that need them have no value.
        judges: Folder of the judges' weights; docs/scoring.md lists them.
        segmenter: A segmenter's checkpoint, or a Python file with a function `segment(photo)`. By default the segmenter
            in the folder `judges`.
        references: Folder of the photos that `label_to_img.json` names.
        board: Name of the formula: "2022a", "2022b" or "2023a".
        device: See `load`.
        num_classes, unknown_id, class_names: Number of classes, id of pixels without a class, and file of class names,
            as for `data_tools.stats`. Without them, the classes are those of the run whose images these are, or those
            that the label maps hold.

    Returns:
        Each term by its name, and the result of the formula as "score". If a judge is missing, `value` is None and
        `note` says how to get the judge.

    Raises:
        InputError: Images, labels, photographs or weights are faulty or do not belong together.
    """
    if board not in BOARDS:
        raise InputError(f"board={board!r}: allowed are {', '.join(BOARDS)}")
    folder_of_images, folder_of_judges = as_path(images, "images"), as_path(judges, "judges")
    names = {"segmenter": segmenter, "references": references, "labels": labels, "real": real}
    file, folder, maps, photos = (as_optional_path(path, name) for name, path in names.items())
    count, unknown = (
        as_optional_whole(each, name, least)
        for each, name, least in ((num_classes, "num_classes", 1), (unknown_id, "unknown_id", 0))
    )
    classes = given_classes(count, unknown, as_optional_path(class_names, "class_names"))
    start_jittor_inside(device)
    from jittor_tsit.evaluation.image_set import find_photos, find_set
    from jittor_tsit.evaluation.judges import Judges
    from jittor_tsit.evaluation.scores import compute_terms

    image_set = find_set(folder_of_images, maps, classes, say=warnings.warn)
    judging, cache = Judges(folder_of_judges, file), folder_of_images.parent
    terms = compute_terms(image_set, find_photos(photos), maps, judging, folder, cache)
    values = values_of(terms)
    result, missing = total(board, values), absent_terms(board, values)
    note = f"needs {', '.join(missing)}" if missing else f"formula of board {board}"
    return {**terms, "score": Term(result, 0 if missing else len(image_set.images), note=note)}
