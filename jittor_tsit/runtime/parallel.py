"""Data-parallel training: several processes train one model and communicate through Jittor's MPI.

A single process communicates with nobody, and every function here then returns at once.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, TypeVar

import jittor as jt
import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.names import to_utf8
from jittor_tsit.runtime.mpirun import CommonError

Result = TypeVar("Result")


class Share(NamedTuple):
    """How many images count in one forward pass: those of this process, of all processes, and of the whole step."""

    own: int  # of this process in this forward pass; 0 if its only image is a placeholder that does not count
    part: int  # of all processes in this forward pass
    whole: int  # of all processes in all forward passes of the step

    @property
    def weight(self) -> float:
        """Weight of this process's mean in the mean over the whole step."""
        return self.own / self.whole


class Piece(NamedTuple):
    """Which images this process computes in one forward pass, and their share of the batch."""

    index: range  # type: ignore[assignment] # positions in the run, counted from its first image; hides tuple.index
    share: Share


_share: Optional[Share] = None  # share of the forward pass that is being built
_uses_local_statistics = False  # whether batch statistics are computed without the other processes


def rank() -> int:
    """Return the number of this process, counted from 0."""
    return jt.rank


def num_processes() -> int:
    """Return the number of processes that train together."""
    return jt.world_size


def split_batch(first: int, size: int, num_parts: int = 1) -> List[Piece]:
    """Split a batch into forward passes, and return the pieces that this process computes.

    The pieces of all processes in all forward passes make up the batch, without overlap. A process without an image in
    a forward pass gets a placeholder image that does not count, because every process must take part in every
    communication.

    Args:
        first: Position in the run of the batch's first image.
        size: Number of images in the batch.
        num_parts: Number of forward passes.
    """
    pieces = []
    for k in range(min(num_parts, size)):
        part = _slice(range(first, first + size), k, min(num_parts, size))
        own = _slice(part, rank(), num_processes())
        pieces.append(Piece(own or part[:1], Share(len(own), len(part), size)))
    return pieces


def _slice(numbers: range, k: int, count: int) -> range:
    """Divide a range into `count` consecutive ranges of nearly equal length, and return number `k`, counted from 0."""
    return numbers[len(numbers) * k // count : len(numbers) * (k + 1) // count]


@contextmanager
def use_share(share: Share):
    """Set the share of the forward passes that are built in the `with` block."""
    global _share
    previous, _share = _share, share
    try:
        yield
    finally:
        _share = previous


@contextmanager
def local_statistics():
    """Inside the `with` block, compute batch statistics from this process's images only, without communication."""
    global _uses_local_statistics
    _uses_local_statistics = True
    try:
        yield
    finally:
        _uses_local_statistics = False


def sum_over_processes(x: jt.Var) -> jt.Var:
    """Return the sum of `x` over all processes. The backward pass sums the gradients over all processes."""
    return x.mpi_all_reduce("add") if num_processes() > 1 else x


def batch_moments(mean: jt.Var, var: jt.Var, count: int) -> Tuple[jt.Var, jt.Var, int]:
    """Combine the batch statistics of all processes.

    Args:
        mean, var: Mean and biased variance of this process's values.
        count: Number of these values.

    Returns:
        Mean, biased variance and number of the values of all processes.
    """
    if num_processes() == 1 or _uses_local_statistics:
        return mean, var, count
    own, part = (_share.own, _share.part) if _share else (1, num_processes())
    weight = own / part
    whole_mean = sum_over_processes(weight * mean)
    whole_var = sum_over_processes(weight * (var + (mean - whole_mean).sqr()))
    return whole_mean, whole_var, count * part // max(own, 1)


def gather_texts(text: str) -> List[str]:
    """Exchange a text: return the texts of all processes, in the order of their numbers, on every process."""
    if num_processes() == 1:
        return [text]
    return [_broadcast_text(root, text) for root in range(num_processes())]


def _broadcast_text(root: int, text: str) -> str:
    """Return the text of process `root`, on every process."""
    data = np.frombuffer(to_utf8(text), np.uint8).copy()
    size = np.array([data.size], np.int64)
    jt.compile_extern.mpi.broadcast(size, root)
    if root != rank():
        data = np.empty(int(size[0]), np.uint8)
    if size[0]:
        jt.compile_extern.mpi.broadcast(data, root)
    return data.tobytes().decode()


def broadcast_array(array: np.ndarray) -> np.ndarray:
    """Return the array of process 0 on every process. Every process passes an array of this shape and type."""
    array = np.ascontiguousarray(array)
    if num_processes() > 1:
        jt.compile_extern.mpi.broadcast(array, 0)
    return array


def gather_images(x: jt.Var, index: Sequence[int], share: Share) -> Tuple[jt.Var, Sequence[int], slice]:
    """Gather the images of all processes in this forward pass. No gradient flows back.

    Args:
        x: Images of this process, [N, C, H, W].
        index: Their positions in the run, consecutive numbers; at least one.
        share: Share of this forward pass.

    Returns:
        The images of all processes [M, C, H, W], their positions in the run, and the slice of them that is `x`.
    """
    if num_processes() == 1:
        return x, index, slice(0, x.shape[0])
    offset = index[0] - min(int(start) for start in gather_texts(str(index[0])))
    parts = [jt.zeros(offset, *x.shape[1:])] if offset else []
    if share.own:
        parts.append(x)
    rest = share.part - offset - share.own
    everything = jt.concat([*parts, jt.zeros(rest, *x.shape[1:])] if rest else parts, 0)
    first = index[0] - offset
    return sum_over_processes(everything), range(first, first + share.part), slice(offset, offset + max(share.own, 1))


def any_process(condition: bool) -> bool:
    """Return whether the condition is true on at least one process."""
    if num_processes() == 1:
        return condition
    return "1" in gather_texts(str(int(condition)))


def on_all_processes(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function on every process. If it raises an InputError on any, raise the same error on all.

    Raises:
        CommonError: The first error. The message names its process if the function succeeded on others.
    """
    results: List[Result] = []
    problem = ""
    try:
        results.append(function(*arguments))
    except InputError as error:
        problem = str(error)
    problems = gather_texts(problem)
    ranks = [number for number, text in enumerate(problems) if text]
    if not ranks:
        return results[0]
    where = f"process {ranks[0]} of {num_processes()}: " if len(ranks) < num_processes() else ""
    raise CommonError(where + problems[ranks[0]])


def require_same(values: Dict[str, str], what: str) -> None:
    """Check that all processes have the same texts under the same names in `values`.

    Args:
        what: Word for these texts in the message.

    Raises:
        CommonError: A text differs; the message gives its name and the process.
    """
    digests = {name: hashlib.sha256(to_utf8(value)).hexdigest() for name, value in values.items()}
    tables = gather_texts("\n".join(f"{name} {digest}" for name, digest in sorted(digests.items())))
    for number, table in enumerate(tables):
        differing = [one for one, other in zip(tables[0].splitlines(), table.splitlines()) if one != other]
        if differing or len(table) != len(tables[0]):
            name = differing[0].rpartition(" ")[0] if differing else "their number"
            raise CommonError(f"process {number} has other {what} than process 0: {name}")


def on_first_process(function: Callable[[], None]) -> None:
    """Call a function on process 0 while the others wait. If it raises an InputError, all processes raise it."""
    on_all_processes(function if rank() == 0 else lambda: None)
