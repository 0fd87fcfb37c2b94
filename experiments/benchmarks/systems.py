"""Compare trained systems: make images with each run's newest checkpoint, score them, and write a table.

    python -m experiments.benchmarks.systems runs/pix2pix runs/stargan --judges judges

makes the images that `test` makes of a run's own set (new ones, in `<run>/judged`), appends a line for each run to
systems.jsonl next to this file, and writes a table of each run's last line into experiments/README.md.

- The distances are those of `score`, between the images and the photographs of training.
- For systems that use random draws, LPIPS is the mean distance between five images of an input, over twenty inputs.
- StarGAN is compared with its photographs after cropping and scaling, which are written to `<run>/real`.
- For a StarGAN of one data set, a linear classifier on VGG-16 features reads the labels of its images. The classifier
  is trained on three quarters of the real photos; its accuracy on the other quarter is in brackets.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import jittor_tsit  # noqa: F401  first: it sets the environment that Jittor reads

# isort: split
import jittor as jt
import numpy as np

from data_tools.basics.files import make_folder, write_atomic
from data_tools.basics.progress import progress_bar
from data_tools.basics.spacing import evenly_spaced
from data_tools.sets.image_io import read_label, read_photo, write_photo
from data_tools.sets.pairing import find_labels
from jittor_tsit.commands.test import run_test
from jittor_tsit.data.batch_kinds import TestTask
from jittor_tsit.data.batches import ImageBatch, PairedBatch, full_share, to_image, to_segmap
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.data.labelled_folders import photos_with_attributes, photos_with_classes
from jittor_tsit.data.labels import read_middle
from jittor_tsit.evaluation.image_set import photo_folder
from jittor_tsit.evaluation.judges import JudgeAbsent, Judges
from jittor_tsit.inference.input_images import InputImages
from jittor_tsit.inference.model import Model, load_model
from jittor_tsit.inference.options import DEFAULT, ImageOptions
from jittor_tsit.inference.relabel import find_photos
from jittor_tsit.metrics.features import Extractor, cached_features, features_of, find_images
from jittor_tsit.metrics.frechet import frechet_distance, statistics
from jittor_tsit.runs.checkpoint import load_checkpoint
from jittor_tsit.runs.loading import find_checkpoint
from jittor_tsit.systems.draws import Noise, key_of

HERE = Path(__file__).parent
RECORDS, PAGE = HERE / "systems.jsonl", HERE.parent / "README.md"
BEGIN, END = "<!-- systems: begin -->", "<!-- systems: end -->"
DRAWS, DRAWN_INPUTS = 5, 20  # for LPIPS: images of an input, and inputs
RIDGE = 0.1  # the classifier's regularisation for each photo; its features have standard deviation 1
COLUMNS = {
    "run": "run",
    "system": "system",
    "nimg": "images seen",
    "vgg16_relu5_1_frechet": "VGG-16 Fréchet",
    "fid": "FID",
    "mask_accuracy": "mask accuracy",
    "lpips": "LPIPS",
    "label_accuracy": "labels read (real photos)",
}


def main() -> None:
    options = _parser().parse_args()
    for run_dir in options.runs:
        record = measure(run_dir, Judges(options.judges, options.segmenter))
        print(json.dumps(record))
        with open(RECORDS, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
    write_table()


def measure(run_dir: Path, judges: Judges) -> Dict[str, object]:
    """Make a run's images and score them. Scores whose judge is missing or does not apply are left out."""
    checkpoint, out = find_checkpoint(run_dir), run_dir / "judged"
    shutil.rmtree(out, ignore_errors=True)
    model = load_model(checkpoint, None)
    run_test(checkpoint, None, out, 0, None, compare=True, images=options_of(model))
    images, task = find_images(out / "images"), model.system.batch_kind.test_task
    real = real_photos(model, run_dir / "real")
    experiment = load_checkpoint(checkpoint, ("none",))
    record: Dict[str, object] = {"run": run_dir.name, "system": experiment.experiment["system"]}
    record.update(nimg=experiment.progress.nimg, images=len(images))
    for extractor in (judges.vgg16(), judges.inception()):
        if isinstance(extractor, Extractor):
            found = cached_features(real, extractor, run_dir / f"real-{extractor.frechet_name}.npz")
            distance = frechet_distance(statistics(features_of(images, extractor)), statistics(found))
            record[extractor.frechet_name] = round(distance, 3)
    segmenter = judges.segmenter()
    if task is TestTask.IMAGES_FROM_LABEL_MAPS and not isinstance(segmenter, JudgeAbsent):
        labels = {path.stem: path for path in find_labels(Path(model.data.root))}
        accuracy = [segmenter.accuracy(read_photo(path), read_label(labels[path.stem])) for path in images]
        record["mask_accuracy"] = round(float(np.mean(accuracy)), 4)
    lpips = judges.lpips()
    if model.system.is_random_at_test(has_references=False) and not isinstance(lpips, JudgeAbsent):
        record["lpips"] = round(diversity(model, lpips), 4)
    is_judged = not isinstance(judges.vgg16(), JudgeAbsent)
    if task is TestTask.PHOTOS_WITH_OTHER_LABELS and not model.system.names.has_two_sets and is_judged:
        record["label_accuracy"] = label_accuracy(model, run_dir, real, judges.vgg16())
    return record


