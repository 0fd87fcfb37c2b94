"""Compute the contest's terms for a folder of images, as far as their judges are available.

The formula that joins the terms to one score is in metrics/contest.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional

from tqdm import tqdm

from data_tools.basics.errors import InputError
from data_tools.basics.names import composed
from data_tools.sets.formats import LABELS
from data_tools.sets.image_io import read_header, read_label, read_photo
from data_tools.sets.pairing import find_labels, read_reference_names
from jittor_tsit.data.remarks import tell_of_inputs
from jittor_tsit.evaluation.judges import JudgeAbsent, Judges
from jittor_tsit.metrics.best_of_many import nearness
from jittor_tsit.metrics.contest import BOARDS
from jittor_tsit.metrics.features import Extractor, cached_features, features_of, find_images
from jittor_tsit.metrics.frechet import few_images_warning, frechet_distance, statistics
from jittor_tsit.metrics.kid import kid
from jittor_tsit.metrics.style import histogram_correlation
from jittor_tsit.metrics.terms import TERMS, Term, absent, mean_of

SHOWN_DIGITS = 4  # decimals of a term; FID's last one depends on the machine


class ImageSet(NamedTuple):
    """Generated images and their label maps by stem."""

    images: Dict[str, Path]
    labels: Dict[str, Path]


def find_set(images: Path, labels: Path) -> ImageSet:
    """Find images and their label maps by stem. Check their sizes by the file headers.

    Raises:
        InputError: An image or label map has no partner, their sizes differ, or an image is grey.
    """
    found = {composed(path.stem): path for path in find_images(images)}
    maps = {composed(path.stem): path for path in find_labels(labels)}
    tell_of_inputs(list(found.values()))
    tell_of_inputs(list(maps.values()), LABELS)
    for kind, ours, other, others in (("label map", maps, "image", found), ("image", found, "label map", maps)):
        lone = sorted(set(ours) - set(others))
        if lone:
            raise InputError(f"{ours[lone[0]]}: no {other} of that name ({len(lone)} of {len(ours)} {kind}s have none)")
    for stem, path in found.items():
        width, height, mode = read_header(path)
        map_width, map_height, _ = read_header(maps[stem])
        if (width, height) != (map_width, map_height):
            sizes = f"{width}x{height}, and its label map {map_width}x{map_height}"
            raise InputError(f"{path}: has {sizes}; both must have the same size")
        if mode in ("1", "L", "LA", "I", "I;16", "F"):
            raise InputError(f"{path}: is grey ({mode}); an image in colours is needed")
    return ImageSet(found, maps)


def photo_folder(real: Path) -> Path:
    """Return the folder of photographs: `train/imgs` or `imgs` of a data set, otherwise the folder itself."""
    return next((real / name for name in ("train/imgs", "imgs") if (real / name).is_dir()), real)


def compute_terms(
    image_set: ImageSet, photos: List[Path], labels: Path, judges: Judges, references: Optional[Path], cache: Path
) -> Dict[str, Term]:
    """Compute every term. Terms without a judge are marked as absent.

    Args:
        photos: Real photographs.
        labels: Folder of the label maps, with `label_to_img.json` if `references` are given.
        references: Folder of the reference photos; None: without the term "style".
        cache: Folder in which the features of the photographs are cached.
    """
    terms: Dict[str, Term] = {}
    terms["mask_accuracy"] = mask_accuracy(image_set, judges)
    terms["aesthetic"] = aesthetic(image_set, judges)
    terms.update(distances(("fid", "kid"), image_set, photos, judges.inception, cache))
    terms["style"] = style(image_set, labels, references)
    names = "vgg16_relu5_1_frechet", "vgg16_relu5_1_mmd"
    terms.update(distances(names, image_set, photos, judges.vgg16, cache))
    return {name: terms[name] for name in TERMS}


def mask_accuracy(image_set: ImageSet, judges: Judges) -> Term:
    """Compute the pixel accuracy of a segmenter's predictions for the images, compared with the label maps."""
    segmenter = judges.segmenter()
    if isinstance(segmenter, JudgeAbsent):
        return absent(segmenter.how)

    def accuracy(stem: str) -> float:
        return segmenter.accuracy(read_photo(image_set.images[stem]), read_label(image_set.labels[stem]))

    return mean_of(value_of_each(image_set, accuracy, "mask_accuracy"), segmenter.name, segmenter.note)


