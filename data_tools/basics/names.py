"""File names: compare them, check whether a split list can hold one, and print unusual ones in one line."""

from __future__ import annotations

import unicodedata
from typing import Optional

_BREAKING = ("Cc", "Zl", "Zp")  # Unicode's control characters, line and paragraph separators


def unlistable(stem: str) -> Optional[str]:
    """Return why a split list (`splits.read_split`, one stem a line) cannot hold this stem, or None if it can."""
    if not is_utf8(stem):
        return "name is not UTF-8; rename the pair"
    if any(unicodedata.category(c) in _BREAKING for c in stem):
        return "name holds a line break or control character; rename the pair"
    if stem != stem.strip():
        return "name begins or ends with a space, which a split list cannot hold; rename the pair"
    if stem.startswith(("#", "\ufeff")):
        return f"name begins with {printable(stem[0])}, which a split list cannot hold; rename the pair"
    return None


def printable(text: str) -> str:
    r"""Return the text in one line. Unprintable characters and bytes that are not UTF-8 become escapes, such as \n."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def composed(name: str) -> str:
    """Return a name in Unicode's form NFC, to compare names. macOS may write the same name in the form NFD."""
    return unicodedata.normalize("NFC", name)


def quantity(number: int, word: str) -> str:
    """Return a number with its noun, which gets an s unless there is one thing: "1 file", "3 files"."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def is_utf8(name: str) -> bool:
    """Return whether the bytes of a file name are UTF-8. Python reads other bytes as lone surrogates."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def to_utf8(text: str) -> bytes:
    r"""Encode a text that may hold file names. Bytes of a name that are not UTF-8 become escapes such as \udcc4."""
    return text.encode("utf-8", "backslashreplace")
