"""The image formats of all folder lists: the endings of photos and of label maps, in lower case."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Tuple


class Kind(NamedTuple):
    """A kind of files in a folder: its word in messages, and the endings of its names. Any case of an ending counts."""

    word: str
    suffixes: Tuple[str, ...]

    def includes(self, path: Path) -> bool:
        """Return whether the ending of a name is one of this kind."""
        return path.suffix.lower() in self.suffixes

    def __str__(self) -> str:
        """Describe the endings, for a message: "images end in .jpg, .png"."""
        return f"{self.word}s end in {', '.join(self.suffixes)}"


IMAGES = Kind("image", (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff"))
LABELS = Kind("label map", (".png", ".bmp", ".tif", ".tiff"))  # lossless: JPEG and WebP change the ids
JPEG_SUFFIXES = (".jpg", ".jpeg", ".jfif")
