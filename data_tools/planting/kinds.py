"""The table of defects by name. Each is a function from one pair to the pairs that replace it."""

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

_MOST_PARTNERS = 40  # pairs that are tried as partners for a swap
_MOST_TWINS = 5  # with more twins, one label map would dominate a small set


class Pixels:
    """The photo and the label map of one pair, read from their files at each access.

    They are not kept, because a whole set does not fit into memory.
    """

    def __init__(self, pair: Pair):
        self._pair, self.stem = pair, pair.stem

    @property
    def photo(self) -> np.ndarray:
        """The photo, [H, W, 3] uint8 RGB, read now."""
        return read_photo(self._pair.photo)

    @property
    def label(self) -> np.ndarray:
        """The label map, [h, w] uint8, ids 0..28, read now."""
        return read_label(self._pair.label, remedy="; plant knows the 29 landscape classes only")


class Planted(NamedTuple):
    """One pair to be written, and its row of the truth file. If `photo` or `label` is None, the file is copied."""

    truth: Truth
    photo: Optional[np.ndarray] = None
    label: Optional[np.ndarray] = None
    quality: int = 95


Others = Callable[[np.random.Generator], Iterator[Pixels]]  # gives the other pairs of the set in random order
Planter = Callable[[Pixels, Others, np.random.Generator], Optional[List[Planted]]]


class Kind(NamedTuple):
    """A kind of defect: what it changes ("label", "photo", or "adds" for added pairs), and the function that makes it.

    `plant` returns the pair that replaces the original, then the added pairs, or None if the pair is not suitable.
    """

    changes: str
    plant: Planter


def _in_label(kind: str, spoil: Callable[..., Optional[Change]]) -> Kind:
    """Return a kind of defect that changes the label map, made from a function `spoil(label, rng)` (`labels.shifted`).

    Args:
        kind: Name of the kind.
    """

    def plant(source: Pixels, others: Others, rng: np.random.Generator) -> Optional[List[Planted]]:
        change = spoil(source.label, rng)
        return None if change is None else [Planted(Truth(source.stem, kind, "", change.detail), label=change.pixels)]

    return Kind("label", plant)


def _in_photo(kind: str, spoil: Callable[..., Optional[Change]]) -> Kind:
    """Return a kind of defect that changes the photo, made from `spoil(photo, label, rng)` (`photos.blurred`).

    Args:
        kind: Name of the kind.
    """

    def plant(source: Pixels, others: Others, rng: np.random.Generator) -> Optional[List[Planted]]:
        change = spoil(source.photo, source.label, rng)
        return None if change is None else [Planted(Truth(source.stem, kind, "", change.detail), photo=change.pixels)]

    return Kind("photo", plant)


def _swap(source: Pixels, others: Others, rng: np.random.Generator) -> Optional[List[Planted]]:
    """Return the pair with the label map of another pair; None if all tried label maps look too much like its own."""
    candidates = ((other.stem, other.label) for other, _ in zip(others(rng), range(_MOST_PARTNERS)))
    found = labels.swapped(source.label, candidates)
    if found is None:
        return None
    partner, change = found
    return [Planted(Truth(source.stem, "swapped", partner, change.detail), label=change.pixels)]


def _duplicate(source: Pixels, others: Others, rng: np.random.Generator) -> Optional[List[Planted]]:
    """Return two pairs to write: the unchanged pair, and `<stem>-2` with its label map and a copy of its photo.

    The copy is changed slightly, by `pairs.duplicate`.
    """
    copy = pairs.duplicate(source.photo, source.label, rng)
    truth = Truth(f"{source.stem}-2", "duplicate", source.stem, copy.detail)
    return [Planted(Truth(source.stem, "", "", "")), Planted(truth, photo=copy.photo, quality=copy.quality)]


def _twins(source: Pixels, others: Others, rng: np.random.Generator) -> Optional[List[Planted]]:
    """Return the pair, and one to five twins `<stem>-t1`, `<stem>-t2`, … None if the pair is not suitable.

    A twin has nearly the same label map, and the photo in another weather and with the colours of another pair.
    """
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
    """Return the stems that a duplicate or twins of the pair `stem` can get."""
    return [f"{stem}-2", *(f"{stem}-t{number}" for number in range(1, _MOST_TWINS + 1))]
