"""Read and write photos and label maps. Every error message names the file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Callable, NamedTuple, Optional, Tuple

import numpy as np
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.basics.files import write_atomic
from data_tools.sets.classes import MAX_ID, NUM_CLASSES, to_classes
from data_tools.sets.depth import Depth, stored_bits, to_8_bits, used_bits
from data_tools.sets.label_forms import COLOR_MODES, from_colors, ids_of_equal_channels, refuse_mask
from data_tools.sets.open_image import open_image

_ALPHA_MODES = ("LA", "PA", "RGBA", "La", "RGBa")
LABEL_MODES = ("L", "P", "I", "I;16", "I;16B", "I;16L", "I;16N")  # P: the palette indices are the ids
_ORIENTATION = 0x0112  # EXIF tag
QUARTER_TURNS = (5, 6, 7, 8)  # orientations that swap width and height
_TURNS = {  # orientation -> how to turn the image upright, as in ImageOps.exif_transpose
    2: Image.FLIP_LEFT_RIGHT,
    3: Image.ROTATE_180,
    4: Image.FLIP_TOP_BOTTOM,
    5: Image.TRANSPOSE,
    6: Image.ROTATE_270,
    7: Image.TRANSVERSE,
    8: Image.ROTATE_90,
}
_LOSSY = ("jpeg", "tiff_jpeg", "webp")  # compressions of TIFF files
STRIP_PIXELS = 1 << 22  # pixels (2048x2048) converted at once; most photos are smaller


def read_photo(path: Path) -> np.ndarray:
    """Read a photo and turn it upright by its EXIF orientation.

    Grey, palette and CMYK images are converted to RGB. Transparent parts become white. Of more than 8 bits a channel
    the upper 8 of those that the file's values use are kept: values up to 4095 count as 12 bits (`depth.py`).

    Returns:
        [H, W, 3] uint8 RGB.

    Raises:
        InputError: The file is missing, unreadable, empty, damaged, animated, not an image (JPEG, PNG, TIFF, BMP,
            GIF or WebP), or larger than Pillow's limit (`PIL.Image.MAX_IMAGE_PIXELS`); its values are fractions, or
            need more than 16 bits.
    """
    with open_image(path) as image:
        image.load()  # before reading the orientation, which PNG files may store behind the pixels
        orientation, stored = _orientation(image), stored_bits(path, image)
        if stored > 8:
            narrow = to_8_bits(path, image, used_bits(path, image, stored))
            if narrow is not image and not image.mode.startswith("I"):
                orientation = _stored_orientation(image)  # OpenCV has decoded it, which turns nothing
            image = narrow
        return _in_strips(_upright(image, orientation), _to_rgb)


def read_label(
    path: Path, num_classes: int = NUM_CLASSES, unknown: Optional[int] = None, remedy: Optional[str] = None
) -> np.ndarray:
    """Read the class ids of a label map: an 8-bit or 16-bit image with one channel, or a palette image (its indices).

    An 8-bit image with equal colour channels is read as its one channel.

    Args:
        num_classes: Number of classes, at most 256; at most 255 if `unknown` is given.
        unknown: Id in the file of pixels without a class. If it is 0, the classes are numbered from 1 in the file.
        remedy: As for `classes.to_classes`.

    Returns:
        [H, W] uint8 class ids from 0 to `num_classes` - 1. Pixels without a class get `num_classes`.

    Raises:
        InputError: The file cannot be read as in `read_photo`; its channels differ, it is a mask of 0 and 255, has
            fewer than 8 bits of grey or lossy compression; or it holds an id out of range (the message names the id
            and the pixel).
    """
    ids = _read_ids(path)
    if num_classes <= 255:  # with 256 classes, 255 is one of them
        refuse_mask(ids, unknown, Path(path))
    return to_classes(ids, num_classes, unknown, str(path), remedy)


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
    with open_image(path) as image:
        width, height = image.size
        if _orientation(image) in QUARTER_TURNS:
            width, height = height, width
        return width, height, image.mode


def read_size(path: Path) -> Tuple[int, int]:
    """Decode a photo to see whether it is damaged, and return the width and height that `read_photo` would return.

    A JPEG is decoded at an eighth of its size, which takes a fraction of the time and notices the same damage.

    Raises:
        InputError: As in `read_header`; or the pixels are damaged, or the file was cut off.
    """
    with open_image(path) as image:
        width, height = image.size
        image.draft(None, (max(1, width // 8), max(1, height // 8)))
        image.load()
        return (height, width) if _orientation(image) in QUARTER_TURNS else (width, height)


def read_depth(path: Path) -> Depth:
    """Read how many bits a channel of a photo has, and how many its values use. Files of 8 bits are not decoded.

    Raises:
        InputError: As in `read_photo`.
    """
    with open_image(path) as image:
        stored = stored_bits(path, image)
        if stored <= 8:
            return Depth(stored, stored)
        image.load()
        return Depth(stored, used_bits(path, image, stored))


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
    with open_image(path) as image:
        return Storage(image.mode, stored_bits(path, image), _has_alpha(image), _stored_orientation(image))


def write_photo(path: Path, photo: np.ndarray, quality: int = 95) -> None:  # at 95, JPEG's losses are not visible
    """Write [H, W, 3] uint8 RGB, or [H, W] uint8 grey, as JPEG without chroma subsampling. Equal pixels, equal bytes.

    Raises:
        ValueError: The array has another shape or type.
        InputError: The folder is missing or may not be written to.
        OSError: The disk is full.
    """
    write_atomic(path, jpeg_bytes(photo, quality))


def jpeg_bytes(photo: np.ndarray, quality: int = 95) -> bytes:
    """Return the bytes of the file that `write_photo` writes.

    Raises:
        ValueError: The array has another shape or type.
    """
    if photo.dtype != np.uint8 or (photo.ndim != 2 and photo.shape[2:] != (3,)):
        raise ValueError(f"a photo is [H, W, 3] or [H, W] uint8, not {list(photo.shape)} {photo.dtype}")
    data = io.BytesIO()
    Image.fromarray(photo).save(data, "JPEG", quality=quality, subsampling=0)
    return data.getvalue()


def write_label(path: Path, label: np.ndarray) -> None:
    """Write class ids, [H, W] of any integer type, as a 16-bit grey PNG, the format of the contest's label maps.

    Raises:
        ValueError: The array has another shape or type, or an id outside 0..65535.
        InputError: The folder is missing or may not be written to.
        OSError: The disk is full.
    """
    if label.ndim != 2 or label.dtype.kind not in "iu":
        raise ValueError(f"a label map is [H, W] of integers, not {list(label.shape)} {label.dtype}")
    if label.size and not 0 <= label.min() <= label.max() <= MAX_ID:
        raise ValueError(f"label ids {label.min()}..{label.max()} do not fit 16 bits")
    data = io.BytesIO()
    Image.fromarray(label.astype(np.uint16)).save(data, "PNG")
    write_atomic(path, data.getvalue())


def resize_photo(photo: np.ndarray, width: int, height: int, resample: int = Image.BICUBIC) -> np.ndarray:
    """Resize a photo, [h, w, 3] uint8 -> [height, width, 3] uint8, with one of Pillow's filters (antialiased)."""
    return np.array(Image.fromarray(photo).resize((width, height), resample))


