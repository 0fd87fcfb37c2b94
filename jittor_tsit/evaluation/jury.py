"""The judges that choose among candidates, and those that only measure what the choice gained."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional, Sequence

import numpy as np
from tqdm import tqdm

from data_tools.basics.errors import InputError
from data_tools.basics.files import file_version, read_json, write_atomic
from data_tools.sets.image_io import read_photo
from jittor_tsit.config import DataConfig
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.evaluation.judges import JudgeAbsent, Judges, Rater, Segmenter
from jittor_tsit.evaluation.scores import photo_folder
from jittor_tsit.metrics.best_of_many import nearness
from jittor_tsit.metrics.features import Extractor, cached_features, find_images
from jittor_tsit.metrics.lpips import LPIPS


class Verdict(NamedTuple):
    """What is known of one image for each of L label maps; None where there is no judge."""

    mask_accuracy: Optional[np.ndarray]  # [L]
    aesthetic: Optional[np.ndarray]  # [L]
    nearness: Optional[np.ndarray]  # [L]
    features: Optional[np.ndarray]  # [L, D]
    measured: Optional[np.ndarray]  # [L] mask accuracy by the segmenter that does not choose


class Photographs(NamedTuple):
    """Features of real photos, every other one for choosing and the rest for measuring what was gained."""

    choosing: np.ndarray  # [M, D]
    measuring: np.ndarray  # [M, D]


class Jury(NamedTuple):
    """Judges that are at hand.

    Args:
        measuring: A segmenter that has no say in the choice.
    """

    segmenter: Optional[Segmenter]
    rater: Optional[Rater]
    extractor: Optional[Extractor]
    measuring: Optional[Segmenter]
    lpips: Optional[LPIPS]  # for the candidates' diversity
    photographs: Optional[Photographs]  # None without an extractor

    def judge(self, images: Path, labels: Sequence[Path], data: DataConfig) -> Verdict:
        """Judge `<stem>.jpg` of a folder; what an interrupted run found there is kept beside it."""
        paths = [images / f"{label.stem}.jpg" for label in labels]
        width, height = data.output_width, data.output_height

        def accuracy(judge: Segmenter) -> Callable[[int], float]:
            return lambda k: judge.accuracy(read_photo(paths[k]), label_maps_of(data).read(labels[k], width, height)[0])

        def values(judge, value_of: Callable[[int], float], name: str) -> Optional[np.ndarray]:
            return judge and cached_values(paths, judge.name, value_of, images.parent / f"{name}.json")

        features = near = None
        if self.extractor:
            features = cached_features(paths, self.extractor, images.parent / "features.npz")
            near = nearness(features, self.photographs.choosing)
        return Verdict(
            values(self.segmenter, accuracy(self.segmenter), "mask_accuracy"),
            values(self.rater, lambda k: self.rater.rate(read_photo(paths[k])), "aesthetic"),
            near,
            features,
            values(self.measuring, accuracy(self.measuring), "measured_mask_accuracy"),
        )


def assemble(judges: Judges, measuring: Optional[Path], real: Path, cache: Path) -> Jury:
    """The jury of a folder of judges.

    Args:
        measuring: File of a segmenter, as `Judges.segmenter_file`.
        real: Folder of photographs, or a data set.
        cache: Folder that keeps the photographs' features.

    Raises:
        InputError: There is no judge, or a judge or a photograph is faulty.
    """
    judges.require_any("--candidates")
    if measuring and judges.segmenter_file and measuring.resolve() == judges.segmenter_file.resolve():
        raise InputError(f"--measure-by {measuring}: it chooses; another segmenter is needed to measure")
    extractor = at_hand(judges.inception()) or at_hand(judges.vgg16())
    return Jury(
        at_hand(judges.segmenter()),
        at_hand(judges.nima()),
        extractor,
        at_hand(judges._replace(segmenter_file=measuring).segmenter()) if measuring else None,
        at_hand(judges.lpips()),
        find_photographs(real, extractor, cache) if extractor else None,
    )


def at_hand(judge):
    """Return the judge, or None if it is absent."""
    return None if isinstance(judge, JudgeAbsent) else judge


def find_photographs(real: Path, extractor: Extractor, cache: Path) -> Photographs:
    """Features of the photos of a folder.

    Raises:
        InputError: It holds fewer than 4, or a faulty one.
    """
    paths = find_images(photo_folder(real))
    if len(paths) < 4:
        raise InputError(f"{real}: holds {len(paths)} photos; at least 4 are needed, of which half choose")
    features = cached_features(paths, extractor, cache / f"real-{extractor.frechet}.npz")
    return Photographs(features[0::2], features[1::2])


def cached_values(paths: List[Path], judge: str, value_of: Callable[[int], float], cache: Path) -> np.ndarray:
    """A number for each image, [L], from the cache where it holds those of the same images and judge."""
    stamps = [(path.name, *file_version(path)) for path in paths]
    key = hashlib.sha256(json.dumps([judge, stamps]).encode()).hexdigest()
    try:
        kept = read_json(cache)
        if kept["key"] == key:
            return np.array(kept["values"], np.float64).reshape(len(paths))
    except (InputError, ValueError, KeyError, TypeError, OverflowError):
        pass  # none yet, or a torn or foreign file: it is made again
    values = [value_of(k) for k in tqdm(range(len(paths)), unit="img", dynamic_ncols=True, desc=cache.stem)]
    write_atomic(cache, json.dumps({"key": key, "values": values}).encode())
    return np.array(values)
