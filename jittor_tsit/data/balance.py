"""Order of training pairs in which pairs with rare classes come more often. Imports no Jittor.

Source: repeat factor sampling of Gupta, Dollar & Girshick, "LVIS: A Dataset for Large Vocabulary Instance
    Segmentation", CVPR 2019. Differs: the exponent is an option, there 1/2; there is no threshold above which classes
    count as frequent; and an epoch keeps its length.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import List, Sequence, Tuple

import numpy as np

from data_tools.basics.pools import local_pool, run_in_order
from data_tools.basics.progress import progress_bar
from data_tools.sets.pairing import Pair
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.data.read_ahead import Arrays
from jittor_tsit.data.samples import PairedSamples

LEAST_SHARE = 0.001  # of a map's pixels, from which a map shows a class: D's patches are larger than a few stray pixels


@dataclass(frozen=True)
class BalancedPairs(PairedSamples):
    """Paired samples in an order in which some pairs are drawn more often than others.

    Args:
        source: The samples, which are read as before.
        weights: For each pair how often it comes in an epoch on average, [len(source)]; their mean is 1.
    """

    source: PairedSamples
    weights: np.ndarray

    def draw(self, nimg: int) -> Tuple[int, bool]:
        """Return the position of the sample at place `nimg` of the sequence, and whether it is mirrored.

        In each epoch a pair of weight w comes floor(w) or ceil(w) times (systematic sampling of the shuffled pairs).
        """
        size = len(self)
        epoch, place = divmod(nimg, size)
        rng = np.random.default_rng([*self.seeds, epoch])
        shuffled, order = rng.permutation(size), rng.permutation(size)
        ends = np.cumsum(self.weights[shuffled])
        mark = (rng.random() + order[place]) * ends[-1] / size
        position = shuffled[min(np.searchsorted(ends, mark, side="right"), size - 1)]
        return int(position), bool(rng.integers(2, size=size)[place])

    def read(self, position: int, width: int, height: int) -> Arrays:
        """Read the arrays of a pair as `source` does."""
        return self.source.read(position, width, height)


def balanced(samples: Sequence[PairedSamples], shown: np.ndarray, balance: float) -> List[BalancedPairs]:
    """Return the samples of each phase in an order that prefers pairs with rare classes.

    Args:
        shown: Which classes each pair of `pairs_of(samples)` shows, [pairs, classes], zeros and ones.
        balance: See `weights_of`.
    """
    rows = {pair: row for row, pair in enumerate(pairs_of(samples))}
    phases = []
    for each in samples:
        weights = weights_of(shown[[rows[pair] for pair in each.pairs]].astype(bool), balance)
        phases.append(BalancedPairs(each.pairs, each.label_maps, each.augmentation, each.seeds, each, weights))
    return phases


def weights_of(shown: np.ndarray, balance: float) -> np.ndarray:
    """Return how often each pair comes in an epoch on average, [pairs] float64.

    A pair counts (1 / share)^balance, where share is the share of all pairs that show the rarest of its classes. A pair
    that shows no class counts 1. The results are scaled to a mean of 1.

    Args:
        shown: Which classes each pair shows, [pairs, classes] bool.
        balance: 0 to 1. With 0 all pairs come equally often.
    """
    share = shown.mean(0)
    rarity = np.where(share > 0, share, 1) ** -balance
    weights = np.where(shown, rarity, 1).max(1)
    return weights / weights.mean()


def pairs_of(samples: Sequence[PairedSamples]) -> List[Pair]:
    """Return the pairs of all phases, each once, in one order for all processes."""
    return sorted({pair for each in samples for pair in each.pairs})


def read_shown_classes(samples: Sequence[PairedSamples], workers: int) -> np.ndarray:
    """Read which classes each pair of `pairs_of(samples)` shows, [pairs, classes] uint8.

    Pixels without a class do not count.

    Args:
        workers: Number of processes that read.

    Raises:
        InputError: A label map cannot be read.
    """
    maps, size = samples[0].label_maps, samples[0].augmentation.size
    labels = [pair.label for pair in pairs_of(samples)]
    with local_pool(workers, _start, (maps, size)) as pool:
        read = run_in_order(pool.executor, _read, labels, pool.ahead)
        return np.stack(list(progress_bar(read, total=len(labels), unit="map", desc="classes", leave=False)))


def shown_classes(ids: np.ndarray, num_classes: int) -> np.ndarray:
    """Return which classes a label map shows on at least LEAST_SHARE of it: ids [H, W] -> [num_classes] uint8."""
    counts = np.bincount(ids.ravel(), minlength=num_classes)[:num_classes]
    return (counts >= LEAST_SHARE * ids.size).astype(np.uint8) & (counts > 0)


_maps: LabelMaps  # both set in each worker process
_size: Tuple[int, int]


def _start(maps: LabelMaps, size: Tuple[int, int]) -> None:
    global _maps, _size
    _maps, _size = maps, size


def _read(label: Path) -> np.ndarray:
    return shown_classes(_maps.read(label, *_size)[0], _maps.num_classes)
