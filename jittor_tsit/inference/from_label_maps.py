"""The command `test` for label maps: generate an image for each and pack them into submission.zip."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence

import jittor as jt
import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.invocation import typed
from data_tools.basics.names import composed, quantity
from data_tools.basics.progress import progress_bar
from data_tools.basics.spacing import evenly_spaced
from data_tools.sets.formats import LABELS
from data_tools.sets.image_io import read_photo, resize_photo
from data_tools.sets.listing import find_named
from data_tools.sets.pairing import read_reference_names
from jittor_tsit.config import DataConfig
from jittor_tsit.data.batches import PairedBatch, full_share, to_image, to_pixels, to_segmap
from jittor_tsit.data.label_maps import label_maps_of, with_edges
from jittor_tsit.data.remarks import tell_of_inputs
from jittor_tsit.data.sheets import SHEET_PAIRS, Row, across_of, draw_sheet, heads_of
from jittor_tsit.inference.class_seeds import seeds_of_classes
from jittor_tsit.inference.label_map_files import find_label_maps
from jittor_tsit.inference.model import Model
from jittor_tsit.inference.names import draws_of
from jittor_tsit.inference.options import DEFAULT, ImageOptions
from jittor_tsit.inference.results import SHEET, SUBMISSION, digest, prepare_folder
from jittor_tsit.inference.submission import pack
from jittor_tsit.metrics.style import match_histograms
from jittor_tsit.runtime import parallel
from jittor_tsit.runtime.status_line import IMAGE_NOTE, FirstWait
from jittor_tsit.systems.draws import Noise, key_of


class Inputs(NamedTuple):
    """Label maps and reference photos."""

    labels: Sequence[Path]
    photos: Dict[str, Path]  # stem -> reference photo, which gives the style; empty without references

    @property
    def stems(self) -> List[str]:
        """Names of the images."""
        return [path.stem for path in self.labels]


def find_inputs(place: Path, references: Optional[Path]) -> Inputs:
    """Find the label maps of a folder and their reference photos, if any. All processes must find the same ones.

    Args:
        place: A folder as in `find_labels`, or the file of one label map.

    Raises:
        InputError: See `find_label_maps` and `reference_photos`.
    """
    labels = parallel.on_all_processes(find_label_maps, place)
    if place.is_dir():
        parallel.on_first_process(lambda: tell_of_inputs(labels, LABELS))
    photos = parallel.on_all_processes(reference_photos, labels, references) if references else {}
    parallel.require_same({"labels": " ".join(path.stem for path in labels)}, "inputs")
    return Inputs(labels, photos)


def make_submission(
    model: Model,
    place: Optional[Path],
    references: Optional[Path],
    out: Path,
    seed: int,
    compare: bool,
    options: ImageOptions,
) -> int:
    """Generate the images of label maps, pack them, and print what to do next. Return the command's exit status.

    Args:
        place: A folder as in `find_labels`, or the file of one label map. Default: the test set of the training set.
        references: Folder of reference photos, or one photo for all; None: random styles.
        compare: Whether to draw compare.png.

    Raises:
        InputError: See `find_inputs`, `make_set` and `seeds_of_classes`; or the model makes no images of the label
            map's objects.
    """
    seeds_of_classes(model.system, model.data, dict(options.class_seeds), "--class-seeds")  # before anything is read
    if options.keep_size:
        raise InputError("--keep-size: is for translated images; --size WxH sets the size of images of label maps")
    place = place or folder_for_test(Path(model.data.root))
    inputs = find_inputs(place, references)
    folder = inputs.labels[0].parent
    if parallel.rank() == 0:
        print(f"{quantity(len(inputs.labels), 'label map')} of {folder}; results: {out / 'images'}")
    make_set(model, inputs, out, seed, options)
    parallel.on_first_process(lambda: finish(inputs, model.data, out, compare, model.maker(seed), options))
    if parallel.rank() == 0 and options.draws == 1:
        real = model.data.root or "PHOTOGRAPHS"
        images, labels, photos = (shlex.quote(str(path)) for path in (out / "images", folder, real))
        print(f"next: {typed(f'score --images {images} --labels {labels} --real {photos}')}")
    return 0


def folder_for_test(root: Path) -> Path:
    """Return the folder of a set's test label maps.

    Raises:
        InputError: The set has label maps for training only.
    """
    if (root / "test").is_dir() or not root.is_dir():
        return root
    own = next((path for path in (root / "train/labels", root / "labels") if path.is_dir()), None)
    if own:
        raise InputError(f"{root}: holds no label maps for test; --data {own} makes images of those for training")
    return root


def make_set(model: Model, inputs: Inputs, folder: Path, seed: int, options: ImageOptions = DEFAULT) -> None:
    """Generate the images of all label maps in the folder `folder`/images. Keep the images of an interrupted run.

    Raises:
        InputError: A label map or a reference is faulty.
    """

    def prepare() -> None:
        keys = keys_of(model, inputs, seed, options)
        whole = digest(*keys.values())
        files = [*inputs.labels, *inputs.photos.values()]
        prepare_folder(folder, {**keys, SHEET: whole, SUBMISSION: whole}, files)

    parallel.on_first_process(prepare)
    own = inputs.labels[parallel.rank() :: parallel.num_processes()]
    parallel.on_all_processes(make_images, model, own, inputs.photos, folder, seed, options)


def keys_of(model: Model, inputs: Inputs, seed: int, options: ImageOptions) -> Dict[str, str]:
    """Return for each image file a digest of all that its content depends on. All inputs are read.

    Raises:
        InputError: A label map or a reference is faulty. The message names the first one.
    """
    keys = {}
    size = model.data.output_width, model.data.output_height
    # What is off adds nothing: the digest is then that of versions without the option.
    extras = [*map(str, options.class_seeds), *([f"colours {options.match_colours}"] if options.match_colours else [])]
    common = model.key, *size, options.format, options.quality, *extras
    labels = progress_bar(inputs.labels, unit="label", desc="reading labels", leave=False)
    for path, arrays in zip(labels, read_all(inputs, model.data)):
        content = digest(*common, path.stem, *arrays)
        for k, name in enumerate(draws_of(path.stem, options.draws)):
            keys[options.file(name)] = digest(content, seed + k)
    return keys


def finish(
    inputs: Inputs, data: DataConfig, out: Path, compare: bool, maker: str, options: ImageOptions = DEFAULT
) -> None:
    """Pack the images in `out` into submission.zip, check it, and draw compare.png if `compare` is True.

    Several draws of each label map are no submission, and nothing is packed.

    Args:
        maker: What made the images, such as a checkpoint and a seed; the sheet names it.
    """
    width, height = size = data.output_width, data.output_height
    names = [name for stem in inputs.stems for name in draws_of(stem, options.draws)]
    if compare:
        save_sheet(out / SHEET, inputs.labels, out, data, maker, options)
    if options.draws > 1:
        print(
            f"{out / 'images'}: {quantity(len(names), 'image')} {width}x{height}; nothing is packed, because a "
            "submission holds one image of each label map"
        )
        return
    pack(out / "images", inputs.stems, out / SUBMISSION, size, options.format)
    note = "" if options.format == "jpg" else f"; as .jpg, which the contest wants, beside the .{options.format} images"
    print(f"{out / SUBMISSION}: {quantity(len(inputs.labels), 'image')} {width}x{height}, read back and checked{note}")


def read_all(inputs: Inputs, data: DataConfig) -> Iterator[List[np.ndarray]]:
    """Yield for each label map its arrays and, if there are references, the array of its photo.

    Raises:
        InputError: A file is faulty. The message names the first one.
    """
    for path in inputs.labels:
        arrays = list(label_maps_of(data, of_model=True).read(path, data.image_width, data.image_height))
        yield arrays + ([read_photo(inputs.photos[path.stem])] if inputs.photos else [])


def reference_photos(labels: Sequence[Path], references: Path) -> Dict[str, Path]:
    """Find the reference photo of each label map: stem -> photo.

    Args:
        references: The folder of the photos that `label_to_img.json` names, or one photo for all label maps.

    Raises:
        InputError: The file is missing or names no photo for a label map.
    """
    if references.is_file():
        return {label.stem: references for label in labels}
    names = read_reference_names(labels[0].parent)
    photos = {}
    for label in labels:
        if composed(label.name) not in names:
            raise InputError(f"{label.parent / 'label_to_img.json'}: names no photo for {label.name}")
        photos[label.stem] = find_named(references, names[composed(label.name)])
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


def make_images(
    model: Model, labels: Sequence[Path], photos: Dict[str, Path], out: Path, seed: int, options: ImageOptions
) -> None:
    """Generate the images of every label map that are not in `out` yet.

    Label maps are processed one at a time, so that an image does not depend on others in its batch.
    """
    data, first_image = model.data, FirstWait(IMAGE_NOTE)
    class_seeds = seeds_of_classes(model.system, data, dict(options.class_seeds), "--class-seeds")
    for path in progress_bar(labels, unit="img", desc="images", disable=parallel.rank() > 0):
        targets = [out / options.file(name) for name in draws_of(path.stem, options.draws)]
        if all(target.exists() for target in targets):
            continue
        arrays = label_maps_of(data).read(path, data.image_width, data.image_height)
        image = reference_image(photos[path.stem], data) if photos else None
        for k, target in enumerate(targets):
            if not target.exists():
                with first_image:
                    pixels = pixels_of(model, arrays, image, path.stem, Noise(seed + k, class_seeds))
                if options.match_colours:
                    pixels = match_histograms(pixels, read_photo(photos[path.stem]), options.match_colours)
                options.write(target, pixels)


def reference_image(path: Path, data: DataConfig) -> jt.Var:
    """Read a reference photo as an image for the networks, [1, 3, H, W] in [-1, 1]."""
    return to_image(resize_photo(read_photo(path), data.image_width, data.image_height)[None])


def save_sheet(
    path: Path, labels: Sequence[Path], out: Path, data: DataConfig, maker: str, options: ImageOptions
) -> None:
    """Draw a sheet of label maps with their images, evenly spaced over the set. See `finish` for `maker`."""
    rows = []
    for place in evenly_spaced(len(labels), SHEET_PAIRS):
        label = labels[place]
        ids = label_maps_of(data).read(label, data.output_width, data.output_height)[0]
        files = [out / options.file(name) for name in draws_of(label.stem, options.draws)]
        rows.append(Row(label.stem, place + 1, [label_maps_of(data).class_list.colorize(ids), *map(read_photo, files)]))
    lines = [maker, f"{len(rows)} of {len(labels):,} label maps of {labels[0].parent}"]
    draw_sheet(lines, ["label", *heads_of(options.draws)], rows, across_of(options.draws)).save(path)
