"""Compute the contest's terms for a folder of images, as far as their judges are available.

The formula that joins the terms to one score is in metrics/contest.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, List, Optional, Union

from data_tools.basics.errors import InputError
from data_tools.basics.names import composed
from data_tools.basics.progress import progress_bar
from data_tools.sets.image_io import read_photo
from data_tools.sets.listing import find_named
from data_tools.sets.pairing import read_reference_names
from jittor_tsit.evaluation.image_set import ImageSet
from jittor_tsit.evaluation.judges import JudgeAbsent, Judges, Rater, Segmenter
from jittor_tsit.metrics.best_of_many import nearness
from jittor_tsit.metrics.contest import absent_terms
from jittor_tsit.metrics.features import Extractor, cached_features, features_of
from jittor_tsit.metrics.frechet import few_images_warning, frechet_distance, statistics
from jittor_tsit.metrics.kid import kid
from jittor_tsit.metrics.style import histogram_correlation
from jittor_tsit.metrics.terms import TERMS, Term, absent, mean_of, values_of
from jittor_tsit.runtime.status_line import SCORE_NOTE, FirstWait

FEWEST = 2  # a covariance and a kernel mean without the diagonal need two images on each side
SHOWN_DIGITS = 4  # decimals of a term; FID's last one depends on the machine

NO_LABELS = "needs label maps: name their folder by --labels"
NO_PHOTOS = "needs real photographs: name their folder by --real"


def compute_terms(
    image_set: ImageSet,
    photos: List[Path],
    labels: Optional[Path],
    judges: Judges,
    references: Optional[Path],
    cache: Path,
) -> Dict[str, Term]:
    """Compute every term. Terms without a judge, or without what they compare with, are marked as absent.

    Args:
        photos: Real photographs; may be empty.
        labels: Folder of the label maps, with `label_to_img.json` if `references` are given; None: no label maps.
        references: Folder of the reference photos; None: without the term "style".
        cache: Folder in which the features of the photographs are cached.
    """
    # All judges are loaded before the first image is judged, so that a faulty file costs no time.
    segmenter = judges.segmenter() if image_set.labels else JudgeAbsent(NO_LABELS)
    nima, lacking = judges.nima(), lacking_images(image_set, photos)
    inception = JudgeAbsent(lacking) if lacking else judges.inception()
    vgg16 = JudgeAbsent(lacking) if lacking else judges.vgg16()

    terms: Dict[str, Term] = {}
    terms["mask_accuracy"] = mask_accuracy(image_set, segmenter)
    terms["aesthetic"] = aesthetic(image_set, nima)
    terms.update(distances(("fid", "kid"), image_set, photos, inception, cache))
    terms["style"] = style(image_set, labels, references)
    names = "vgg16_relu5_1_frechet", "vgg16_relu5_1_mmd"
    terms.update(distances(names, image_set, photos, vgg16, cache))
    return {name: terms[name] for name in TERMS}


def lacking_images(image_set: ImageSet, photos: List[Path]) -> str:
    """Return in a few words what a distance between images and photographs lacks; "" if it lacks nothing."""
    if not photos:
        return NO_PHOTOS
    if min(len(image_set.images), len(photos)) < FEWEST:
        counts = f"there are {len(image_set.images)} and {len(photos)}"
        return f"needs {FEWEST} images and {FEWEST} photographs at least; {counts}"
    return ""


def mask_accuracy(image_set: ImageSet, segmenter: Union[Segmenter, JudgeAbsent]) -> Term:
    """Compute the pixel accuracy of a segmenter's predictions for the images, compared with the label maps.

    Pixels without a class do not count. An image whose label map has no other pixels has no value.
    """
    if isinstance(segmenter, JudgeAbsent):
        return absent(segmenter.how)
    num_classes = image_set.class_list.num_classes
    fault = segmenter.fault(num_classes)
    if fault:
        return absent(fault)

    def accuracy(stem: str) -> Optional[float]:
        photo = read_photo(image_set.images[stem])
        label = image_set.read_label(stem, photo.shape[1], photo.shape[0])
        return segmenter.accuracy(photo, label, num_classes)

    values = value_of_each(image_set, accuracy, "mask_accuracy")
    if not values:
        return absent("no label map has a pixel with a class")
    num_empty = len(image_set.images) - len(values)
    left_out = f"{num_empty} images whose label maps have no pixel with a class do not count" if num_empty else ""
    return mean_of(values, segmenter.name, "; ".join(filter(None, (segmenter.note, left_out))))


def aesthetic(image_set: ImageSet, nima: Union[Rater, JudgeAbsent]) -> Term:
    """Compute NIMA's mean rating of the images, 1 to 10."""
    if isinstance(nima, JudgeAbsent):
        return absent(nima.how)
    note = "NIMA's mean; other judges of aesthetics give other numbers"
    ratings = value_of_each(image_set, lambda stem: nima.rate(read_photo(image_set.images[stem])), "aesthetic")
    return mean_of(ratings, nima.name, note)


