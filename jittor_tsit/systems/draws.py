"""Random numbers that depend only on the seed and the image, not on the batch, the process or the time."""

import contextlib
import zlib
from types import MappingProxyType
from typing import Callable, Dict, Iterator, Mapping, Sequence, Tuple

import jittor as jt
import numpy as np

from data_tools.basics.names import to_utf8


class Noise:
    """Random numbers with an independent stream for each purpose and image.

    A resumed run gets the same numbers as an uninterrupted one. A label map gets the same code in every batch.

    Args:
        class_seeds: Class id -> seed of the pixels of that class, for systems with `draws_by_class`; `seed` is for all
            other pixels.
    """

    def __init__(self, seed: int, class_seeds: Mapping[int, int] = MappingProxyType({})):
        self.seed = seed
        self.of_classes: Dict[int, Noise] = {number: Noise(own) for number, own in class_seeds.items()}

    def normal(self, purpose: str, keys: Sequence[int], shape: Tuple[int, ...]) -> jt.Var:
        """Draw from N(0, 1), [len(keys), *shape].

        Args:
            purpose: Name of the stream, such as "G" or "D".
            keys: One number for each image: its place in the run, or `key_of` its name.
        """
        return self._draws(purpose, keys, lambda rng: rng.standard_normal(shape, np.float32))

    def uniform(self, purpose: str, keys: Sequence[int], shape: Tuple[int, ...]) -> jt.Var:
        """Draw uniformly from [0, 1), [len(keys), *shape]. See `normal` for the arguments."""
        return self._draws(purpose, keys, lambda rng: rng.random(shape, np.float32))

    def coins(self, purpose: str, keys: Sequence[int], shape: Tuple[int, ...]) -> jt.Var:
        """Draw 0 or 1 with equal probability, [len(keys), *shape] float32. See `normal` for the arguments."""
        return self._draws(purpose, keys, lambda rng: rng.integers(0, 2, shape, np.uint8)).float32()

    def numbers(self, purpose: str, keys: Sequence[int], count: int) -> np.ndarray:
        """Draw uniformly from [0, 1), [len(keys), count] float32, as a NumPy array. See `normal`."""
        return self._arrays(purpose, keys, lambda rng: rng.random(count, np.float32))

    def _draws(self, purpose: str, keys: Sequence[int], draw: Callable[[np.random.Generator], np.ndarray]) -> jt.Var:
        return jt.array(self._arrays(purpose, keys, draw))

    def _arrays(
        self, purpose: str, keys: Sequence[int], draw: Callable[[np.random.Generator], np.ndarray]
    ) -> np.ndarray:
        stream = zlib.crc32(purpose.encode())
        return np.stack([draw(np.random.default_rng([self.seed, stream, key])) for key in keys])


@contextlib.contextmanager
def initial_draws(seed: int) -> Iterator[None]:
    """Seed Jittor's random generator for the `with` block, so that all processes draw the same initial weights.

    Jittor draws when it executes an operator, not when the operator is created. Pending operators are therefore
    executed before the block and at its end.
    """
    jt.sync_all()
    jt.set_global_seed(seed, False)
    yield
    jt.sync_all()


def key_of(name: str) -> int:
    """Return a number for a name, the same on every machine, to use as key of `Noise`."""
    return zlib.crc32(to_utf8(name))