def real_photos(model: Model, folder: Path) -> List[Path]:
    """The photographs that the images are compared with. StarGAN's are cropped and scaled copies in the folder."""
    data, kind = model.data, model.system.batch_kind
    if kind.has_label_maps:
        return find_images(photo_folder(Path(data.root)))
    if kind.test_task is TestTask.PHOTOS_WITH_OTHER_LABELS:
        return [write_as_seen(model, path, folder / f"{k:06d}.jpg") for k, path in enumerate(labelled_photos(model)[0])]
    if kind.may_lie_side_by_side:
        return find_images(Path(data.root, "trainB" if data.direction == "AtoB" else "trainA"))
    return find_images(Path(data.root, data.domains[data.direction == "AtoB"]))


def write_as_seen(model: Model, photo: Path, target: Path) -> Path:
    """Crop and scale a photo as StarGAN's data are, and write it to `target`. Return `target`."""
    data = model.data
    make_folder(target.parent)
    write_photo(target, read_middle(photo, data.crop, data.image_width, data.image_height))
    return target


def labelled_photos(model: Model):
    """The photos of training and their labels."""
    data, names = model.data, model.system.names
    if names.attributes:
        return photos_with_attributes(Path(data.root), names, data.num_test)[0]
    return photos_with_classes(Path(data.root), names, "train")


def diversity(model: Model, lpips) -> float:
    """Compute the mean LPIPS distance between DRAWS images of an input, over DRAWN_INPUTS inputs."""
    values = []
    for batch in progress_bar(list(inputs_of(model)), unit="input", desc="lpips", leave=False):
        images = [model.system.generate(batch, Noise(seed)) for seed in range(DRAWS)]
        values.append(lpips.diversity(jt.concat(images, 0)))
    return float(np.mean(values))


def options_of(model: Model) -> ImageOptions:
    """Return the options of `test` for images of the training images' size, as all recorded scores have it."""
    data = model.data
    if model.system.batch_kind.test_task in (TestTask.IMAGES_FROM_IMAGES, TestTask.PHOTOS_WITH_OTHER_LABELS):
        return ImageOptions(size=(data.image_width, data.image_height))
    return DEFAULT


def inputs_of(model: Model):
    """Yield batches of one input each, evenly spaced over the inputs of `test`."""
    data = model.data
    if model.system.batch_kind.has_label_maps:
        paths = _choose_inputs(find_labels(Path(data.root)))
        for path in paths:
            label = label_maps_of(data).read(path, data.image_width, data.image_height)
            segmap = to_segmap(label_maps_of(data).num_ids, *(array[None] for array in label))
            yield PairedBatch(segmap, None, [key_of(path.stem)], full_share(1))
    else:
        originals = InputImages(model, None, back=False, options=options_of(model))
        for path in _choose_inputs(originals.paths):
            a = to_image(originals.read(path)[None], originals.channels)
            yield ImageBatch(a, a, [key_of(path.stem)], full_share(1))