def with_channels(photo: np.ndarray, channels: int) -> np.ndarray:
    """Return a photo in colour or in grey.

    Grey is the luma of ITU-R 601, 0.299 R + 0.587 G + 0.114 B, rounded as Pillow rounds its mode "L". The official code
    of pix2pix, CycleGAN and BicycleGAN reads images of one channel in this way.

    Args:
        photo: [H, W, 3] uint8
        channels: 3 keeps the photo, 1 makes it grey.

    Returns:
        [H, W, 3] uint8; the three channels of a grey photo are equal.
    """
    if channels == 3:
        return photo
    return np.repeat(np.asarray(Image.fromarray(photo).convert("L"))[:, :, None], 3, axis=2)


def resize_label(label: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize a label map by nearest neighbour, [h, w] uint8 or int32 -> [height, width] of the same type."""
    return np.array(Image.fromarray(label).resize((width, height), Image.NEAREST))


def _read_ids(path: Path) -> np.ndarray:
    with open_image(path) as image:
        _require_label_format(path, image)
        if image.mode in COLOR_MODES:
            return ids_of_equal_channels(np.asarray(image), path)
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


def _require_label_format(path: Path, image: Image.Image) -> None:
    if image.format == "JPEG" or image.info.get("compression") in _LOSSY:
        raise InputError(
            f"{path}: is a JPEG, whose compression changes ids and colours; a label map is a PNG; "
            f"{from_colors('--palette FILE --nearest')}"
        )
    if image.mode not in (*LABEL_MODES, *COLOR_MODES):
        raise InputError(
            f"{path}: has mode {image.mode}; a label map is 8-bit or 16-bit grey, or has a palette; {from_colors()}"
        )
    bits = stored_bits(path, image)
    if image.mode == "L" and image.format in ("PNG", "TIFF") and bits < 8:
        # Pillow scales these to 0..255, which multiplies the ids.
        raise InputError(f"{path}: is grey of {bits} bits; a label map has 8 or 16")


def _to_rgb(image: Image.Image) -> Image.Image:
    if _has_alpha(image):
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in _ALPHA_MODES or "transparency" in image.info


def _orientation(image: Image.Image) -> int:
    if image.format == "TIFF":
        return 1  # Pillow turns TIFF images upright when it decodes them
    return _stored_orientation(image)


def _stored_orientation(image: Image.Image) -> int:
    # The base class's method: PNG's own one decodes the whole file if its header has no EXIF.
    orientation = Image.Image.getexif(image).get(_ORIENTATION, 1)
    return orientation if orientation in range(1, 9) else 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    """Turn an image by an EXIF orientation, 1 to 8."""
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image
