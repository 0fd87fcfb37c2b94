"""The submission file: a flat zip of `<stem>.jpg`, which is read back and checked after writing."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Sequence, Tuple

from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import jpeg_bytes, read_photo

ZIP_TIME = (2022, 1, 1, 0, 0, 0)  # fixed, so that equal images give an equal file


def pack(images: Path, stems: Sequence[str], target: Path, size: Tuple[int, int], suffix: str = "jpg") -> None:
    """Pack the images of a folder into a zip without folders. The file is renamed to `target` after `verify`.

    Args:
        suffix: Ending of the images. Those that are no .jpg are packed as .jpg, the contest's format.

    Raises:
        InputError: See `verify`, or an image cannot be read.
        OSError: The disk is full.
    """
    part = target.with_suffix(".part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:  # JPEGs do not get smaller
            for stem in stems:
                path = images / f"{stem}.{suffix}"
                data = path.read_bytes() if suffix == "jpg" else jpeg_bytes(read_photo(path))
                archive.writestr(zipfile.ZipInfo(f"{stem}.jpg", ZIP_TIME), data)
        verify(part, stems, size)
        os.replace(part, target)
    finally:
        if part.exists():
            part.unlink()


def verify(path: Path, stems: Sequence[str], size: Tuple[int, int]) -> None:
    """Check that a submission holds one valid image for each label map.

    Args:
        stems: Stems of the label maps.
        size: Width and height that every image must have.

    Raises:
        InputError: The submission is invalid. The message names the first fault.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _verify_names(path, archive.namelist(), [f"{stem}.jpg" for stem in stems])
            for name in archive.namelist():
                _verify_image(f"{path}: {name}", archive.read(name), size)
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(f"{path}: not a readable zip file ({error})") from None


def _verify_names(path: Path, found: Sequence[str], wanted: Sequence[str]) -> None:
    if len(found) != len(wanted):
        raise InputError(f"{path}: holds {len(found)} files, not one for each of the {len(wanted)} label maps")
    unexpected = sorted(set(found) - set(wanted))
    if unexpected:
        raise InputError(f"{path}: {unexpected[0]} belongs to no label map")
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise InputError(f"{path}: lacks {missing[0]}, and holds another file twice")


def _verify_image(what: str, data: bytes, size: Tuple[int, int]) -> None:
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except OSError as error:
        raise InputError(f"{what} is not a readable image ({error})") from None
    if (image.format, image.mode, image.size) != ("JPEG", "RGB", size):
        raise InputError(f"{what} is a {image.format} {image.mode} of {image.size}, not a JPEG RGB of {size}")