def aesthetic(image_set: ImageSet, judges: Judges) -> Term:
    """Compute NIMA's mean rating of the images, 1 to 10."""
    nima = judges.nima()
    if isinstance(nima, JudgeAbsent):
        return absent(nima.how)
    note = "NIMA's mean; other judges of aesthetics give other numbers"
    ratings = value_of_each(image_set, lambda stem: nima.rate(read_photo(image_set.images[stem])), "aesthetic")
    return mean_of(ratings, nima.name, note)


def style(image_set: ImageSet, labels: Path, references: Optional[Path]) -> Term:
    """Compute how similar the colours of the images and their reference photos are: correlation of histograms."""
    if references is None:
        return absent("name the folder of reference photos by --references")
    names = read_reference_names(labels)

    def similarity(stem: str) -> float:
        label = image_set.labels[stem].name
        if label not in names:
            raise InputError(f"label_to_img.json: names no photo for {label}")
        return histogram_correlation(read_photo(image_set.images[stem]), read_photo(references / names[label]))

    return mean_of(value_of_each(image_set, similarity, "style"), "label_to_img.json")


def value_of_each(image_set: ImageSet, value: Callable[[str], float], name: str) -> Dict[str, float]:
    """Call `value(stem)` for every image, with a progress bar named `name`. Return stem -> value."""
    stems = tqdm(image_set.images, unit="img", dynamic_ncols=True, desc=name, leave=False)
    return {stem: value(stem) for stem in stems}


def distances(
    names, image_set: ImageSet, photos: List[Path], find: Callable[[], object], cache: Path
) -> Dict[str, Term]:
    """Compute the Frechet and the kernel distance between the features of the images and of the photos.

    Args:
        names: Names of the two terms.
        photos: Real photographs.
        find: Returns the network of the features, or JudgeAbsent.
        cache: Folder in which the features of the photos are cached.
    """
    extractor = find()
    if isinstance(extractor, JudgeAbsent):
        return {name: absent(extractor.how) for name in names}
    assert isinstance(extractor, Extractor)
    real = cached_features(photos, extractor, cache / f"real-{extractor.frechet_name}.npz")
    generated = features_of(list(image_set.images.values()), extractor)
    distance = frechet_distance(statistics(generated), statistics(real))
    kernel = kid(generated, real)
    note = few_images_warning(min(len(generated), len(real)))
    kernel_note = f"standard deviation {kernel.std:.2g} over {kernel.num_subsets} subsets of {kernel.subset_size}"
    judge_name = f"sha256 {extractor.digest[:12]}"
    near = dict(zip(image_set.images, nearness(generated, real).tolist()))
    return {
        names[0]: Term(distance, len(generated), judge_name, note, nearness=near),
        names[1]: Term(kernel.mean, len(generated), judge_name, kernel_note),
    }


def table(terms: Dict[str, Term], board: str, score: Optional[float]) -> List[List[str]]:
    """Return the rows of the table of a score, each a list of cells. The first row is the heading."""
    lines = [["term", "value", "images", "note"]]
    for name, term in terms.items():
        value = "absent" if term.value is None else f"{term.value:.{SHOWN_DIGITS}f}"
        lines.append([name, value, str(term.count or ""), term.note])
    lacking = [name for name in BOARDS[board].terms if terms[name].value is None]
    note = f"needs {', '.join(lacking)}" if lacking else "the contest's formula"
    return [*lines, [f"score {board}", "absent" if score is None else f"{score:.{SHOWN_DIGITS}f}", "", note]]


def print_table(lines: List[List[str]]) -> None:
    """Print rows of cells in aligned columns."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
