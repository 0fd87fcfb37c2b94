"""Large images, and images whose header states a large size, need little memory and are read like others."""

import contextlib
import struct
import subprocess
import sys
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import read_label, read_photo
from helpers.small_images import LABEL, save


def test_a_chunk_that_says_to_be_huge_takes_no_memory(tmp_path):
    save(tmp_path / "x.png", LABEL)
    content = (tmp_path / "x.png").read_bytes()
    place = content.index(b"IDAT") - 4
    (tmp_path / "x.png").write_bytes(content[:place] + b"\x7f\xff\xff\xff" + content[place + 4 :])
    tracemalloc.start()
    with contextlib.suppress(InputError):
        read_label(tmp_path / "x.png")
    assert tracemalloc.get_traced_memory()[1] < 2**27  # 2 GB if as much is read as the chunk says
    tracemalloc.stop()


def test_a_large_image_is_read_by_strips_as_it_would_be_whole(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    colour, grey = rng.integers(0, 256, (13, 9, 4)).astype(np.uint8), rng.integers(0, 29, (13, 9))
    turned = Image.Exif()
    turned[0x0112] = 6
    photos = [save(tmp_path / f"{mode}.png", colour, mode) for mode in ("RGBA", "RGB", "L", "LA", "P", "1")]
    photos.append(save(tmp_path / "16.png", (grey * 2000).astype(np.uint16)))
    photos.append(save(tmp_path / "turned.jpg", colour[:, :, :3], exif=turned))
    photos.append(save(tmp_path / "cmyk.jpg", colour, "CMYK"))
    labels = [save(tmp_path / f"label-{bits}.png", grey.astype(f"u{bits // 8}")) for bits in (8, 16)]
    labels.append(save(tmp_path / "label-32.png", grey.astype(np.int32), format="TIFF"))
    whole = [read_photo(path) for path in photos], [read_label(path) for path in labels]
    monkeypatch.setattr("data_tools.sets.image_io.STRIP_PIXELS", 9 * 4)
    for paths, read, expected in zip((photos, labels), (read_photo, read_label), whole):
        for path, array in zip(paths, expected):
            np.testing.assert_array_equal(read(path), array, err_msg=path.name)
            assert read(path).dtype == np.uint8 and read(path).flags.writeable


LARGEST = """
import resource, sys
from data_tools.sets.image_io import read_label, read_photo
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, used + 2**30))
print({"photo": read_photo, "label": read_label}[sys.argv[1]](sys.argv[2]).shape)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind, depth, colour", [("photo", 8, 6), ("photo", 8, 2), ("label", 16, 0)])
def test_the_largest_image_takes_less_than_a_gigabyte(tmp_path, kind, depth, colour):
    width, height = 9000, 9900  # 89.1 million pixels, Pillow's limit is 89.5
    row, packer = bytes(1 + width * depth // 8 * {0: 1, 2: 3, 6: 4}[colour]), zlib.compressobj(1)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)),
        (b"IDAT", pixels),
        (b"IEND", b""),
    ]
    content = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    ]
    (tmp_path / "large.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(content))
    command = [sys.executable, "-W", "ignore", "-c", LARGEST, kind, str(tmp_path / "large.png")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.startswith(f"({height}, {width}"), done.stderr[-500:]
