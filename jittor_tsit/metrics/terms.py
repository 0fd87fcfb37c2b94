"""What a score is made of."""

from __future__ import annotations

from typing import Dict, Mapping, NamedTuple, Optional


class Term(NamedTuple):
    """One number of a set of images, or why there is none."""

    value: Optional[float]  # None: absent
    count: int = 0  # images that it is of
    judge: str = ""  # what judged: file name and SHA-256 of its weights
    note: str = ""  # how far it can be trusted; if absent, why, and the way to get it
    per_image: Mapping[str, float] = {}  # by stem, where each image has a value of its own


class Kind(NamedTuple):
    """What a term means."""

    higher_is_better: bool
    meaning: str


TERMS: Dict[str, Kind] = {
    "mask_accuracy": Kind(True, "share of pixels that the segmenter gives the label's class, 0 to 1"),
    "aesthetic": Kind(True, "how well people like such images, 1 to 10"),
    "fid": Kind(False, "Frechet distance of Inception features, 0 and more"),
    "style": Kind(True, "correlation of colours with the reference photo, -1 to 1"),
    "kid": Kind(False, "kernel distance of Inception features"),
    "vgg16_relu5_1_frechet": Kind(False, "Frechet distance of VGG-16 features; no FID"),
    "vgg16_relu5_1_mmd": Kind(False, "kernel distance of VGG-16 features; no KID"),
}


def absent(note: str) -> Term:
    """A term without a judge."""
    return Term(None, note=note)


def mean_of(per_image: Mapping[str, float], judge: str, note: str = "") -> Term:
    """A term that is the mean of the images' own values."""
    return Term(sum(per_image.values()) / len(per_image), len(per_image), judge, note, per_image)
