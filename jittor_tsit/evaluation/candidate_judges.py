"""Judges for choosing among several candidate images: some choose, others only measure the gain."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional, Sequence

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import file_version, read_json, write_atomic
from data_tools.basics.progress import progress_bar
from data_tools.sets.image_io import read_photo
from jittor_tsit.config import DataConfig
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.evaluation.image_set import photo_folder
from jittor_tsit.evaluation.judges import JudgeAbsent, Judges, Rater, Segmenter
from jittor_tsit.metrics.best_of_many import nearness
from jittor_tsit.metrics.features import Extractor, cached_features, find_images
from jittor_tsit.metrics.lpips import LPIPS
from jittor_tsit.runtime.status_line import SCORE_NOTE, FirstWait


class Verdict(NamedTuple):
    """Scores of one image for each of L label maps. A field is None if its judge is missing."""

    mask_accuracy: Optional[np.ndarray]  # [L]
    aesthetic: Optional[np.ndarray]  # [L]
    nearness: Optional[np.ndarray]  # [L], nearness of the features to those of real photos
    features: Optional[np.ndarray]  # [L, D]
    measured: Optional[np.ndarray]  # [L], mask accuracy by the segmenter that only measures


class Photographs(NamedTuple):
    """Features of real photos. One half is used to choose, the other half to measure the gain."""

    choosing: np.ndarray  # [M, D]
    measuring: np.ndarray  # [M, D]


class CandidateJudges(NamedTuple):
    """The judges that score candidate images, to choose among them or only to measure the gain of a choice.

    A field is None if the weights of its judge are missing.
    """

    segmenter: Optional[Segmenter]
    rater: Optional[Rater]
    extractor: Optional[Extractor]
    measuring: Optional[Segmenter]  # a segmenter that only measures and does not choose
    lpips: Optional[LPIPS]  # measures the diversity of the candidates
    photographs: Optional[Photographs]  # None without an extractor

    def judge(self, images: Path, labels: Sequence[Path], data: DataConfig) -> Verdict:
        """Score the images `<stem>.jpg` of the label maps `labels`, which lie in the folder `images`.

        Scores are cached beside this folder. `data` says how the label maps are read.
        """
        paths = [images / f"{label.stem}.jpg" for label in labels]
        width, height = data.output_width, data.output_height

        def accuracies(judge: Optional[Segmenter], name: str) -> Optional[np.ndarray]:
            if judge is None:
                return None
            segmenter, maps = judge, label_maps_of(data)

            def accuracy(k: int) -> float:
                label = maps.read(labels[k], width, height)[0]
                # Without a pixel with a class, all candidates get 0, and the other judges choose.
                return segmenter.accuracy(read_photo(paths[k]), label, maps.num_classes) or 0.0

            fault = segmenter.fault(maps.num_classes)
            if fault:
                raise InputError(fault)
            described = segmenter.name if maps.unknown is None else f"{segmenter.name} without unknown pixels"
            return cached_values(paths, described, accuracy, images.parent / f"{name}.json")

        features = near = ratings = None
        if self.extractor and self.photographs:
            features = cached_features(paths, self.extractor, images.parent / "features.npz")
            near = nearness(features, self.photographs.choosing)
        if self.rater:
            rater = self.rater
            ratings = cached_values(
                paths, rater.name, lambda k: rater.rate(read_photo(paths[k])), images.parent / "aesthetic.json"
            )
        return Verdict(
            accuracies(self.segmenter, "mask_accuracy"),
            ratings,
            near,
            features,
            accuracies(self.measuring, "measured_mask_accuracy"),
        )


def load_candidate_judges(judges: Judges, measuring: Optional[Path], real: Path, cache: Path) -> CandidateJudges:
    """Load the available judges.

    Args:
        measuring: File of the segmenter that only measures, see `Judges.segmenter_file`.
        real: Folder of photographs, or a data set.
        cache: Folder in which the features of the photographs are cached.

    Raises:
        InputError: All judges are missing, or a judge or a photograph is faulty.
    """
    judges.require_any("--candidates")
    if measuring and judges.segmenter_file and measuring.resolve() == judges.segmenter_file.resolve():
        raise InputError(f"--measure-by {measuring}: this segmenter chooses; name another segmenter to measure")
    extractor = judge_or_none(judges.inception()) or judge_or_none(judges.vgg16())
    return CandidateJudges(
        judge_or_none(judges.segmenter()),
        judge_or_none(judges.nima()),
        extractor,
        judge_or_none(judges._replace(segmenter_file=measuring).segmenter()) if measuring else None,
        judge_or_none(judges.lpips()),
        find_photographs(real, extractor, cache) if extractor else None,
    )


def judge_or_none(judge):
    """Return the judge, or None if it is the placeholder of a missing judge (`JudgeAbsent`)."""
    return None if isinstance(judge, JudgeAbsent) else judge


def find_photographs(real: Path, extractor: Extractor, cache: Path) -> Photographs:
    """Compute the features of the photos of a folder, or read them from the cache.

    Raises:
        InputError: The folder holds fewer than 4 photos, or a faulty one.
    """
    paths = find_images(photo_folder(real))
    if len(paths) < 4:
        raise InputError(f"{real}: holds {len(paths)} photos; at least 4 are needed")
    features = cached_features(paths, extractor, cache / f"real-{extractor.frechet_name}.npz")
    return Photographs(features[0::2], features[1::2])


def cached_values(paths: List[Path], judge: str, value_of: Callable[[int], float], cache: Path) -> np.ndarray:
    """Return one value for each image, [L] float64. Read the values from the cache file, or compute and cache them.

    Args:
        paths: The L images.
        judge: Name of the judge that gives the values. The cache file is used if it was written for this judge and for
            the same images, unchanged since. Otherwise it is overwritten.
        value_of: Function from the position of an image in `paths` to its value.
    """
    stamps = [(path.name, *file_version(path)) for path in paths]
    key = hashlib.sha256(json.dumps([judge, stamps]).encode()).hexdigest()
    try:
        kept = read_json(cache)
        if kept["key"] == key:
            return np.array(kept["values"], np.float64).reshape(len(paths))
    except (InputError, ValueError, KeyError, TypeError, OverflowError):
        pass  # the cache is missing, truncated or another file; it is written again
    values, first_image = [], FirstWait(SCORE_NOTE)
    for k in progress_bar(range(len(paths)), unit="img", desc=cache.stem):
        with first_image:
            values.append(value_of(k))
    write_atomic(cache, json.dumps({"key": key, "values": values}).encode())
    return np.array(values)
