"""Small images of every format and mode that is read, and PNGs whose damaged parts have right checksums."""

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
)  # width and height: below Pillow's limit, beyond it


def photos() -> List[bytes]:
    """JPEG, PNG, TIFF, BMP, GIF and WebP, in the modes that they have."""
    colour = np.random.default_rng(0).integers(0, 256, (12, 16, 3)).astype(np.uint8)
    image = Image.fromarray(colour)
    turned = Image.Exif()
    turned[_ORIENTATION] = 6
    return [
        _saved(image, "JPEG"),
        _saved(image, "JPEG", progressive=True, exif=turned),
        _saved(image.convert("CMYK"), "JPEG"),
        *(_saved(image.convert(mode), "PNG") for mode in ("RGB", "L", "1", "P", "LA", "RGBA")),
        *(_saved(image, "TIFF", compression=name) for name in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")),
        _saved(image, "BMP"),
        _saved(image.convert("P"), "GIF"),
        _saved(image, "GIF", save_all=True, append_images=[image]),
        _saved(image, "WEBP"),
        _saved(image.convert("RGBA"), "WEBP", lossless=True),
        *labels(),
    ]


def labels() -> List[bytes]:
    """Label maps of 8, 16 and 32 bits, and with a palette."""
    ids = np.arange(12 * 16).reshape(12, 16) % 29
    return [
        *(_saved(Image.fromarray(ids.astype(kind)), "PNG") for kind in (np.uint8, np.uint16)),
        _saved(Image.fromarray(ids.astype(np.uint8)).convert("P"), "PNG"),
        _saved(Image.fromarray(ids.astype(np.int32)), "TIFF"),
        _saved(Image.fromarray(ids.astype(np.uint8)), "GIF"),
    ]


def _saved(image: Image.Image, format: str, **options) -> bytes:
    data = io.BytesIO()
    image.save(data, format, **options)
    return data.getvalue()


def damaged_png(rng: Random, files: Sequence[bytes]) -> bytes:
    """A PNG with a damage in one of its parts, whose length and checksum are right."""
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
    """A PNG of few bytes that says to be, or is, very large."""
    width, height = rng.choice(BOMBS)
    depth, kind = rng.choice(((8, 0), (8, 2), (8, 6), (16, 0), (1, 0), (8, 3)))
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[kind]
    line = 1 + (width * depth * channels + 7) // 8
    lines = height if width * height < 1e8 and rng.random() < 0.1 else rng.randint(0, 20)  # whole: it takes a second
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    packer = zlib.compressobj(1)
    pixels = b"".join(packer.compress(bytes(line)) for _ in range(lines)) + packer.flush()
    palette = [(b"PLTE", bytes(3))] if kind == 3 else []
    return _png([(b"IHDR", head), *palette, (b"IDAT", pixels), (b"IEND", b"")])


def _png(chunks) -> bytes:
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return _PNG + b"".join(parts)
