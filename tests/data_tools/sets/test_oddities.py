"""How a file stores its pixels, read from its header alone."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from data_tools.sets.image_io import Storage, read_header, read_photo, read_storage
from data_tools.sets.oddities import label_oddities, photo_oddities
from helpers.hostile_files import png, png_chunk

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def turned_jpeg(path, orientation, width=8, height=4):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (width, height)).save(path, exif=exif)
    return path


def test_the_usual_files_have_no_oddities(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.jpg")
    assert photo_oddities(tmp_path / "a.jpg") == []
    for dtype in (np.uint8, np.uint16):
        Image.fromarray(np.zeros((4, 4), dtype)).save(tmp_path / "a.png")
        assert label_oddities(tmp_path / "a.png") == []


@pytest.mark.parametrize(
    "bits, color_type, storage",
    [
        (8, 2, Storage("RGB", 8, False, 1)),
        (16, 2, Storage("RGB", 16, False, 1)),
        (16, 6, Storage("RGBA", 16, True, 1)),
        (1, 0, Storage("1", 1, False, 1)),
        (4, 3, Storage("P", 4, False, 1)),
    ],
)
def test_storage_is_read_without_decoding(tmp_path, bits, color_type, storage):
    (tmp_path / "a.png").write_bytes(png(64, 48, bits, color_type, b""))  # holds no pixels at all
    assert read_storage(tmp_path / "a.png") == storage


@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8])
def test_header_and_notes_follow_every_exif_orientation(tmp_path, orientation):
    path = turned_jpeg(tmp_path / "a.jpg", orientation)
    width, height, _ = read_header(path)
    assert read_photo(path).shape == (height, width, 3)
    assert bool(photo_oddities(path)) == (orientation != 1)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_without_meaning_is_ignored_as_reading_does(tmp_path, orientation):
    path = turned_jpeg(tmp_path / "a.jpg", orientation)
    assert read_photo(path).shape == (4, 8, 3) and photo_oddities(path) == []


def xmp_jpeg():
    data = io.BytesIO()
    Image.new("RGB", (8, 4)).save(data, "JPEG")
    segment = b"http://ns.adobe.com/xap/1.0/\0" + XMP
    return data.getvalue()[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data.getvalue()[2:]


def xmp_png():
    data = png(8, 4, 8, 0, (b"\0" + bytes(8)) * 4)
    end = data.index(b"IDAT") - 4
    return data[:end] + png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP) + data[end:]


@pytest.mark.parametrize("data", [xmp_jpeg(), xmp_png()], ids=["jpeg", "png"])
def test_the_header_agrees_with_reading_where_xmp_gives_the_orientation(tmp_path, data):
    (tmp_path / "a.png").write_bytes(data)
    width, height, _ = read_header(tmp_path / "a.png")
    assert read_photo(tmp_path / "a.png").shape == (height, width, 3)