def style(image_set: ImageSet, labels: Optional[Path], references: Optional[Path]) -> Term:
    """Compute how similar the colours of the images and their reference photos are: correlation of histograms."""
    if references is None:
        return absent("name the folder of reference photos by --references")
    if labels is None:
        return absent(NO_LABELS)
    names = read_reference_names(labels)

    def similarity(stem: str) -> float:
        label = composed(image_set.labels[stem].name)
        if label not in names:
            raise InputError(f"label_to_img.json: names no photo for {label}")
        return histogram_correlation(
            read_photo(image_set.images[stem]), read_photo(find_named(references, names[label]))
        )

    return mean_of(value_of_each(image_set, similarity, "style"), "label_to_img.json")


def value_of_each(image_set: ImageSet, value: Callable[[str], Optional[float]], name: str) -> Dict[str, float]:
    """Call `value(stem)` for every image, with a progress bar named `name`. Return stem -> value, without None."""
    stems = progress_bar(image_set.images, unit="img", desc=name, leave=False)
    found, first_image = {}, FirstWait(SCORE_NOTE)
    for stem in stems:
        with first_image:
            number = value(stem)
        if number is not None:
            found[stem] = number
    return found


def distances(
    names, image_set: ImageSet, photos: List[Path], extractor: Union[Extractor, JudgeAbsent], cache: Path
) -> Dict[str, Term]:
    """Compute the Frechet and the kernel distance between the features of the images and of the photos.

    Args:
        names: Names of the two terms.
        photos: Real photographs.
        extractor: The network of the features.
        cache: Folder in which the features of the photos are cached.
    """
    if isinstance(extractor, JudgeAbsent):
        return {name: absent(extractor.how) for name in names}
    real = cached_features(photos, extractor, cache / f"real-{extractor.frechet_name}.npz")
    generated = features_of(list(image_set.images.values()), extractor)
    distance = frechet_distance(statistics(generated), statistics(real))
    kernel = kid(generated, real)
    note = few_images_warning(min(len(generated), len(real)))
    kernel_note = f"standard deviation {kernel.std:.2g} over {kernel.num_subsets} subsets of {kernel.subset_size}"
    judge_name = f"sha256 {extractor.digest[:12]}"
    near = dict(zip(image_set.images, nearness(generated, real).tolist()))
    return {
        names[0]: Term(distance, len(generated), judge_name, note, nearness=near, num_real=len(real)),
        names[1]: Term(kernel.mean, len(generated), judge_name, kernel_note, num_real=len(real)),
    }


def table(terms: Dict[str, Term], board: str, score: Optional[float]) -> List[List[str]]:
    """Return the rows of the table of a score, each a list of cells. The first row is the heading."""
    lines = [["term", "value", "images", "real", "note"]]
    for name, term in terms.items():
        value = "absent" if term.value is None else f"{term.value:.{SHOWN_DIGITS}f}"
        lines.append([name, value, str(term.count or ""), str(term.num_real or ""), term.note])
    lacking = absent_terms(board, values_of(terms))
    note = f"needs {', '.join(lacking)}" if lacking else "the contest's formula"
    return [*lines, [f"score {board}", "absent" if score is None else f"{score:.{SHOWN_DIGITS}f}", "", "", note]]


def print_table(lines: List[List[str]]) -> None:
    """Print rows of cells in aligned columns."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
