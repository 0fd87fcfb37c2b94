"""Terms of a score."""

from __future__ import annotations

from typing import Dict, Mapping, NamedTuple, Optional


class Term(NamedTuple):
    """One term of the score of a set of images, or the reason why it is absent."""

    value: Optional[float]  # None: absent
    count: int = 0  # type: ignore[assignment]  # number of images; NamedTuple also has a method of this name
    judge: str = ""  # network that rated: file name and SHA-256 of its weights
    note: str = ""  # limits of the value; for an absent term the reason and the way to get it
    per_image: Mapping[str, float] = {}  # stem of the file name -> value, if each image has a value
    # Stem -> nearness of the image's features to those of the nearest photograph, 0 to 1, for distances of whole sets.
    nearness: Mapping[str, float] = {}
    num_real: int = 0  # number of real photographs that the images were compared with; 0 for terms without them


def values_of(terms: Mapping[str, Term]) -> Dict[str, Optional[float]]:
    """Return name -> value of the terms."""
    return {name: term.value for name, term in terms.items()}


class Kind(NamedTuple):
    """What a term means in words, and whether a higher value is better."""

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
    """Return an absent term.

    Args:
        note: Why the term is absent and how to get it.
    """
    return Term(None, note=note)


def mean_of(per_image: Mapping[str, float], judge: str, note: str = "") -> Term:
    """Return a term whose value is the mean of the values of the images."""
    return Term(sum(per_image.values()) / len(per_image), len(per_image), judge, note, per_image)
