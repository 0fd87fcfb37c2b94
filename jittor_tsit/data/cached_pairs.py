"""Training pairs that are read from a cache file. Builds the cache file if it is missing. Imports no Jittor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple, Union

import PIL

from data_tools.basics.errors import InputError
from data_tools.basics.pools import local_pool, run_in_order
from data_tools.basics.progress import progress_bar
from data_tools.sets.pairing import Pair
from jittor_tsit.data.cache_file import PairCache, Shapes, Stamp, stamp_of, write_cache
from jittor_tsit.data.read_ahead import Arrays, read_with_retries
from jittor_tsit.data.samples import PairedSamples


@dataclass(frozen=True)
class CachedPairs(PairedSamples):
    """Paired samples that are read from a cache file if it holds them, and from their own files otherwise.

    The cache holds the pairs at the size `augmentation.load`, before the random crop.
    """

    cache: PairCache

    def read(self, position: int, width: int, height: int) -> Arrays:
        """Return the arrays of the pair at a position of the list: photo, class ids and, if needed, instance numbers.

        They come from the cache if it holds the pair, otherwise from the files.
        """
        stem = self.pairs[position].stem
        if (width, height) == self.augmentation.load and stem in self.cache:
            return self.cache.read(stem)
        return super().read(position, width, height)  # a file that cannot be read fails here as it does without a cache


def make_cache(samples: Sequence[PairedSamples], path: Path, workers: int, say: Callable[[str], None]) -> None:
    """Build the cache file with the pairs of all phases, unless a valid file exists.

    Args:
        samples: The samples of each phase.
        workers: Number of processes that decode.
        say: Prints one line for the user.

    Raises:
        InputError: The existing file is damaged or is not a cache of pairs, or the file cannot be written.
        OSError: The disk is full. An older cache file is kept.
    """
    stamps = stamps_of(samples)
    if path.exists():
        reason = PairCache(path).mismatch(form_of(samples[0]), stamps)
        if not reason:
            return
        say(f"{path}: {reason}; building it again")
    else:
        say(f"{path}: does not exist yet; decoding {len(stamps)} pairs into it, once")
    faults = _make(_union(samples), path, stamps, workers)
    if faults:
        say(f"{path}: {len(faults)} of {len(stamps)} pairs cannot be read and are not in it: {faults[0]}, …")


def from_cache(samples: Sequence[PairedSamples], path: Path) -> List[CachedPairs]:
    """Return the samples of all phases, read from the cache file.

    Raises:
        InputError: See `PairCache`; or the file does not hold all pairs.
    """
    cache = PairCache(path)
    reason = cache.mismatch(form_of(samples[0]), stamps_of(samples))
    if reason:
        raise InputError(
            f"{path}: {reason}, but process 0 has just found it valid; all processes must see the same files"
        )
    return [CachedPairs(each.pairs, each.label_maps, each.augmentation, each.seeds, cache) for each in samples]


def form_of(samples: PairedSamples) -> Dict[str, object]:
    """Return every setting that the arrays of a pair depend on, apart from the files themselves.

    The version of Pillow is one of them, because another version may decode to slightly different values.
    """
    width, height = samples.augmentation.load
    maps = samples.label_maps
    unknown = -1 if maps.unknown is None else maps.unknown
    names = {"num_classes": maps.num_classes, "unknown_id": unknown, "instance_edges": maps.has_edges}
    return {"width": width, "height": height, **names, "Pillow": PIL.__version__}


def stamps_of(samples: Sequence[PairedSamples]) -> Dict[str, Stamp]:
    """Return stem -> stamp of every pair of all phases."""
    maps = samples[0].label_maps
    return {pair.stem: stamp_of((pair.photo, *maps.paths(pair.label))) for pair in _pairs(samples)}


def _pairs(samples: Sequence[PairedSamples]) -> List[Pair]:
    return sorted({pair for each in samples for pair in each.pairs})


def _union(samples: Sequence[PairedSamples]) -> PairedSamples:
    return PairedSamples(_pairs(samples), samples[0].label_maps, samples[0].augmentation, ())


def _shapes(samples: PairedSamples) -> Shapes:
    width, height = samples.augmentation.load
    instances = [("<i4", [height, width])] if samples.label_maps.has_edges else []
    return [("|u1", [height, width, 3]), ("|u1", [height, width]), *instances]


def _make(samples: PairedSamples, path: Path, stamps: Dict[str, Stamp], workers: int) -> List[str]:
    """Read all pairs with `workers` processes, and write them to the cache file `path`.

    Returns:
        One error message for each pair that cannot be read. These pairs are left out.
    """
    faults: List[str] = []

    def without_fault(stem: str, found: Union[Arrays, str]) -> Tuple[str, Optional[Arrays]]:
        if isinstance(found, str):
            faults.append(found)
            return stem, None
        return stem, found

    with local_pool(workers, _start, (samples,)) as pool:
        read = run_in_order(pool.executor, _read, range(len(samples)), pool.ahead)
        bar = progress_bar(read, total=len(samples), unit="pair", desc="cache", leave=False)
        found = (without_fault(pair.stem, each) for pair, each in zip(samples.pairs, bar))
        write_cache(path, form_of(samples), _shapes(samples), stamps, found)
    return faults


_samples: PairedSamples  # set in each worker process


def _start(samples: PairedSamples) -> None:
    global _samples
    _samples = samples


def _read(position: int) -> Union[Arrays, str]:
    """Return the arrays of the pair at a position of the list, or an error message if its files cannot be read."""
    try:
        return read_with_retries(lambda place: _samples.read(place, *_samples.augmentation.load), position)
    except InputError as error:
        return str(error)
