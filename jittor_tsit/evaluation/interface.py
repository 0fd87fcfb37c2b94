"""The function `jittor_tsit.score`: score a folder of images from Python."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, Optional, Union

from data_tools.basics.errors import InputError
from jittor_tsit.metrics.contest import BOARDS, total
from jittor_tsit.metrics.terms import Term
from jittor_tsit.runtime.inside_program import start_jittor_inside

PathLike = Union[str, "os.PathLike[str]"]


def score(
    images: PathLike,
    labels: PathLike,
    real: PathLike,
    judges: PathLike = "judges",
    segmenter: Optional[PathLike] = None,
    references: Optional[PathLike] = None,
    board: str = "2022a",
    device: str = "auto",
) -> Dict[str, Term]:
    """Score a folder of images as `bash run.sh score` does.

    The features of the photographs are cached in the folder that holds `images`.

    Args:
        images: Folder of the images.
        labels: Folder of their label maps, with equal names and sizes.
        real: Folder of photographs, or a data set.
        judges: Folder of the judges' weights; docs/scoring.md lists them.
        segmenter: A segmenter's checkpoint, or a Python file with a function `segment(photo)`. By default the segmenter
            in the folder `judges`.
        references: Folder of the photos that `label_to_img.json` names.
        board: Name of the formula: "2022a", "2022b" or "2023a".
        device: See `load`.

    Returns:
        Each term by its name, and the result of the formula as "score". If a judge is missing, `value` is None and
        `note` says how to get the judge.

    Raises:
        InputError: Images, labels, photographs or weights are faulty or do not belong together.
    """
    start_jittor_inside(device)
    from jittor_tsit.evaluation.judges import Judges
    from jittor_tsit.evaluation.scores import compute_terms, find_set, photo_folder
    from jittor_tsit.metrics.features import find_images

    if board not in BOARDS:
        raise InputError(f"board={board!r}: allowed are {', '.join(BOARDS)}")
    images, labels = Path(images), Path(labels)
    image_set, photos = find_set(images, labels), find_images(photo_folder(Path(real)))
    file, folder = (None if path is None else Path(path) for path in (segmenter, references))
    terms = compute_terms(image_set, photos, labels, Judges(Path(judges), file), folder, images.parent)
    result = total(board, {name: term.value for name, term in terms.items()})
    missing = [name for name in BOARDS[board].terms if terms[name].value is None]
    note = f"needs {', '.join(missing)}" if missing else f"formula of board {board}"
    return {**terms, "score": Term(result, 0 if missing else len(image_set.images), note=note)}
