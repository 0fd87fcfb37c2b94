"""Orders of the images of a score, from the worst to the best, for the page that shows both ends."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Sequence

import numpy as np

from data_tools.basics.spacing import evenly_spaced
from data_tools.sets.image_io import read_photo, resize_photo
from jittor_tsit.metrics.style import histogram_correlation
from jittor_tsit.metrics.terms import TERMS, Term

COMPARED = 200  # photographs whose colours are compared with each image: more take minutes for 1,000 images
SMALL = 64  # pixels a side; the histogram of colours hardly changes when an image is shrunk to it


class Ranking(NamedTuple):
    """Values of the images by which they are ordered."""

    name: str  # the texts of the page are called "ranking <name>" and "lead <name>"
    values: Mapping[str, float]  # stem -> value
    higher_is_better: bool = True

    def ordered(self) -> List[str]:
        """Return the stems from the worst to the best; equal values in the order of their names."""
        sign = 1 if self.higher_is_better else -1
        return sorted(self.values, key=lambda stem: (sign * self.values[stem], stem))


def rankings(terms: Mapping[str, Term], images: Mapping[str, Path], photos: Sequence[Path]) -> List[Ranking]:
    """Return every order that the terms give; none only without judges and photographs.

    The terms of single images order them. So do features: by the distance to the nearest photograph. Without any judge,
    the images are ordered by their colours.

    Args:
        images: stem -> file.
        photos: The real photographs.
    """
    found = [
        Ranking(name, term.per_image, TERMS[name].higher_is_better) for name, term in terms.items() if term.per_image
    ]
    near = next((term.nearness for term in terms.values() if term.nearness), None)
    if near:
        found.append(Ranking("nearness", near))
    if photos and not found:
        found.append(Ranking("colours", likeness_of_colours(images, photos)))
    return found


def likeness_of_colours(images: Mapping[str, Path], photos: Sequence[Path]) -> Dict[str, float]:
    """Return for each image the correlation of its colours with those of the most similar photograph, -1 to 1.

    At most COMPARED photographs, evenly spaced over all, are compared.
    """
    compared = [_small(photos[place]) for place in evenly_spaced(len(photos), COMPARED)]
    values = {}
    for stem, path in images.items():
        image = _small(path)
        values[stem] = max(histogram_correlation(image, photo) for photo in compared)
    return values


def _small(path: Path) -> np.ndarray:
    return resize_photo(read_photo(path), SMALL, SMALL)
