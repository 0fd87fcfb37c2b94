"""Damage the bytes of a file: flip, cut, repeat or splice them, or insert numbers and characters that break readers."""

from __future__ import annotations

from random import Random
from typing import Callable, Sequence

NUMBERS = [
    number.to_bytes(size, order)
    for size in (1, 2, 4, 8)
    for number in (0, 1, 2 ** (8 * size - 1) - 1, 2 ** (8 * size - 1), 2 ** (8 * size) - 1)
    for order in ("little", "big")
]
WORDS = [
    b"-1",
    b"1e999",
    b"NaN",
    b"-Infinity",
    b"9" * 5000,
    b"0" * 5000,
    b"\xc2\xb2",
    b"\xd9\xa3",  # this one and the one above: characters that count as digits in Unicode, not in ASCII
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"\xed\xa0\x80",
    b"\r",
    b"\x1b[31m",
    b"\n\n",
    b" ",
    b"\t",
    b"../../etc/passwd",
    b"/",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b'"',
    b"[" * 100_000,
    b'{"a":' * 100_000,
]
NUM_DAMAGES = (1, 1, 1, 2, 3, 6)  # of one file, drawn at random; after more, a reader would refuse it at the first byte
LONGEST = 4 << 20  # bytes of a damaged file


def damage(rng: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Damage a file in one place or a few.

    Args:
        others: Files whose parts may be pasted into it.
    """
    for _ in range(rng.choice(NUM_DAMAGES)):
        content = rng.choice(_DAMAGES)(rng, content, others)[:LONGEST]
    return content


def _place(rng: Random, content: bytes) -> int:
    """A random position, half of the time in the first 64 bytes, where a file states its format and size."""
    return rng.randrange(min(len(content), 64) + 1) if rng.random() < 0.5 else rng.randrange(len(content) + 1)


def _part(rng: Random, content: bytes) -> slice:
    start = _place(rng, content)
    return slice(start, start + rng.choice((1, 2, 4, 16, 256, len(content))))


def _flip(rng: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    flipped = bytearray(content)
    for _ in range(rng.randint(1, 4) if flipped else 0):
        flipped[min(_place(rng, content), len(flipped) - 1)] ^= rng.randrange(1, 256)
    return bytes(flipped)


def _cut(rng: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    return content[: _place(rng, content)]


def _take_out(rng: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    part = _part(rng, content)
    return content[: part.start] + content[part.stop :]


def _repeat(rng: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    part = _part(rng, content)
    return content[: part.stop] + content[part] * rng.choice((1, 2, 100)) + content[part.stop :]


def _splice(rng: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    return content[: _place(rng, content)] + other[_place(rng, other) :]


def _put(words: Sequence[bytes], overwrites: bool) -> Callable[[Random, bytes, Sequence[bytes]], bytes]:
    def put(rng: Random, content: bytes, others: Sequence[bytes]) -> bytes:
        place, word = _place(rng, content), rng.choice(words)
        return content[:place] + word + content[place + overwrites * len(word) :]

    return put


_DAMAGES = (_flip, _flip, _cut, _take_out, _repeat, _splice, _put(NUMBERS, True), _put(WORDS, False))
