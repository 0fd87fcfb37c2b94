"""The samples of a whole run, phase after phase, each perhaps with the target of another sample. Imports no Jittor."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import Sequence, Union

import numpy as np

from jittor_tsit.data.read_ahead import Arrays
from jittor_tsit.data.samples import PairedSamples, Samples


@dataclass(frozen=True)
class WithOther:
    """Samples with one more array at the end: the target of another random sample, with that sample's augmentation."""

    samples: Samples

    def __call__(self, nimg: int) -> Arrays:
        """Return the arrays of the sample at place `nimg`, then the target of another random sample of the same epoch.

        In a set of one sample, it is the target of this sample.
        """
        count, target = len(self.samples), 0 if isinstance(self.samples, PairedSamples) else 1
        epoch, place = divmod(nimg, count)
        step = int(np.random.default_rng([*self.samples.seeds, nimg, 1]).integers(1, max(count, 2)))
        other = self.samples(epoch * count + (place + step) % count)
        return (*self.samples(nimg), other[target])


@dataclass(frozen=True)
class PhasedSamples:
    """All samples of a run, phase after phase, by their place in the run.

    Args:
        phases: The samples of each phase; either all or none of them are `WithOther`.
        starts: Number of images of the run before each phase.
        have_sizes: Whether the images of the phases differ in size.
    """

    phases: Sequence[Union[Samples, WithOther]]
    starts: Sequence[int]
    have_sizes: bool = False

    @property
    def has_other(self) -> bool:
        """Whether the last array of a sample is the target of another sample."""
        return isinstance(self.phases[0], WithOther)

    def __call__(self, nimg: int) -> Arrays:
        """Return the sample at place `nimg` of the run."""
        phase = self._phase_of(nimg)
        return self.phases[phase](nimg - self.starts[phase])

    def next_place(self, nimg: int, number: int) -> int:
        """Return the place of the sample to try as number `number`, from 1, if that at place `nimg` cannot be read.

        It lies `number` places further on. Where that is in another phase, whose images may have another size, it lies
        as far back, but not before the phase's first place.
        """
        phase = self._phase_of(nimg)
        if not self.have_sizes or self._phase_of(nimg + number) == phase:
            return nimg + number
        return max(nimg - number, self.starts[phase])

    def _phase_of(self, nimg: int) -> int:
        return bisect.bisect_right(self.starts, nimg) - 1
