"""`test` of models that read classes: a folder of images in, a table of their classes out."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Optional, Sequence

import numpy as np
from PIL import Image
from tqdm import tqdm

from data_tools.basics.spacing import evenly_spaced
from data_tools.basics.table import write_rows
from data_tools.sets.image_io import read_photo, resize_photo
from jittor_tsit.config import DataConfig
from jittor_tsit.data.batches import to_image, to_pixels
from jittor_tsit.data.folders import photos_of_any_class
from jittor_tsit.inference.model import Model
from jittor_tsit.inference.sheets import SHEET_COLUMNS, SHEET_PAIRS, contact_sheet
from jittor_tsit.networks.unit_digits import A, B
from jittor_tsit.runtime import parallel

TABLE = "classes.csv"


def classify(model: Model, folder: Optional[Path], out: Path, compare: bool) -> int:
    """Write `classes.csv`, the class of every image of the second domain; returns the exit status.

    Images in folders named by classes are counted as right or wrong, and their share of right ones is printed.

    Args:
        folder: Of images, or of class folders; by default `testB`, and without it the images of training.
        compare: Also draw `compare.png`, images beside what G makes of them in the first domain.

    Raises:
        InputError: There are no such images, or one is faulty.
    """
    parallel.on_first_process(lambda: _classify(model, folder, out, compare))
    return 0


def _classify(model: Model, folder: Optional[Path], out: Path, compare: bool) -> None:
    root, classes = Path(model.data.root), model.system.names.classes
    own = root / "testB" if (root / "testB").is_dir() else root / model.data.domains[B]
    folder = folder or own
    paths = photos_of_any_class(folder, model.system.names)
    found: Dict[Path, str] = {}
    for path in tqdm(paths, unit="img", dynamic_ncols=True, desc="images"):
        number = int(model.system.classify(to_image(read(path, model.data)[None]), B)[0])
        found[path] = classes[number]
    out.mkdir(parents=True, exist_ok=True)
    write_rows(out / TABLE, ("image", "class"), [(path.relative_to(folder), name) for path, name in found.items()])
    if compare:
        save_sheet(out / "compare.png", model, paths)
    right = [name == path.parent.name for path, name in found.items() if path.parent.name in classes]
    said = f", {np.mean(right):.1%} of those of {folder} in the class of their folder" if right else ""
    print(f"{out / TABLE}: the classes of {len(found)} images{said}")


def read(path: Path, data: DataConfig) -> np.ndarray:
    """[H, W, 3] uint8, at the model's size."""
    return resize_photo(read_photo(path), data.image_width, data.image_height, Image.BILINEAR)


def save_sheet(path: Path, model: Model, paths: Sequence[Path]) -> None:
    """A picture of images of the second domain, each beside itself in the first."""
    places = evenly_spaced(len(paths), SHEET_PAIRS)
    pairs: List[np.ndarray] = []
    for place in places:
        photo = read(paths[place], model.data)
        made = to_pixels(model.system.translated(to_image(photo[None]), B, A))[0]
        pairs.append(np.concatenate([photo, made], axis=1))
    Image.fromarray(contact_sheet(pairs, SHEET_COLUMNS)).save(path)
