"""Read and write photos and label maps. Every error message names the file."""

from __future__ import annotations

import io
import os
import stat
import struct
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, NamedTuple, Optional, Tuple, Type

import numpy as np
from PIL import Image, ImageOps

from data_tools.basics.errors import InputError
from data_tools.basics.files import write_atomic
from data_tools.sets.classes import NUM_CLASSES, to_classes

_FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP")  # no others: Pillow starts Ghostscript for EPS
_ALPHA_MODES = ("LA", "PA", "RGBA", "La", "RGBa")
_LABEL_MODES = ("L", "P", "I", "I;16", "I;16B", "I;16L", "I;16N")  # P: the palette indices are the ids
# Bits a channel by mode; all other modes have 8.
_BITS = {"1": 1, "I": 32, "F": 32, **{mode: 16 for mode in _LABEL_MODES if mode.startswith("I;16")}}
_ORIENTATION = 0x0112  # EXIF tag; 5..8 swap width and height
_LARGE_READ = 1 << 20  # bytes; Pillow usually asks for much less at once, often for a single byte
STRIP_PIXELS = 1 << 22  # pixels (2048x2048) converted at once; most photos are smaller

# All exceptions that Pillow's readers raise for damaged files.
_DECODING_ERRORS: Tuple[Type[Exception], ...] = (
    *(OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError, OverflowError),
    *(struct.error, zlib.error),
)


def read_photo(path: Path) -> np.ndarray:
    """Read a photo and turn it upright by its EXIF orientation.

    Grey, palette and CMYK images are converted to RGB. Of 16-bit grey, the upper 8 bits are kept. Transparent parts
    become white.

    Returns:
        [H, W, 3] uint8 RGB.

    Raises:
        InputError: The file is missing, unreadable, empty, damaged, animated, not an image (JPEG, PNG, TIFF, BMP,
            GIF or WebP), or larger than Pillow's limit (`PIL.Image.MAX_IMAGE_PIXELS`).
    """
    with _open_image(path) as image:
        image.load()  # before reading the orientation, which PNG files may store behind the pixels
        return _in_strips(image if _orientation(image) == 1 else ImageOps.exif_transpose(image), _to_rgb)


def read_label(
    path: Path, num_classes: int = NUM_CLASSES, unknown: Optional[int] = None, remedy: Optional[str] = None
) -> np.ndarray:
    """Read the class ids of a label map: an 8-bit or 16-bit image with one channel, or a palette image (its indices).

    Args:
        num_classes: Number of classes, at most 256; at most 255 if `unknown` is given.
        unknown: Id in the file of pixels without a class. If it is 0, the classes are numbered from 1 in the file.
        remedy: As for `classes.to_classes`.

    Returns:
        [H, W] uint8 class ids from 0 to `num_classes` - 1. Pixels without a class get `num_classes`.

    Raises:
        InputError: The file cannot be read as in `read_photo`; it has several channels, fewer than 8 bits of grey or
            lossy compression; or it holds an id out of range (the message names the id and the pixel).
    """
    return to_classes(_read_ids(path), num_classes, unknown, str(path), remedy)


def read_instances(path: Path) -> np.ndarray:
    """Read an instance map: the number of the object that each pixel belongs to.

    Returns:
        [H, W] int32

    Raises:
        InputError: As in `read_label`; numbers may have any value.
    """
    return _read_ids(path).astype(np.int32, copy=False)


def read_header(path: Path) -> Tuple[int, int, str]:
    """Read the width and height that `read_photo` would return, and Pillow's mode, without decoding any pixel.

    Raises:
        InputError: The file is missing, unreadable, empty, animated, not an image or too large.
    """
    with _open_image(path) as image:
        width, height = image.size
        if _orientation(image) in (5, 6, 7, 8):
            width, height = height, width
        return width, height, image.mode


class Storage(NamedTuple):
    """How a file stores its pixels: Pillow's mode, bits a channel, transparency, EXIF orientation (1 is upright)."""

    mode: str
    bits: int
    has_alpha: bool
    orientation: int


def read_storage(path: Path) -> Storage:
    """Read from a file's header how its pixels are stored, without decoding any.

    Raises:
        InputError: As in `read_header`.
    """
    with _open_image(path) as image:
        bits = _png_depth(path) if image.format == "PNG" else _BITS.get(image.mode, 8)
        return Storage(image.mode, bits, _has_alpha(image), _orientation(image))


def write_photo(path: Path, photo: np.ndarray, quality: int = 95) -> None:  # at 95, JPEG's losses are not visible
    """Write [H, W, 3] uint8 RGB as JPEG without chroma subsampling. Equal pixels give equal bytes.

    Raises:
        ValueError: The array has another shape or type.
        InputError: The folder is missing or may not be written to.
        OSError: The disk is full.
    """
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
        raise ValueError(f"a photo is [H, W, 3] uint8, not {list(photo.shape)} {photo.dtype}")
    data = io.BytesIO()
    Image.fromarray(photo).save(data, "JPEG", quality=quality, subsampling=0)
    write_atomic(path, data.getvalue())


