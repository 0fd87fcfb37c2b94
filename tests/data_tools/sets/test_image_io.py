"""Reading and writing photos and label maps."""

import errno
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from data_tools.basics import files
from data_tools.basics.errors import InputError
from data_tools.sets.image_io import (
    read_header,
    read_label,
    read_photo,
    resize_label,
    resize_photo,
    write_label,
    write_photo,
)
from helpers.same_bytes import assert_same_bytes
from helpers.small_images import LABEL, save


def gradient(height=24, width=32):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 7, y * 9, (x + y) * 4], axis=-1).astype(np.uint8)


# Photos


def test_a_png_photo_is_read_to_the_pixel(tmp_path):
    assert np.array_equal(read_photo(save(tmp_path / "a.png", gradient())), gradient())


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "LA", "RGBA", "1"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    name = "a.tif" if mode == "CMYK" else "a.png"
    photo = read_photo(save(tmp_path / name, np.full((4, 6, 3), 255, np.uint8), mode))
    assert photo.shape == (4, 6, 3) and photo.dtype == np.uint8 and (photo >= 250).all()


# Of these, halves that are rounded up and division by 257, rounded or not, give other values than the upper 8 bits
DEEP = {0x00FF: 0x00, 0x0100: 0x01, 0x01FF: 0x01, 0x12FF: 0x12, 0x8080: 0x80, 0xFE00: 0xFE, 0xFFFF: 0xFF}


@pytest.mark.parametrize("name, dtype", [("a.png", np.uint16), ("a.tif", np.uint16), ("a.tif", ">u2")])
def test_a_16_bit_grey_photo_keeps_its_upper_bits(tmp_path, name, dtype):
    photo = read_photo(save(tmp_path / name, np.array([[*DEEP]], dtype)))
    assert photo.tolist() == [[[value] * 3 for value in DEEP.values()]]


def test_transparent_parts_become_white(tmp_path):
    photo = read_photo(save(tmp_path / "a.png", np.array([[[9, 9, 9, 0], [10, 20, 30, 255]]], np.uint8)))
    assert photo.tolist() == [[[255, 255, 255], [10, 20, 30]]]


def test_exif_orientation_turns_the_photo_and_its_header(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path / "a.jpg", gradient(16, 40), exif=exif)
    assert read_photo(path).shape == (40, 16, 3)
    assert read_header(path) == (16, 40, "RGB")


def test_a_truncated_photo_is_refused(tmp_path):
    path = save(tmp_path / "a.jpg", np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(InputError, match=r"a\.jpg: is damaged: .*truncated"):
        read_photo(path)


def test_a_png_with_a_flipped_bit_is_refused(tmp_path):
    path = save(tmp_path / "a.png", gradient())
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"a\.png: is damaged"):
        read_photo(path)


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(InputError, match=r"a\.jpg: is empty \(0 bytes\)"):
        read_photo(tmp_path / "a.jpg")


def test_a_file_that_is_no_image_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_text("hello")
    with pytest.raises(InputError, match=r"a\.jpg: is not an image"):
        read_photo(tmp_path / "a.jpg")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"a\.jpg: cannot be read: No such file"):
        read_photo(tmp_path / "a.jpg")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        read_photo(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(InputError, match="not a regular file"):
        read_photo(tmp_path / "a.jpg")


def test_an_animation_is_refused(tmp_path):
    frames = [Image.fromarray(gradient()), Image.fromarray(gradient()[::-1].copy())]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(InputError, match=r"a\.gif: is animated or has pages \(2 frames\)"):
        read_photo(tmp_path / "a.gif")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("limit", [500, 300])  # Pillow only warns up to twice its limit, and raises above
def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch, limit):
    path = save(tmp_path / "a.png", gradient(24, 32))  # 768 pixels
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(InputError, match=r"a\.png: .*pixels"):
        read_photo(path)


def test_the_header_is_read_without_decoding(tmp_path):
    path = save(tmp_path / "a.png", np.zeros((64, 48), np.uint16))
    path.write_bytes(path.read_bytes()[:-40])  # enough to spoil the pixels
    assert read_header(path) == (48, 64, "I;16")
    with pytest.raises(InputError):
        read_photo(path)


# Label maps


@pytest.mark.parametrize(
    "name, dtype", [("a.png", np.uint8), ("a.png", np.uint16), ("a.tif", np.int32), ("a.tif", ">u2")]
)
def test_labels_of_every_allowed_kind_are_read_exactly(tmp_path, name, dtype):
    label = read_label(save(tmp_path / name, LABEL.astype(dtype)))
    assert label.dtype == np.uint8 and np.array_equal(label, LABEL)


