"""The command `test` for label maps: generate an image for each and pack them into submission.zip."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence

import jittor as jt
import numpy as np
from PIL import Image
from tqdm import tqdm

from data_tools.basics.errors import InputError
from data_tools.basics.spacing import evenly_spaced
from data_tools.sets.image_io import read_photo, resize_photo, write_photo
from data_tools.sets.pairing import find_labels, read_reference_names
from jittor_tsit.config import DataConfig
from jittor_tsit.data.batches import PairedBatch, full_share, to_image, to_pixels, to_segmap
from jittor_tsit.data.label_maps import label_maps_of, with_edges
from jittor_tsit.inference.model import Model, prepare_images
from jittor_tsit.inference.sheets import SHEET_COLUMNS, SHEET_PAIRS, contact_sheet
from jittor_tsit.inference.submission import pack
from jittor_tsit.runtime import parallel
from jittor_tsit.systems.draws import Noise, key_of


class Inputs(NamedTuple):
    """Label maps and reference photos."""

    labels: Sequence[Path]
    photos: Dict[str, Path]  # stem -> reference photo, which gives the style; empty without references

    @property
    def stems(self) -> List[str]:
        """Names of the images."""
        return [path.stem for path in self.labels]


def find_inputs(folder: Path, references: Optional[Path]) -> Inputs:
    """Find the label maps of a folder and their reference photos, if any. All processes must find the same ones.

    Raises:
        InputError: See `find_labels` and `reference_photos`.
    """
    labels = parallel.on_all_processes(find_labels, folder)
    photos = parallel.on_all_processes(reference_photos, labels, references) if references else {}
    parallel.require_same({"labels": " ".join(path.stem for path in labels)}, "inputs")
    return Inputs(labels, photos)


def make_set(model: Model, inputs: Inputs, folder: Path, seed: int) -> None:
    """Generate an image for every label map in the folder `folder`/images. Keep the images of an interrupted run.

    Raises:
        InputError: A label map or a reference is faulty.
    """
    images = folder / "images"
    contents = read_all(inputs, model.data)
    parallel.on_first_process(lambda: prepare_images(model, images, inputs.stems, contents, seed))
    own = inputs.labels[parallel.rank() :: parallel.num_processes()]
    parallel.on_all_processes(make_images, model, own, inputs.photos, images, Noise(seed))


def finish(inputs: Inputs, data: DataConfig, out: Path, compare: bool) -> None:
    """Pack the images in `out` into submission.zip, check it, and draw compare.png if `compare` is True."""
    width, height = size = data.output_width, data.output_height
    pack(out / "images", inputs.stems, out / "submission.zip", size)
    if compare:
        save_sheet(out / "compare.png", inputs.labels, out / "images", data)
    print(f"{out / 'submission.zip'}: {len(inputs.labels)} images {width}x{height}, read back and checked")


def read_all(inputs: Inputs, data: DataConfig) -> Iterator[np.ndarray]:
    """Yield the arrays of all label maps and reference photos.

    Raises:
        InputError: A file is faulty. The message names the first one.
    """
    for path in tqdm(inputs.labels, unit="label", dynamic_ncols=True, desc="reading labels", leave=False):
        yield from label_maps_of(data, of_model=True).read(path, data.image_width, data.image_height)
        if inputs.photos:
            yield read_photo(inputs.photos[path.stem])


def reference_photos(labels: Sequence[Path], references: Path) -> Dict[str, Path]:
    """Find the reference photo of each label map by `label_to_img.json`: stem -> photo.

    Raises:
        InputError: The file is missing or names no photo for a label map.
    """
    names = read_reference_names(labels[0].parent)
    photos = {}
    for label in labels:
        if label.name not in names:
            raise InputError(f"{label.parent / 'label_to_img.json'}: names no photo for {label.name}")
        photos[label.stem] = references / names[label.name]
    return photos


def pixels_of(
    model: Model, arrays: Sequence[np.ndarray], image: Optional[jt.Var], name: str, noise: Noise
) -> np.ndarray:
    """Generate the image of one label map at the output size, [H, W, 3] uint8.

    Args:
        arrays: Class ids [H, W] and, if the model uses them, instances, as `LabelMaps.read` gives them.
        image: Photo that gives the style, [1, 3, H, W] in [-1, 1]; None: the style is drawn.
        name: File name without suffix, which with the seed of `noise` decides the draws.
    """
    data = model.data
    segmap = to_segmap(label_maps_of(data).num_ids, *(array[None] for array in with_edges(*arrays)))
    batch = PairedBatch(segmap, image, [key_of(name)], full_share(1))
    return resize_photo(to_pixels(model.system.generate(batch, noise))[0], data.output_width, data.output_height)


def make_images(model: Model, labels: Sequence[Path], photos: Dict[str, Path], images: Path, noise: Noise) -> None:
    """Generate `<stem>.jpg` for every label map that has no image yet.

    Label maps are processed one at a time, so that an image does not depend on others in its batch.
    """
    data = model.data
    for path in tqdm(labels, unit="img", dynamic_ncols=True, desc="images", disable=parallel.rank() > 0):
        target = images / f"{path.stem}.jpg"
        if target.exists():
            continue
        arrays = label_maps_of(data).read(path, data.image_width, data.image_height)
        image = reference_image(photos[path.stem], data) if photos else None
        write_photo(target, pixels_of(model, arrays, image, path.stem, noise))


def reference_image(path: Path, data: DataConfig) -> jt.Var:
    """Read a reference photo as an image for the networks, [1, 3, H, W] in [-1, 1]."""
    return to_image(resize_photo(read_photo(path), data.image_width, data.image_height)[None])


def save_sheet(path: Path, labels: Sequence[Path], images: Path, data: DataConfig) -> None:
    """Draw a sheet of label maps with their images at half size, evenly spaced over the set."""
    positions = evenly_spaced(len(labels), SHEET_PAIRS)
    width, height = data.output_width, data.output_height
    pictures = []
    for label_path in (labels[position] for position in positions):
        ids = label_maps_of(data).read(label_path, width, height)[0]
        photo = read_photo(images / f"{label_path.stem}.jpg")
        both = np.concatenate([label_maps_of(data).class_list.colorize(ids), photo], axis=1)
        pictures.append(resize_photo(both, width, height // 2))
    Image.fromarray(contact_sheet(pictures, SHEET_COLUMNS)).save(path)
