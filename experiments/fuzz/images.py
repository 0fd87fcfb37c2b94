"""Small images in every format and mode that we read, and damaged PNGs with correct checksums."""

from __future__ import annotations

import io
import struct
import zlib
from random import Random
from typing import List, Sequence

import numpy as np
from PIL import Image

from experiments.fuzz.mutations import damage

_PNG = b"\x89PNG\r\n\x1a\n"
_ORIENTATION = 0x0112  # EXIF tag
BOMBS = (
    (8000, 11000),
    (9000, 9900),
    (30000, 2900),
    (60000, 60000),
)  # width and height, some below and some above the number of pixels that Pillow accepts


def photos() -> List[bytes]:
    """A small photo as JPEG, PNG, TIFF, BMP, GIF and WebP, in the modes of each format, and the files of `labels`."""
    colour = np.random.default_rng(0).integers(0, 256, (12, 16, 3)).astype(np.uint8)
    image = Image.fromarray(colour)
    turned = Image.Exif()
    turned[_ORIENTATION] = 6
    return [
        _encode(image, "JPEG"),
        _encode(image, "JPEG", progressive=True, exif=turned),
        _encode(image.convert("CMYK"), "JPEG"),
        *(_encode(image.convert(mode), "PNG") for mode in ("RGB", "L", "1", "P", "LA", "RGBA")),
        *(_encode(image, "TIFF", compression=name) for name in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")),
        _encode(image, "BMP"),
        _encode(image.convert("P"), "GIF"),
        _encode(image, "GIF", save_all=True, append_images=[image]),
        _encode(image, "WEBP"),
        _encode(image.convert("RGBA"), "WEBP", lossless=True),
        *labels(),
    ]


def labels() -> List[bytes]:
    """A small label map with 8, 16 and 32 bits a pixel, and with a palette."""
    ids = np.arange(12 * 16).reshape(12, 16) % 29
    return [
        *(_encode(Image.fromarray(ids.astype(kind)), "PNG") for kind in (np.uint8, np.uint16)),
        _encode(Image.fromarray(ids.astype(np.uint8)).convert("P"), "PNG"),
        _encode(Image.fromarray(ids.astype(np.int32)), "TIFF"),
        _encode(Image.fromarray(ids.astype(np.uint8)), "GIF"),
    ]


def _encode(image: Image.Image, format: str, **options) -> bytes:
    data = io.BytesIO()
    image.save(data, format, **options)
    return data.getvalue()


def damaged_png(rng: Random, files: Sequence[bytes]) -> bytes:
    """Damage the content of one chunk of a PNG. The chunk's length and checksum are correct."""
    png = rng.choice([content for content in files if content.startswith(_PNG)])
    chunks, place = [], len(_PNG)
    while place < len(png):
        size = int.from_bytes(png[place : place + 4], "big")
        chunks.append([png[place + 4 : place + 8], png[place + 8 : place + 8 + size]])
        place += 12 + size
    chunk = rng.choice(chunks)
    chunk[1] = damage(rng, chunk[1], files)
    if rng.random() < 0.3:
        chunks.insert(rng.randrange(len(chunks)), rng.choice(chunks))
    return _png(chunks)


def png_bomb(rng: Random) -> bytes:
    """A small PNG file whose header states a very large image. Sometimes it contains all of that image."""
    width, height = rng.choice(BOMBS)
    depth, kind = rng.choice(((8, 0), (8, 2), (8, 6), (16, 0), (1, 0), (8, 3)))
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[kind]
    line = 1 + (width * depth * channels + 7) // 8
    is_whole = width * height < 1e8 and rng.random() < 0.1  # seldom, because it takes a second
    lines = height if is_whole else rng.randint(0, 20)
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    packer = zlib.compressobj(1)
    pixels = b"".join(packer.compress(bytes(line)) for _ in range(lines)) + packer.flush()
    palette = [(b"PLTE", bytes(3))] if kind == 3 else []
    return _png([(b"IHDR", head), *palette, (b"IDAT", pixels), (b"IEND", b"")])


def _png(chunks) -> bytes:
    """A PNG file of these chunks, each a type and its content."""
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return _PNG + b"".join(parts)
