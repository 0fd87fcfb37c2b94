"""Processes that train one model together, over Jittor's own MPI. Alone, nothing here communicates."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, TypeVar

import jittor as jt
import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit.runtime.mpirun import CommonError

Result = TypeVar("Result")


class Share(NamedTuple):
    """How many images of a step are in the hands of this process."""

    own: int  # of this process, in this forward pass; 0: the one it has is a stand-in that does not count
    part: int  # of all processes, in this forward pass
    whole: int  # of all processes, in all forward passes of the step

    @property
    def weight(self) -> float:
        """What a mean over the own images counts in a mean over all of the step."""
        return self.own / self.whole


class Piece(NamedTuple):
    """Images that go through the networks together."""

    index: range  # places in the run
    share: Share


_share: Optional[Share] = None  # of the forward pass that is being built
_is_apart = False  # whether passes are built for the own images alone


def rank() -> int:
    """Number of this process, from 0."""
    return jt.rank


def num_processes() -> int:
    """How many train together."""
    return jt.world_size


def split_batch(first: int, size: int, num_parts: int = 1) -> List[Piece]:
    """What this process computes of the images `first` to `first + size`, one forward pass after the other.

    The pieces of all processes and parts, in order, are the batch. A process that would be left without an image
    in a part gets one that does not count: it must take part in every exchange.
    """
    pieces = []
    for k in range(min(num_parts, size)):
        part = _slice(range(first, first + size), k, min(num_parts, size))
        own = _slice(part, rank(), num_processes())
        pieces.append(Piece(own or part[:1], Share(len(own), len(part), size)))
    return pieces


def _slice(numbers: range, k: int, count: int) -> range:
    """The k-th of `count` stretches of nearly equal length."""
    return numbers[len(numbers) * k // count : len(numbers) * (k + 1) // count]


@contextmanager
def sharing(share: Share):
    """For the time of a `with` block, passes are built for images that stand so to those of the other processes."""
    global _share
    previous, _share = _share, share
    try:
        yield
    finally:
        _share = previous


@contextmanager
def apart():
    """For the time of a `with` block, batch statistics are of the own images, and nothing is exchanged."""
    global _is_apart
    _is_apart = True
    try:
        yield
    finally:
        _is_apart = False


def summed(x: jt.Var) -> jt.Var:
    """The sum of all processes' `x`; its gradient is the sum of all processes' gradients."""
    return x.mpi_all_reduce("add") if num_processes() > 1 else x


def batch_moments(mean: jt.Var, var: jt.Var, count: int) -> Tuple[jt.Var, jt.Var, int]:
    """Mean and biased variance over all processes, and how many values they are of.

    Args:
        mean, var, count: Of the own values.
    """
    if num_processes() == 1 or _is_apart:
        return mean, var, count
    own, part = (_share.own, _share.part) if _share else (1, num_processes())
    weight = own / part
    whole_mean = summed(weight * mean)
    whole_var = summed(weight * (var + (mean - whole_mean).sqr()))
    return whole_mean, whole_var, count * part // max(own, 1)


def gather(text: str) -> List[str]:
    """The text of every process, by rank, on every process."""
    if num_processes() == 1:
        return [text]
    return [_from(root, text) for root in range(num_processes())]


def _from(root: int, text: str) -> str:
    data = np.frombuffer(text.encode(), np.uint8).copy()
    size = np.array([data.size], np.int64)
    jt.compile_extern.mpi.broadcast(size, root)
    if root != rank():
        data = np.empty(int(size[0]), np.uint8)
    if size[0]:
        jt.compile_extern.mpi.broadcast(data, root)
    return data.tobytes().decode()


def from_first(array: np.ndarray) -> np.ndarray:
    """Process 0's array; all others give one of the same shape and type."""
    array = np.ascontiguousarray(array)
    if num_processes() > 1:
        jt.compile_extern.mpi.broadcast(array, 0)
    return array


def collected(x: jt.Var, index: range, share: Share) -> Tuple[jt.Var, range, slice]:
    """The images of all processes in this forward pass, their places in the run, and where among them the own are.

    Args:
        x: The own images [N, C, H, W], without gradient.
        index: Their places.
    """
    if num_processes() == 1:
        return x, index, slice(0, x.shape[0])
    offset = index.start - min(int(start) for start in gather(str(index.start)))
    parts = [jt.zeros(offset, *x.shape[1:])] if offset else []
    if share.own:
        parts.append(x)
    rest = share.part - offset - share.own
    everything = jt.concat([*parts, jt.zeros(rest, *x.shape[1:])] if rest else parts, 0)
    first = index.start - offset
    return summed(everything), range(first, first + share.part), slice(offset, offset + max(share.own, 1))


def any_process(claim: bool) -> bool:
    """Whether it holds on any process."""
    return num_processes() > 1 and "1" in gather(str(int(claim))) or claim


def together(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function on every process; when it finds a fault of the user's on any, all stop with one message.

    Raises:
        CommonError: The first fault, and on which processes it was found if not on all.
    """
    result, problem = None, ""
    try:
        result = function(*arguments)
    except InputError as error:
        problem = str(error)
    problems = gather(problem)
    ranks = [number for number, text in enumerate(problems) if text]
    if not ranks:
        return result
    where = f"process {ranks[0]} of {num_processes()}: " if len(ranks) < num_processes() else ""
    raise CommonError(where + problems[ranks[0]])


def require_same(values: Dict[str, str], what: str) -> None:
    """Compare named texts of all processes.

    Args:
        what: They are, in one word or two, for the message.

    Raises:
        CommonError: Names the first that differs, and where.
    """
    digests = {name: hashlib.sha256(value.encode()).hexdigest() for name, value in values.items()}
    tables = gather("\n".join(f"{name} {digest}" for name, digest in sorted(digests.items())))
    for number, table in enumerate(tables):
        differing = [one for one, other in zip(tables[0].splitlines(), table.splitlines()) if one != other]
        if differing or len(table) != len(tables[0]):
            name = differing[0].rpartition(" ")[0] if differing else "their number"
            raise CommonError(f"process {number} has other {what} than process 0: {name}")


def on_first_process(function: Callable[[], None]) -> None:
    """Call a function on process 0, while the others wait."""
    together(function if rank() == 0 else lambda: None)
