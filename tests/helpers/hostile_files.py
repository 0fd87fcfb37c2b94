"""Write broken and odd files into a data set: each function returns one that does it to a folder."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from data_tools.sets.image_io import write_label, write_photo

WIDTH, HEIGHT = 24, 16


def pixels(height=HEIGHT, width=WIDTH):
    return np.random.default_rng(5).integers(0, 256, (height, width, 3)).astype(np.uint8)


def put_photo(root, name="x.jpg", height=HEIGHT, width=WIDTH):
    write_photo(root / "imgs" / name, pixels(height, width))


def put_label(root, name="x.png", id=1):
    """A label map of all classes, with `id` at the upper left."""
    ids = (pixels()[..., 0] % 29).astype(int)
    ids[0, 0] = id
    write_label(root / "labels" / name, ids)


def put_pair(root, stem="x"):
    put_photo(root, f"{stem}.jpg")
    put_label(root, f"{stem}.png")


def photo_bytes(data, name="x.jpg"):
    """A case: a photo of these bytes, with a good label."""

    def put(root):
        put_label(root)
        (root / "imgs" / name).write_bytes(data)

    return put


def photo_saved(mode, name="x.png", **options):
    """A case: a photo of this mode, with a good label."""

    def put(root):
        put_label(root)
        Image.fromarray(pixels()).convert(mode).save(root / "imgs" / name, **options)

    return put


def photo_array(array, name="x.png", **options):
    """A case: a photo of these pixels, with a good label."""

    def put(root):
        put_label(root)
        Image.fromarray(array).save(root / "imgs" / name, **options)

    return put


def label_saved(array, mode=None, **options):
    """A case: a label map of these pixels, with a good photo."""

    def put(root):
        put_photo(root)
        image = Image.fromarray(array)
        (image.convert(mode) if mode else image).save(root / "labels" / "x.png", **options)

    return put


def halved(folder, name):
    """A case: the second half of a file is missing."""

    def put(root):
        put_pair(root)
        path = root / folder / name
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])

    return put


def linked(folder, name, target):
    """A case: one file of the pair is a link."""

    def put(root):
        put_pair(root)
        (root / folder / name).unlink()
        (root / folder / name).symlink_to(target)

    return put


def pair_named(stem):
    """A case: a good pair with a strange name."""

    def put(root):
        try:
            put_pair(root, stem)
        except OSError:
            pytest.skip("this file system does not take the name")

    return put


def several(*puts):
    def put(root):
        for one in puts:
            one(root)

    return put


def photo(name):
    return lambda root: put_photo(root, name)


def label(name):
    return lambda root: put_label(root, name)


def folder(name):
    def put(root):
        (root / name).mkdir()
        write_photo(root / name / "inner.jpg", pixels())

    return put


def exif(orientation):
    data = Image.Exif()
    data[0x0112] = orientation
    return data


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, bits, color_type, rows):
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0)
    body = png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + body


def animation(form):
    def put(root):
        put_label(root)
        frames = [Image.fromarray(pixels()), Image.fromarray(pixels()[::-1].copy())]
        frames[0].save(root / "imgs/x.png", form, save_all=True, append_images=frames[1:])

    return put


# The kinds: (id, what to put, the lines expected beside the sentinel's)
