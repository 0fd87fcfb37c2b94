"""The command `test` for StarGAN: translate every photo of a folder to each target label."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple, cast

import jittor as jt
import numpy as np
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.basics.names import quantity
from data_tools.basics.progress import progress_bar
from data_tools.basics.spacing import evenly_spaced
from data_tools.sets.image_io import read_photo, resize_photo
from jittor_tsit.config import DataConfig
from jittor_tsit.data.attribute_lists import find_list
from jittor_tsit.data.batches import to_image
from jittor_tsit.data.labelled_folders import photos_of_attribute_set, photos_with_attributes
from jittor_tsit.data.labels import LabelNames, resize_middle
from jittor_tsit.data.photo_lists import holds_photos, list_photos, photos_with_classes
from jittor_tsit.data.remarks import tell_of_inputs
from jittor_tsit.data.sheets import SHEET_PAIRS, Row, draw_sheet
from jittor_tsit.inference.model import Model
from jittor_tsit.inference.names import names_of_inputs, names_of_targets
from jittor_tsit.inference.options import DEFAULT, ImageOptions
from jittor_tsit.inference.results import SHEET, digest, prepare_folder
from jittor_tsit.inference.sizes import generate_padded, least_side, sizing_of
from jittor_tsit.runtime import parallel
from jittor_tsit.runtime.status_line import IMAGE_NOTE, FirstWait
from jittor_tsit.systems.tasks import PhotoRelabeler


class Photo(NamedTuple):
    """A photo to translate: its file, its own label vector, and the name of its results."""

    path: Path
    label: Optional[np.ndarray]  # the photo's own label; not used for classes; None: unknown
    name: str  # beginning of the names of its images


def relabel(model: Model, place: Optional[Path], out: Path, options: ImageOptions = DEFAULT) -> int:
    """Write `<name>_<target>.jpg` for every photo and target label, and `compare.png`.

    Args:
        place: Folder with the layout of the training set; or a folder of photos without class folders or attribute
            list; or the file of one photo. Default: the test photos of the training set.

    Returns:
        The exit status of the command.

    Raises:
        InputError: There are no photos, or one is faulty.
    """
    names = cast(PhotoRelabeler, model.system).names
    photos = parallel.on_all_processes(find_photos, model.data, names, place)
    if place is None or place.is_dir():
        parallel.on_first_process(lambda: tell_of_inputs([photo.path for photo in photos]))
    targets = [*names.attributes, *names.classes]
    results = names_of_targets([photo.name for photo in photos], targets)  # photo's name -> names of its images
    parallel.require_same({"photos": " ".join(results)}, "inputs")

    def prepare() -> None:
        keys: Dict[str, str] = {}
        for photo in progress_bar(photos, unit="img", desc="reading photos", leave=False):
            content = digest(model.key, options.format, options.quality, read(photo, model.data, options), photo.label)
            keys.update((options.file(name), digest(content, name)) for name in results[photo.name])
        prepare_folder(out, {**keys, SHEET: digest(*keys.values())}, [photo.path for photo in photos])

    def make() -> None:
        own, first_image = photos[parallel.rank() :: parallel.num_processes()], FirstWait(IMAGE_NOTE)
        for photo in progress_bar(own, unit="photo", desc="images", disable=parallel.rank() > 0):
            paths = [out / options.file(name) for name in results[photo.name]]
            if not all(path.exists() for path in paths):
                with first_image:
                    images = relabelled(model, read(photo, model.data, options), photo.label)
                for path, pixels in zip(paths, images.values()):
                    options.write(path, pixels)

    if parallel.rank() == 0 and names.attributes and any(photo.label is None for photo in photos):
        print(how_labels_are_found(model, place), file=sys.stderr)
    parallel.on_first_process(prepare)
    parallel.on_all_processes(make)
    parallel.on_first_process(lambda: save_rows(out / SHEET, photos, targets, results, out, model, options))
    if parallel.rank() == 0:
        images, whose = quantity(len(photos) * len(targets), "image"), quantity(len(photos), "photo")
        print(f"{out / 'images'}: {images}, {whose} as {', '.join(targets)}")
    return 0


def find_photos(data: DataConfig, names: LabelNames, place: Optional[Path]) -> List[Photo]:
    """Find the photos to translate. See `relabel` for `place`.

    Raises:
        InputError: There are none.
    """
    labels: Sequence[Optional[np.ndarray]]
    folder = place
    if place and place.is_file():
        paths, labels = [place], [None]
    elif names.attributes:
        if not folder and not data.num_test:
            raise InputError(f"num_test=0: no photo of {data.root} was kept for test; name a folder by --data")
        paths, labels = photos_and_attributes(folder or Path(data.root), names, 0 if folder else data.num_test)
    elif folder and (holds_photos(folder) or not any((folder / n).is_dir() for n in ("test", *names.classes))):
        paths = list_photos(folder)
        labels = [None] * len(paths)
    else:
        root = folder or Path(data.root)
        if not folder and not (root / "test").is_dir():
            if (root / "train").is_dir():
                raise InputError(f"{root}: no folder test beside train; name a folder of photos by --data")
            print(f"{root}: no photos for test; taking those of training")
        paths, labels = photos_with_classes(root, names, "test")
    return [Photo(*each) for each in zip(paths, labels, names_of_inputs(paths))]


def photos_and_attributes(
    root: Path, names: LabelNames, num_test: int
) -> Tuple[List[Path], Sequence[Optional[np.ndarray]]]:
    """Return photos of a set with their label vectors: those kept for test, or all if `num_test` is 0.

    The labels are None in a folder without an attribute list.
    """
    if not num_test and find_list(root) is None:
        paths = photos_of_attribute_set(root)
        return paths, [None] * len(paths)
    found = photos_with_attributes(root, names, num_test)
    if parallel.rank() == 0:
        for note in found.notes:
            print(note, file=sys.stderr)
    return found.test if num_test else found.train


def how_labels_are_found(model: Model, folder: Optional[Path]) -> str:
    """Return a line that says which attributes photos without an attribute list are taken to have."""
    if "D" in model.system.networks:
        return f"{folder}: there is no attribute list; the model's D finds the attributes of the photos"
    return (
        f"{folder}: there is no attribute list, and {model.checkpoint} lacks D, which finds attributes; each photo is "
        "taken to have none of them"
    )


def read(photo: Photo, data: DataConfig, options: ImageOptions) -> np.ndarray:
    """Read a photo at the size of its images, [H, W, 3] uint8. See `fit`."""
    return fit(read_photo(photo.path), data, options)


def fit(pixels: np.ndarray, data: DataConfig, options: ImageOptions) -> np.ndarray:
    """Resize a photo [h, w, 3] uint8 to the size of its images, [H, W, 3] uint8. See `Sizing` for this size.

    Models trained on a square from the middle of each photo (`crop`) take that square, at the model's size.
    """
    model_size = data.image_width, data.image_height
    if data.crop and not options.keep_size:
        return resize_middle(pixels, data.crop, *(options.size or model_size))
    height, width = pixels.shape[:2]
    return resize_photo(pixels, *sizing_of(model_size, options).of(width, height), Image.BILINEAR)


def own_label(system: PhotoRelabeler, pixels: np.ndarray, data: DataConfig) -> np.ndarray:
    """Return the label vector of a photo, [H, W, 3] uint8: its attributes as D finds them, or a class (not used)."""
    if not system.names.attributes:
        return system.names.of_class(0)
    return system.find_label(to_image(resize_photo(pixels, data.image_width, data.image_height)[None]))


def relabelled(model: Model, pixels: np.ndarray, label: Optional[np.ndarray]) -> Dict[str, np.ndarray]:
    """Translate the pixels of a photo, [H, W, 3] uint8, to each target label: name of the target -> [H, W, 3] uint8.

    Args:
        label: The photo's own label vector; None: unknown, see `own_label`.
    """
    system = cast(PhotoRelabeler, model.system)
    targets = system.targets(own_label(system, pixels, model.data) if label is None else label)
    wanted = jt.array(np.stack(list(targets.values())))

    def generate(image: jt.Var) -> jt.Var:
        return system.relabel(jt.concat([image] * len(targets), 0), wanted)

    images = generate_padded(generate, pixels, system.image_multiple, least_side(model.data))
    return dict(zip(targets, images))


def save_rows(
    path: Path,
    photos: List[Photo],
    targets: List[str],
    results: Dict[str, List[str]],
    out: Path,
    model: Model,
    options: ImageOptions,
) -> None:
    """Draw a sheet with a row for each photo and its images for all targets, evenly spaced over the set.

    Args:
        results: Name of a photo -> names of its images.
    """
    places = evenly_spaced(len(photos), SHEET_PAIRS)
    rows = []
    for place in places:
        photo = photos[place]
        outputs = [read_photo(out / options.file(name)) for name in results[photo.name]]
        rows.append(Row(photo.name, place + 1, [read(photo, model.data, options), *outputs]))
    draw_sheet([model.maker(), f"{len(rows)} of {len(photos):,} photos"], ["input", *targets], rows).save(path)
