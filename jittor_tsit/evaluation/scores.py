"""Judge a folder of images as the contest does, as far as the judges are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional

from tqdm import tqdm

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import read_header, read_label, read_photo
from data_tools.sets.pairing import find_labels, read_reference_names
from jittor_tsit.evaluation.judges import JudgeAbsent, Judges
from jittor_tsit.metrics.contest import BOARDS
from jittor_tsit.metrics.features import Extractor, cached_features, features_of, find_images
from jittor_tsit.metrics.frechet import few_images_warning, frechet_distance, statistics
from jittor_tsit.metrics.kid import kid
from jittor_tsit.metrics.style import histogram_correlation
from jittor_tsit.metrics.terms import TERMS, Term, absent, mean_of

SHOWN_DIGITS = 4  # of a term; the last of FID's moves with the machine


class Set(NamedTuple):
    """Images and the label maps that they were made for, by stem."""

    images: Dict[str, Path]
    labels: Dict[str, Path]


def find_set(images: Path, labels: Path) -> Set:
    """Images and label maps with equal stems and sizes, from their headers alone.

    Raises:
        InputError: One lacks the other, differs from it in size, or an image is grey.
    """
    found = {path.stem: path for path in find_images(images)}
    maps = {path.stem: path for path in find_labels(labels)}
    for kind, ours, other, others in (("label map", maps, "image", found), ("image", found, "label map", maps)):
        lone = sorted(set(ours) - set(others))
        if lone:
            raise InputError(f"{ours[lone[0]]}: no {other} of that name ({len(lone)} of {len(ours)} {kind}s have none)")
    for stem, path in found.items():
        width, height, mode = read_header(path)
        map_width, map_height, _ = read_header(maps[stem])
        if (width, height) != (map_width, map_height):
            raise InputError(f"{path}: has {width}x{height}, and its label map {map_width}x{map_height}")
        if mode in ("1", "L", "LA", "I", "I;16", "F"):
            raise InputError(f"{path}: is grey ({mode}); an image in colours is needed")
    return Set(found, maps)


def photo_folder(real: Path) -> Path:
    """Where the photographs lie: in `train/imgs` or `imgs`, if it is a data set."""
    return next((real / name for name in ("train/imgs", "imgs") if (real / name).is_dir()), real)


def judge(
    judged: Set, photos: List[Path], labels: Path, judges: Judges, references: Optional[Path], cache: Path
) -> Dict[str, Term]:
    """Every term, those without a judge as absent."""
    terms: Dict[str, Term] = {}
    terms["mask_accuracy"] = mask_accuracy(judged, judges)
    terms["aesthetic"] = aesthetic(judged, judges)
    terms.update(distances(("fid", "kid"), judged, photos, judges.inception, cache))
    terms["style"] = style(judged, labels, references)
    names = "vgg16_relu5_1_frechet", "vgg16_relu5_1_mmd"
    terms.update(distances(names, judged, photos, judges.vgg16, cache))
    return {name: terms[name] for name in TERMS}


def mask_accuracy(judged: Set, judges: Judges) -> Term:
    """How far a segmenter sees in the images what the label maps say."""
    segmenter = judges.segmenter()
    if isinstance(segmenter, JudgeAbsent):
        return absent(segmenter.how)

    def accuracy(stem: str) -> float:
        return segmenter.accuracy(read_photo(judged.images[stem]), read_label(judged.labels[stem]))

    return mean_of(each(judged, accuracy, "mask_accuracy"), segmenter.name, segmenter.note)


def aesthetic(judged: Set, judges: Judges) -> Term:
    """How people would like the images."""
    nima = judges.nima()
    if isinstance(nima, JudgeAbsent):
        return absent(nima.how)
    note = "NIMA's mean; other judges of aesthetics give other numbers"
    return mean_of(each(judged, lambda stem: nima.rate(read_photo(judged.images[stem])), "aesthetic"), nima.name, note)


def style(judged: Set, labels: Path, references: Optional[Path]) -> Term:
    """Colours beside those of the reference photos."""
    if references is None:
        return absent("name the folder of reference photos by --references")
    names = read_reference_names(labels)

    def likeness(stem: str) -> float:
        label = judged.labels[stem].name
        if label not in names:
            raise InputError(f"label_to_img.json: names no photo for {label}")
        return histogram_correlation(read_photo(judged.images[stem]), read_photo(references / names[label]))

    return mean_of(each(judged, likeness, "style"), "label_to_img.json")


def each(judged: Set, value: Callable[[str], float], name: str) -> Dict[str, float]:
    """A value for every image, with a bar."""
    return {stem: value(stem) for stem in tqdm(judged.images, unit="img", dynamic_ncols=True, desc=name, leave=False)}


def distances(names, judged: Set, photos: List[Path], find: Callable[[], object], cache: Path) -> Dict[str, Term]:
    """Frechet and kernel distance on one network's features, those of the photos kept for the next time."""
    extractor = find()
    if isinstance(extractor, JudgeAbsent):
        return {name: absent(extractor.how) for name in names}
    assert isinstance(extractor, Extractor)
    real = cached_features(photos, extractor, cache / f"real-{extractor.frechet}.npz")
    made = features_of(list(judged.images.values()), extractor)
    distance = frechet_distance(statistics(made), statistics(real))
    kernel = kid(made, real)
    note = few_images_warning(min(len(made), len(real)))
    kernel_note = f"standard deviation {kernel.std:.2g} over {kernel.num_subsets} subsets of {kernel.subset_size}"
    judge_name = f"sha256 {extractor.digest[:12]}"
    return {
        names[0]: Term(distance, len(made), judge_name, note),
        names[1]: Term(kernel.mean, len(made), judge_name, kernel_note),
    }


def table(terms: Dict[str, Term], board: str, score: Optional[float]) -> List[List[str]]:
    """Cells by line, the heading first."""
    lines = [["term", "value", "images", "note"]]
    for name, term in terms.items():
        value = "absent" if term.value is None else f"{term.value:.{SHOWN_DIGITS}f}"
        lines.append([name, value, str(term.count or ""), term.note])
    lacking = [name for name in BOARDS[board].terms if terms[name].value is None]
    note = f"needs {', '.join(lacking)}" if lacking else "the contest's formula"
    return [*lines, [f"score {board}", "absent" if score is None else f"{score:.{SHOWN_DIGITS}f}", "", note]]


def print_table(lines: List[List[str]]) -> None:
    """Cells by line, in columns."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
