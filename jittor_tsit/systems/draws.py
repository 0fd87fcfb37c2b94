"""Random draws that depend on the seed and the image alone, not on when or where they are made."""

import contextlib
import zlib
from typing import Callable, Iterator, Sequence, Tuple

import jittor as jt
import numpy as np


class Noise:
    """Draws, one stream for each purpose and image.

    A resumed run draws what the uninterrupted one would have, and a label gets the same code in any batch.
    """

    def __init__(self, seed: int):
        self.seed = seed

    def normal(self, purpose: str, keys: Sequence[int], shape: Tuple[int, ...]) -> jt.Var:
        """N(0, 1) draws, [len(keys), *shape].

        Args:
            purpose: Separates the draws of one image, such as "G" and "D".
            keys: One number an image: its place in the run, or `key_of` its name.
        """
        return self._draws(purpose, keys, lambda rng: rng.standard_normal(shape, np.float32))

    def uniform(self, purpose: str, keys: Sequence[int], shape: Tuple[int, ...]) -> jt.Var:
        """Draws from [0, 1), [len(keys), *shape]; arguments as of `normal`."""
        return self._draws(purpose, keys, lambda rng: rng.random(shape, np.float32))

    def coins(self, purpose: str, keys: Sequence[int], shape: Tuple[int, ...]) -> jt.Var:
        """Zeros and ones, as many of each, float32 [len(keys), *shape]; arguments as of `normal`."""
        return self._draws(purpose, keys, lambda rng: rng.integers(0, 2, shape, np.uint8)).float32()

    def _draws(self, purpose: str, keys: Sequence[int], draw: Callable[[np.random.Generator], np.ndarray]) -> jt.Var:
        stream = zlib.crc32(purpose.encode())
        return jt.array(np.stack([draw(np.random.default_rng([self.seed, stream, key])) for key in keys]))


@contextlib.contextmanager
def initial_draws(seed: int) -> Iterator[None]:
    """Within it, Jittor's own generator draws by `seed` alone, the same on all processes: initial weights.

    Jittor draws when it executes: what is pending before must not draw among these, nor these later among others.
    """
    jt.sync_all()
    jt.set_global_seed(seed, False)
    yield
    jt.sync_all()


def key_of(name: str) -> int:
    """A number for a name, the same on every machine."""
    return zlib.crc32(name.encode())