def write_label(path: Path, label: np.ndarray) -> None:
    """Write class ids, [H, W] of any integer type, as a 16-bit grey PNG, the format of the contest's label maps.

    Raises:
        ValueError: The array has another shape or type, or an id outside 0..65535.
        InputError: The folder is missing or may not be written to.
        OSError: The disk is full.
    """
    if label.ndim != 2 or label.dtype.kind not in "iu":
        raise ValueError(f"a label map is [H, W] of integers, not {list(label.shape)} {label.dtype}")
    if label.size and not 0 <= label.min() <= label.max() <= 65535:
        raise ValueError(f"label ids {label.min()}..{label.max()} do not fit 16 bits")
    data = io.BytesIO()
    Image.fromarray(label.astype(np.uint16)).save(data, "PNG")
    write_atomic(path, data.getvalue())


def resize_photo(photo: np.ndarray, width: int, height: int, resample: int = Image.BICUBIC) -> np.ndarray:
    """Resize a photo, [h, w, 3] uint8 -> [height, width, 3] uint8, with one of Pillow's filters (antialiased)."""
    return np.array(Image.fromarray(photo).resize((width, height), resample))


def resize_label(label: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize a label map by nearest neighbour, [h, w] uint8 or int32 -> [height, width] of the same type."""
    return np.array(Image.fromarray(label).resize((width, height), Image.NEAREST))


def _read_ids(path: Path) -> np.ndarray:
    with _open_image(path) as image:
        _require_label_format(path, image)
        return _in_strips(image, lambda strip: strip)


def _in_strips(image: Image.Image, convert: Callable[[Image.Image], Image.Image]) -> np.ndarray:
    """Apply `convert` to an image and return the pixels of the result. Large images are converted in strips.

    This saves memory.
    """
    width, height = image.size
    rows = max(1, STRIP_PIXELS // width)
    if rows >= height:
        return np.array(convert(image))
    pixels = np.empty(0)
    for top in range(0, height, rows):
        strip = np.asarray(convert(image.crop((0, top, width, min(top + rows, height)))))
        if top == 0:
            pixels = np.empty((height, *strip.shape[1:]), strip.dtype)
        pixels[top : top + rows] = strip
    return pixels


class _BoundedFile(io.BufferedReader):
    """A file that limits reads to its own size. Python allocates memory for the whole size that a reader asks for,
    and a damaged header can ask for gigabytes.
    """

    def read(self, size: Optional[int] = -1) -> bytes:
        if size is not None and size > _LARGE_READ:
            size = min(size, max(0, os.fstat(self.fileno()).st_size - self.tell()))
        return super().read(size)


@contextmanager
def _open_image(path: Path) -> Iterator[Image.Image]:
    """Open the still image in a file. Errors of reading inside the `with` block become InputErrors."""
    try:
        _require_regular_file(path)
        with _BoundedFile(io.FileIO(path)) as file, Image.open(file, formats=_FORMATS) as image:
            _require_one_small_frame(path, image)
            yield image
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise InputError(f"{path}: {_one_line(error)}") from error
    except Image.UnidentifiedImageError as error:
        raise InputError(f"{path}: is not an image of one of the formats {', '.join(_FORMATS)}") from error
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


def _require_label_format(path: Path, image: Image.Image) -> None:
    if image.mode not in _LABEL_MODES:
        raise InputError(f"{path}: has mode {image.mode}; a label map is 8-bit or 16-bit grey, or has a palette")
    if image.format == "JPEG":
        raise InputError(f"{path}: is a JPEG, whose compression changes ids; a label map is a PNG")
    if image.mode == "L" and image.format == "PNG" and _png_depth(path) < 8:
        # Pillow scales these to 0..255, which multiplies the ids.
        raise InputError(f"{path}: is grey of {_png_depth(path)} bits; a label map has 8 or 16")


def _png_depth(path: Path) -> int:
    with open(path, "rb") as file:
        return file.read(25)[24]  # signature 8, chunk length 4, "IHDR" 4, width 4, height 4, then bits a channel


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        return Image.fromarray((np.clip(np.asarray(image), 0, 65535) // 256).astype(np.uint8)).convert("RGB")
    if _has_alpha(image):
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in _ALPHA_MODES or "transparency" in image.info


def _orientation(image: Image.Image) -> int:
    if image.format == "TIFF":
        return 1  # Pillow turns TIFF images upright when it decodes them
    # The base class's method: PNG's own one decodes the whole file if its header has no EXIF.
    orientation = Image.Image.getexif(image).get(_ORIENTATION, 1)
    return orientation if orientation in range(1, 9) else 1


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
