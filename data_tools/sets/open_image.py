"""Open the still image in a file. Damaged and hostile files raise errors that name the file."""

from __future__ import annotations

import io
import os
import stat
import struct
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional, Tuple, Type

from PIL import Image

from data_tools.basics.arguments import as_path
from data_tools.basics.errors import InputError

FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP")  # no others: Pillow starts Ghostscript for EPS
_LARGE_READ = 1 << 20  # bytes; Pillow usually asks for much less at once, often for a single byte

# All exceptions that Pillow's readers raise for damaged files.
_DECODING_ERRORS: Tuple[Type[Exception], ...] = (
    *(OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError, OverflowError),
    *(struct.error, zlib.error),
)


class _BoundedFile(io.BufferedReader):
    """A file that limits reads to its own size. Python allocates memory for the whole size that a reader asks for,
    and a damaged header can ask for gigabytes.
    """

    def read(self, size: Optional[int] = -1) -> bytes:
        if size is not None and size > _LARGE_READ:
            size = min(size, max(0, os.fstat(self.fileno()).st_size - self.tell()))
        return super().read(size)


@contextmanager
def open_image(path: Path) -> Iterator[Image.Image]:
    """Open the still image in a file. Errors of reading inside the `with` block become InputErrors."""
    try:
        path = as_path(path, "path")
        _require_regular_file(path)
        with _BoundedFile(io.FileIO(path)) as file, Image.open(file, formats=FORMATS) as image:
            _require_one_small_frame(path, image)
            yield image
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise InputError(f"{path}: {_one_line(error)}") from error
    except Image.UnidentifiedImageError as error:
        raise InputError(f"{path}: is not an image of one of the formats {', '.join(FORMATS)}") from error
    except _DECODING_ERRORS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(f"{path}: cannot be read: {os.strerror(error.errno)}") from error
        raise InputError(f"{path}: is damaged: {_one_line(error)}") from error


def _require_regular_file(path: Path) -> None:
    status = os.stat(path)
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{path}: is a folder, not an image")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: is not a regular file")
    if status.st_size == 0:
        raise InputError(f"{path}: is empty (0 bytes)")


def _require_one_small_frame(path: Path, image: Image.Image) -> None:
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # MPO: a camera's JPEG followed by its preview image
        raise InputError(f"{path}: is animated or has pages ({frames} frames); one still image is needed")
    width, height = image.size
    limit = Image.MAX_IMAGE_PIXELS  # Pillow itself only warns up to twice its limit
    if limit is not None and width * height > limit:
        raise InputError(f"{path}: {width}x{height} pixels are more than the {limit} allowed (Pillow's limit)")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