def _choose_inputs(paths: Sequence[Path]) -> List[Path]:
    return [paths[k] for k in evenly_spaced(len(paths), DRAWN_INPUTS)]


def label_accuracy(model: Model, run_dir: Path, photos: Sequence[Path], extractor: Extractor) -> List[float]:
    """Train a classifier on real photos and measure its accuracy.

    Args:
        photos: The real photos, in the order of `labelled_photos`.

    Returns:
        The share of generated images in which the classifier reads the label that they were generated for, and the
        share of held-out real photos in which it reads their own label.
    """
    names = model.system.names
    targets, split = [*names.attributes, *names.classes], len(names.attributes)
    labels = labelled_photos(model)[1]
    features = cached_features(photos, extractor, run_dir / f"real-{extractor.frechet_name}.npz")
    truth = np.stack(labels)[:, : len(targets)]
    is_test = np.arange(len(photos)) % 4 == 3
    read = classifier(features[~is_test], truth[~is_test])

    def is_right(scores: np.ndarray, label: np.ndarray, name: Optional[str]) -> float:
        """Whether the class, or the attribute `name`, is read correctly. If `name` is None, the share of attributes."""
        if not split:
            return float(scores.argmax() == label.argmax())
        rights = (scores > 0.5) == (label > 0.5)
        return float(rights[targets.index(name)] if name else rights.mean())

    real = [is_right(scores, label, None) for scores, label in zip(read(features[is_test]), truth[is_test])]
    tests = find_photos(model.data, names, None)
    made = [(photo, name, target) for photo in tests for name, target in model.system.targets(photo.label).items()]
    paths = [run_dir / "judged/images" / f"{photo.stem}_{name}.jpg" for photo, name, _ in made]
    scores = read(features_of(paths, extractor))
    ours = [is_right(one, target[: len(targets)], name) for one, (_, name, target) in zip(scores, made)]
    return [round(float(np.mean(ours)), 4), round(float(np.mean(real)), 4)]


def classifier(features: np.ndarray, labels: np.ndarray):
    """Fit a ridge regression. Return a function from features [N, D] to scores [N, K]."""
    mean, deviation = features.mean(0), features.std(0) + 1e-6  # constant features have deviation 0

    def standardise(x: np.ndarray) -> np.ndarray:
        return np.concatenate([(x - mean) / deviation, np.ones((len(x), 1))], 1)

    x = standardise(features)
    weights = np.linalg.solve(x.T @ x + RIDGE * len(x) * np.eye(x.shape[1]), x.T @ labels)
    return lambda others: standardise(others) @ weights


def write_table() -> None:
    """Write a table of the last record of each run into the page, between its two marks."""
    records = {}
    for line in RECORDS.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        records[record["run"]] = record
    rows = [list(COLUMNS.values()), ["---"] * len(COLUMNS)]
    rows += [[_cell(record.get(name)) for name in COLUMNS] for record in records.values()]
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    text = PAGE.read_text(encoding="utf-8")
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    write_atomic(PAGE, f"{text[:start]}\n{table}\n{text[end:]}".encode())


def _cell(value) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return f"{value[0]} ({value[1]})"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m experiments.benchmarks.systems", description=__doc__.splitlines()[0])
    parser.add_argument(
        "runs", nargs="*", type=Path, metavar="RUN", help="run directories; without any, only the table is written"
    )
    parser.add_argument("--judges", type=Path, default=Path("judges"), metavar="DIR", help="as for `score`")
    parser.add_argument("--segmenter", type=Path, metavar="FILE", help="as for `score`")
    return parser


if __name__ == "__main__":
    main()
