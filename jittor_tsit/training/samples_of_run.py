"""The training samples of a run: found, checked, read from a cache, and put into order."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Callable, List, Sequence, cast

import numpy as np

from jittor_tsit.config import DataConfig, Experiment
from jittor_tsit.config.phases import has_sizes
from jittor_tsit.data.balance import balanced, pairs_of, read_shown_classes
from jittor_tsit.data.cached_pairs import from_cache, make_cache
from jittor_tsit.data.finders import samples_of_phases
from jittor_tsit.data.folders import augmentation_of
from jittor_tsit.data.remarks import tell_passed_over
from jittor_tsit.data.samples import PairedSamples, Samples
from jittor_tsit.runtime import parallel
from jittor_tsit.systems.base import System


def read_samples(experiment: Experiment, system: System, kept_in: Path, say: Callable[[str], None]) -> List[Samples]:
    """Return the training samples of each phase. Process 0 first checks that every file can be read.

    Args:
        kept_in: Text file that lists the files that passed the check before. They are not read again.
        say: Prints one line for the user, on process 0 only.

    Raises:
        InputError: See `samples_of_phases`; or a file is faulty. The message names the first one.
    """
    samples = samples_of_phases(experiment, system.batch_kind.find_samples)
    if parallel.rank() == 0:
        tell_passed_over([each for phase in samples for each in phase.lists()])
        system.batch_kind.check_samples(samples, experiment.data, kept_in, say)
    return samples


def with_cache(samples: List[Samples], data: DataConfig, say: Callable[[str], None]) -> List[Samples]:
    """Return samples that are read from the file `data.cache`, or the same samples if the option is empty.

    Process 0 builds the cache file if it is missing or outdated.

    Args:
        say: See `read_samples`.

    Raises:
        CommonError: See `make_cache` and `from_cache`.
    """
    if not data.cache:
        return samples
    path = Path(data.cache)
    workers = len(os.sched_getaffinity(0))  # nothing else computes yet
    paired = cast(List[PairedSamples], samples)  # other systems have no option `cache`
    parallel.on_first_process(lambda: make_cache(paired, path, workers, say))
    return list(parallel.on_all_processes(from_cache, paired, path))


def with_balance(samples: List[Samples], data: DataConfig, say: Callable[[str], None]) -> List[Samples]:
    """Return samples in an order that prefers rare classes, or the same samples if `data.balance_pairs` is 0.

    Process 0 reads all label maps to find the classes.

    Args:
        say: See `read_samples`.

    Raises:
        CommonError: See `read_shown_classes`.
    """
    if not data.balance_pairs:
        return samples
    paired = cast(List[PairedSamples], samples)  # other systems have no option `balance_pairs`
    shown = np.zeros((len(pairs_of(paired)), data.num_classes), np.uint8)
    workers = len(os.sched_getaffinity(0))  # nothing else computes yet
    parallel.on_first_process(lambda: np.copyto(shown, read_shown_classes(paired, workers)))
    phases = balanced(paired, parallel.broadcast_array(shown), data.balance_pairs)
    for number, each in enumerate(phases, start=1):
        where = f" of phase {number}" if len(phases) > 1 else ""
        least, most = each.weights.min(), each.weights.max()
        say(f"balance_pairs={data.balance_pairs}: a pair{where} comes {least:.2g} to {most:.2g} times in an epoch")
    return list(phases)


def grid_samples(experiment: Experiment, samples: Sequence[Samples]) -> Samples:
    """Return the samples of the grids: those of the first phase, at the size of the experiment."""
    if not has_sizes(experiment):
        return samples[0]
    of_phase = cast(PairedSamples, samples[0])  # or contents and styles, a dataclass, too
    return dataclasses.replace(of_phase, augmentation=augmentation_of(experiment.data))
