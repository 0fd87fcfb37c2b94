"""Photos of more than 8 bits a channel: scaled by the bits that their values use, or refused."""

import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import read_depth, read_label, read_photo

RAMP = np.linspace(0, 255, 12).astype(np.uint16).reshape(3, 4)  # the photo in 8 bits


def save(path, values):
    """Write values as OpenCV does, which writes colours of 16 bits, too."""
    assert cv2.imwrite(str(path), values[..., ::-1] if values.ndim == 3 and values.shape[2] == 3 else values)
    return path


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("ending", [".png", ".tif"])
@pytest.mark.parametrize("is_grey", [True, False])
def test_a_16_bit_file_is_scaled_by_the_bits_that_it_uses(tmp_path, bits, ending, is_grey):
    values = RAMP << (bits - 8)
    path = save(tmp_path / f"a{ending}", values if is_grey else np.stack([values, values // 2, values * 0], -1))
    photo = read_photo(path)
    assert read_depth(path) == (16, bits)
    assert photo[..., 0].tolist() == RAMP.tolist()
    assert photo[..., 1].tolist() == (RAMP if is_grey else RAMP // 2).tolist()


def test_transparency_of_a_dark_16_bit_photo_is_kept(tmp_path):
    colours = np.stack([RAMP << 4] * 3 + [np.full_like(RAMP, 65535)], -1)
    colours[0, 0, 3] = 0
    photo = read_photo(save(tmp_path / "a.png", colours))
    assert photo[0, 0].tolist() == [255, 255, 255] and photo[2, 3].tolist() == [255, 255, 255]
    assert photo[1].tolist() == [[value] * 3 for value in RAMP[1].tolist()]


def test_a_dark_16_bit_photo_is_turned_by_its_orientation(tmp_path):
    upright = save(tmp_path / "a.png", np.stack([RAMP << 4] * 3, -1))
    exif = Image.Exif()
    exif[0x0112] = 6
    content, data = b"eXIf" + exif.tobytes()[6:], upright.read_bytes()
    chunk = (len(content) - 4).to_bytes(4, "big") + content + zlib.crc32(content).to_bytes(4, "big")
    (tmp_path / "b.png").write_bytes(data[:33] + chunk + data[33:])  # 33: the end of the header chunk
    assert np.array_equal(read_photo(tmp_path / "b.png"), np.rot90(read_photo(upright), -1))


def test_a_black_16_bit_photo_uses_no_bits(tmp_path):
    path = save(tmp_path / "a.png", RAMP * 0)
    assert read_depth(path) == (16, 0) and read_photo(path).max() == 0


@pytest.mark.parametrize(
    "values, words",
    [
        (RAMP.astype(np.float32) / 255, "holds 32-bit fractions; a photo has whole numbers"),
        (RAMP.astype(np.int32) - 1, "holds 32-bit values from -1 to 254; a photo has 0 to 65535"),
        (RAMP.astype(np.int32) << 9, "holds 32-bit values from 0 to 130560"),
    ],
)
def test_fractions_and_values_beyond_16_bits_are_refused(tmp_path, values, words):
    Image.fromarray(values).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match=f"a.tif: {words}"):
        read_photo(tmp_path / "a.tif")


@pytest.mark.parametrize("ending", [".png", ".bmp", ".tif"])
def test_label_maps_of_every_lossless_format_keep_their_ids(tmp_path, ending):
    ids = (RAMP % 29).astype(np.uint8)
    Image.fromarray(ids).save(tmp_path / f"a{ending}")
    assert read_label(tmp_path / f"a{ending}").tolist() == ids.tolist()


def test_a_tiff_label_map_with_jpeg_compression_is_refused(tmp_path):
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(tmp_path / "a.tif", compression="jpeg")
    with pytest.raises(InputError, match="is a JPEG, whose compression changes ids"):
        read_label(tmp_path / "a.tif")
