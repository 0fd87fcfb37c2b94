"""The command `test` for classifiers: write a table with the class of each image of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Mapping, Optional, cast

import numpy as np
from PIL import Image

from data_tools.basics.names import quantity
from data_tools.basics.progress import progress_bar
from data_tools.basics.spacing import evenly_spaced
from data_tools.basics.table import write_rows
from data_tools.sets.image_io import read_photo, resize_photo
from jittor_tsit.config import DataConfig
from jittor_tsit.data.batches import to_image, to_pixels
from jittor_tsit.data.photo_lists import photos_of_any_class
from jittor_tsit.data.remarks import tell_of_inputs
from jittor_tsit.data.sheets import SHEET_COLUMNS, SHEET_PAIRS, Row, draw_sheet
from jittor_tsit.inference.model import Model
from jittor_tsit.inference.results import SHEET, digest, prepare_folder
from jittor_tsit.networks.unit_digits import A, B
from jittor_tsit.runtime import parallel
from jittor_tsit.runtime.status_line import IMAGE_NOTE, FirstWait
from jittor_tsit.systems.tasks import PhotoClassifier

TABLE = "classes.csv"


def classify(model: Model, place: Optional[Path], out: Path, compare: bool) -> int:
    """Write `classes.csv` with the class of every image of the second domain.

    For images in class folders, also print the accuracy.

    Args:
        place: Folder of images or of class folders, or the file of one image. Default: `testB`, or the training images
            if there is no `testB`.
        compare: Whether to draw `compare.png` with images and their translations to the first domain.

    Returns:
        The exit status of the command.

    Raises:
        InputError: There are no images, or one is faulty.
    """
    parallel.on_first_process(lambda: _classify(model, place, out, compare))
    return 0


def _classify(model: Model, place: Optional[Path], out: Path, compare: bool) -> None:
    root, system = Path(model.data.root), cast(PhotoClassifier, model.system)
    classes = system.names.classes
    own = root / "testB" if (root / "testB").is_dir() else root / model.data.domains[B]
    folder = place or own
    paths = [folder] if folder.is_file() else photos_of_any_class(folder, system.names)
    if folder.is_dir():
        tell_of_inputs(paths)
    folder = folder.parent if folder.is_file() else folder
    found: Dict[Path, str] = {}
    first_image = FirstWait(IMAGE_NOTE)
    for path in progress_bar(paths, unit="img", desc="images"):
        with first_image:
            number = int(system.classify(to_image(read(path, model.data)[None]), B)[0])
        found[path] = classes[number]
    whole = digest(model.key, *paths, *found.values())
    prepare_folder(out, {TABLE: whole, SHEET: whole}, paths)
    write_rows(out / TABLE, ("image", "class"), [(path.relative_to(folder), name) for path, name in found.items()])
    if compare:
        save_sheet(out / SHEET, model, found)
    right = [name == path.parent.name for path, name in found.items() if path.parent.name in classes]
    share = f"{np.mean(right):.1%} of the images in class folders" if right else ""
    accuracy = f"; {share} of {folder} got the class of their folder" if right else ""
    print(f"{out / TABLE}: the classes of {quantity(len(found), 'image')}{accuracy}")


def read(path: Path, data: DataConfig) -> np.ndarray:
    """Read an image and resize it bilinearly to the model's size, [H, W, 3] uint8."""
    return resize_photo(read_photo(path), data.image_width, data.image_height, Image.BILINEAR)


def save_sheet(path: Path, model: Model, classes: Mapping[Path, str]) -> None:
    """Draw a sheet of images of the second domain with their translations to the first domain.

    Args:
        classes: Image file -> its class.
    """
    system, paths, first_image = cast(PhotoClassifier, model.system), list(classes), FirstWait(IMAGE_NOTE)
    places = evenly_spaced(len(paths), SHEET_PAIRS)
    rows: List[Row] = []
    for place in places:
        photo = read(paths[place], model.data)
        with first_image:
            translation = to_pixels(system.translate(to_image(photo[None]), B, A))[0]
        rows.append(Row(f"{paths[place].stem}: {classes[paths[place]]}", place + 1, [photo, translation]))
    lines = [model.maker(), f"{len(rows)} of {len(paths):,} images of {paths[0].parent}, with their classes"]
    draw_sheet(lines, ("B", "B to A"), rows, SHEET_COLUMNS).save(path)