def test_a_palette_label_gives_its_indices(tmp_path):
    image = Image.fromarray(LABEL, "P")
    image.putpalette([255 - i // 3 for i in range(768)])
    image.save(tmp_path / "a.png")
    assert np.array_equal(read_label(tmp_path / "a.png"), LABEL)


@pytest.mark.parametrize("mode", ["1", "CMYK"])
def test_a_label_with_a_wrong_mode_is_refused(tmp_path, mode):
    path = save(tmp_path / "a.tif", LABEL, mode)
    with pytest.raises(InputError, match=rf"a\.tif: has mode {mode}; a label map is .*--from-colors"):
        read_label(path)


def test_a_label_with_an_id_out_of_range_is_refused(tmp_path):
    path = save(tmp_path / "a.png", np.array([[0, 1, 2], [3, 29, 300]], np.uint16))
    with pytest.raises(InputError, match=r"a\.png: class id 29 at pixel x=1, y=1; ids are 0\.\.28"):
        read_label(path)
    with pytest.raises(InputError, match="class id 300 at pixel x=2, y=1; ids are 0..99"):
        read_label(path, num_classes=100)


def test_ids_above_255_do_not_wrap_into_range(tmp_path):
    with pytest.raises(InputError, match="class id 257"):
        read_label(save(tmp_path / "a.png", np.array([[257]], np.uint16)))


def test_a_negative_id_is_refused(tmp_path):
    with pytest.raises(InputError, match="class id -1"):
        read_label(save(tmp_path / "a.tif", np.array([[-1]], np.int32)))


def test_a_grey_png_of_four_bits_is_refused_since_pillow_would_multiply_its_ids(tmp_path):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 2, 1, 4, 0, 0, 0, 0)
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\x00\x01")) + chunk(b"IEND", b"")
    )
    with pytest.raises(InputError, match="is grey of 4 bits; a label map has 8 or 16"):
        read_label(tmp_path / "a.png")


def test_a_jpeg_label_is_refused(tmp_path):
    with pytest.raises(InputError, match="is a JPEG"):
        read_label(save(tmp_path / "a.png", LABEL, format="JPEG"))


# Writing


def test_a_written_label_is_a_16_bit_png_and_reads_back(tmp_path):
    write_label(tmp_path / "a.png", LABEL)
    assert read_header(tmp_path / "a.png") == (3, 2, "I;16")
    assert np.array_equal(read_label(tmp_path / "a.png"), LABEL)


def test_a_written_photo_is_a_jpeg_with_full_colour_resolution(tmp_path):
    stripes = np.zeros((16, 16, 3), np.uint8)
    stripes[:, ::2, 0] = 255  # red columns one pixel wide: 4:2:0 would smear them
    write_photo(tmp_path / "a.jpg", stripes)
    assert Image.open(tmp_path / "a.jpg").format == "JPEG"
    assert np.abs(read_photo(tmp_path / "a.jpg").astype(int) - stripes).mean() < 6


def test_equal_pixels_are_written_as_equal_bytes(tmp_path):
    for name in ("a", "b"):
        write_photo(tmp_path / f"{name}.jpg", gradient())
        write_label(tmp_path / f"{name}.png", LABEL)
    assert_same_bytes(tmp_path / "a.jpg", tmp_path / "b.jpg")
    assert_same_bytes(tmp_path / "a.png", tmp_path / "b.png")


def test_writing_into_a_missing_folder_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match=r"a\.jpg: cannot be written: No such file"):
        write_photo(tmp_path / "none" / "a.jpg", gradient())


def test_a_full_disk_passes_through_and_leaves_the_old_file(tmp_path, monkeypatch):
    write_label(tmp_path / "a.png", LABEL)
    before = (tmp_path / "a.png").read_bytes()

    def full(self, data):
        self.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.Path, "write_bytes", full)
    with pytest.raises(OSError) as caught:
        write_label(tmp_path / "a.png", LABEL[::-1])
    assert not isinstance(caught.value, InputError) and caught.value.filename == str(tmp_path / "a.png")
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    assert_same_bytes(tmp_path / "a.png", before)


@pytest.mark.parametrize("number, words", [(errno.EACCES, "Permission denied"), (errno.EROFS, "Read-only")])
def test_a_folder_that_may_not_be_written_to_is_an_input_error(tmp_path, monkeypatch, number, words):
    def refused(self, data):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.Path, "write_bytes", refused)
    with pytest.raises(InputError, match=rf"a\.png: cannot be written: {words}"):
        write_label(tmp_path / "a.png", LABEL)


@pytest.mark.parametrize("wrong", [np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_what_is_no_photo_is_not_written(tmp_path, wrong):
    with pytest.raises(ValueError, match=r"\[H, W, 3\] or \[H, W\] uint8"):
        write_photo(tmp_path / "a.jpg", wrong)


@pytest.mark.parametrize("wrong", [np.zeros((4, 4, 1), np.uint8), np.zeros((4, 4)), np.array([[-1]])])
def test_what_is_no_label_is_not_written(tmp_path, wrong):
    with pytest.raises(ValueError):
        write_label(tmp_path / "a.png", wrong)


# Resizing


def test_a_resized_label_holds_no_new_ids():
    resized = resize_label(np.array([[0, 28], [28, 0]], np.uint8), width=4, height=2)
    assert resized.tolist() == [[0, 0, 28, 28], [28, 28, 0, 0]]


def test_a_resized_photo_has_the_asked_size_and_keeps_flat_colour():
    resized = resize_photo(np.full((6, 8, 3), 77, np.uint8), width=5, height=9)
    assert resized.shape == (9, 5, 3) and (resized == 77).all()
