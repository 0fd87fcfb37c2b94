"""The kinds of defects by name, each as a function from one pair to the pairs that take its place."""

from __future__ import annotations

from typing import Callable, Dict, Iterator, List, NamedTuple, Optional

import numpy as np

from data_tools.planting import labels, pairs, photos
from data_tools.planting.fields import Change
from data_tools.planting.truth import Truth
from data_tools.planting.watermark import watermarked
from data_tools.planting.weather import WEATHERS
from data_tools.sets.image_io import read_label, read_photo
from data_tools.sets.pairing import Pair

_MOST_PARTNERS = 40  # pairs looked at for a swap; a set that offers none among so many offers hardly any
_MOST_TWINS = 5  # an original with more than five others of its map would outweigh all else in a small set


class Pixels:
    """A pair whose files are decoded each time they are asked for: all of a set would fill the memory."""

    def __init__(self, pair: Pair):
        self._pair, self.stem = pair, pair.stem

    @property
    def photo(self) -> np.ndarray:
        """[H, W, 3] uint8 RGB."""
        return read_photo(self._pair.photo)

    @property
    def label(self) -> np.ndarray:
        """[h, w] uint8, ids 0..28."""
        return read_label(self._pair.label)


class Planted(NamedTuple):
    """One pair to be written, and the truth about it. Without a photo or label it has its original's file."""

    truth: Truth
    photo: Optional[np.ndarray] = None
    label: Optional[np.ndarray] = None
    quality: int = 95


Others = Callable[[np.random.Generator], Iterator[Pixels]]  # the other pairs of the set, in random order
Planter = Callable[[Pixels, Others, np.random.Generator], Optional[List[Planted]]]


class Kind(NamedTuple):
    """What a defect changes (`label`, `photo`) or that it adds pairs (`adds`), and how it is planted.

    `plant` gives the original's place first, then what is added; None where the pair does not suit.
    """

    changes: str
    plant: Planter


def _in_label(kind: str, spoil: Callable[..., Optional[Change]]) -> Kind:
    def plant(source: Pixels, others: Others, rng: np.random.Generator) -> Optional[List[Planted]]:
        change = spoil(source.label, rng)
        return change and [Planted(Truth(source.stem, kind, "", change.detail), label=change.pixels)]

    return Kind("label", plant)


def _in_photo(kind: str, spoil: Callable[..., Optional[Change]]) -> Kind:
    def plant(source: Pixels, others: Others, rng: np.random.Generator) -> Optional[List[Planted]]:
        change = spoil(source.photo, source.label, rng)
        return change and [Planted(Truth(source.stem, kind, "", change.detail), photo=change.pixels)]

    return Kind("photo", plant)


def _swap(source: Pixels, others: Others, rng: np.random.Generator) -> Optional[List[Planted]]:
    candidates = ((other.stem, other.label) for other, _ in zip(others(rng), range(_MOST_PARTNERS)))
    found = labels.swapped(source.label, candidates)
    if found is None:
        return None
    partner, change = found
    return [Planted(Truth(source.stem, "swapped", partner, change.detail), label=change.pixels)]


def _duplicate(source: Pixels, others: Others, rng: np.random.Generator) -> Optional[List[Planted]]:
    copy = pairs.duplicate(source.photo, source.label, rng)
    truth = Truth(f"{source.stem}-2", "duplicate", source.stem, copy.detail)
    return [Planted(Truth(source.stem, "", "", "")), Planted(truth, photo=copy.photo, quality=copy.quality)]


def _twins(source: Pixels, others: Others, rng: np.random.Generator) -> Optional[List[Planted]]:
    """The original and one to five twins, each in another weather and with the colours of another photo."""
    photo, label = source.photo, source.label
    count = int(rng.integers(1, _MOST_TWINS + 1))
    weathers = rng.permutation(list(WEATHERS))[:count]
    group: List[Planted] = []
    for number, (weather, donor) in enumerate(zip(weathers, others(rng)), start=1):
        twin = pairs.twin_label(photo, label, donor.photo, weather, rng)
        if twin is None:
            return None
        truth = Truth(f"{source.stem}-t{number}", "twin_label", source.stem, twin.detail)
        group.append(Planted(truth, twin.photo, twin.label, twin.quality))
    original = Planted(Truth(source.stem, "twin_label", source.stem, f"original of {len(group)}"))
    return [original, *group] if group else None


KINDS: Dict[str, Kind] = {
    "shifted": _in_label("shifted", labels.shifted),
    "mirrored": _in_label("mirrored", labels.mirrored),
    "swapped": Kind("label", _swap),
    "permuted": _in_label("permuted", labels.permuted),
    "merged": _in_label("merged", labels.merged),
    "shredded": _in_label("shredded", labels.shredded),
    "one_class": _in_label("one_class", labels.one_class),
    "backlit": _in_photo("backlit", photos.backlit),
    "overexposed": _in_photo("overexposed", photos.overexposed),
    "underexposed": _in_photo("underexposed", photos.underexposed),
    "blurred": _in_photo("blurred", photos.blurred),
    "greyed": _in_photo("greyed", photos.greyed),
    "framed": _in_photo("framed", photos.framed),
    "watermarked": _in_photo("watermarked", watermarked),
    "duplicate": Kind("adds", _duplicate),
    "twin_label": Kind("adds", _twins),
}


def added_stems(stem: str) -> List[str]:
    """The names that pairs added beside this one may get."""
    return [f"{stem}-2", *(f"{stem}-t{number}" for number in range(1, _MOST_TWINS + 1))]
