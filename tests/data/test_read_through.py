"""A data set is read whole before training, and what was read before is not read again."""

import os

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.basics.invocation import typed
from data_tools.sets import checking
from data_tools.sets.image_io import write_label, write_photo
from data_tools.sets.pairing import find_pairs
from jittor_tsit.data import read_through
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.data.read_through import check_all_pairs, check_photos
from jittor_tsit.data.samples import AlignedSamples, Augmentation, PairedSamples, UnpairedSamples

AUGMENTATION = Augmentation(load=(16, 8), size=(16, 8), flip=False)
MAPS = LabelMaps(29)


@pytest.fixture
def read(monkeypatch):
    """The names of the photos that are read, in order."""
    names = []

    def counted(function):
        return lambda path, *rest: (names.append(path.name), function(path, *rest))[1]

    for module in (checking, read_through):
        monkeypatch.setattr(module, "read_photo", counted(module.read_photo))
    return names


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "set"
    for name in ("imgs", "labels"):
        (root / name).mkdir(parents=True)
    for k in range(3):
        write_photo(root / f"imgs/{k}.jpg", np.zeros((8, 16, 3), np.uint8))
        write_label(root / f"labels/{k}.png", np.full((8, 16), k, np.uint8))
    return root


def check(root, kept_in, maps=MAPS):
    check_all_pairs([PairedSamples(find_pairs(root), maps, AUGMENTATION, (0,))], maps, kept_in)


def age(path, seconds=1):
    """As if the file had been written later."""
    status = os.stat(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + seconds * 10**9))


def test_a_second_check_reads_nothing(root, tmp_path, read):
    check(root, tmp_path / "run/checked.txt")
    assert sorted(read) == ["0.jpg", "1.jpg", "2.jpg"]
    check(root, tmp_path / "run/checked.txt")
    assert len(read) == 3


@pytest.mark.parametrize("name", ["imgs/1.jpg", "labels/1.png"])
def test_a_changed_pair_is_read_again(root, tmp_path, read, name):
    check(root, tmp_path / "checked.txt")
    age(root / name)
    check(root, tmp_path / "checked.txt")
    assert read[3:] == ["1.jpg"]


def test_pairs_are_read_again_when_other_ids_are_allowed(root, tmp_path):
    check(root, tmp_path / "checked.txt")
    with pytest.raises(InputError, match="2.png: class id 2 "):
        check(root, tmp_path / "checked.txt", LabelMaps(2))


def test_a_broken_pair_is_refused_each_time_and_the_sound_ones_are_not_read_again(root, tmp_path, read):
    (root / "imgs/1.jpg").write_bytes((root / "imgs/1.jpg").read_bytes()[:-200])
    for _ in range(2):
        with pytest.raises(InputError, match="1.jpg: is damaged"):
            check(root, tmp_path / "checked.txt")
    assert read[3:] == ["1.jpg"]
    write_photo(root / "imgs/1.jpg", np.zeros((8, 16, 3), np.uint8))
    check(root, tmp_path / "checked.txt")
    assert read[4:] == ["1.jpg"]


def test_instances_are_checked_and_remembered(root, tmp_path, monkeypatch):
    maps = LabelMaps(29, has_edges=True)
    with pytest.raises(InputError, match="instances"):
        check(root, tmp_path / "checked.txt", maps)
    (root / "instances").mkdir()
    for k in range(3):
        write_label(root / f"instances/{k}.png", np.zeros((8, 16), np.uint8))
    check(root, tmp_path / "checked.txt", maps)
    monkeypatch.setattr(LabelMaps, "read", lambda *arguments: pytest.fail("read again"))
    check(root, tmp_path / "checked.txt", maps)


def test_photos_alone_are_read_once(root, tmp_path, read):
    photos = sorted((root / "imgs").iterdir())
    for _ in range(2):
        check_photos([UnpairedSamples(photos, photos[:1], AUGMENTATION, (0,))], tmp_path / "checked.txt")
    assert sorted(read) == ["0.jpg", "1.jpg", "2.jpg"]


def test_images_side_by_side_are_taken_apart(root, tmp_path):
    write_photo(root / "imgs/1.jpg", np.zeros((8, 15, 3), np.uint8))
    files = [(path,) for path in sorted((root / "imgs").iterdir())]
    with pytest.raises(InputError, match="1.jpg: 15 pixels wide"):
        check_photos([AlignedSamples(files, False, AUGMENTATION, (0,))], tmp_path / "checked.txt")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\n\n", b"0" * 10_000])
def test_a_damaged_record_only_costs_the_time_to_read_again(root, tmp_path, read, content):
    (tmp_path / "checked.txt").write_bytes(content)
    check(root, tmp_path / "checked.txt")
    assert len(read) == 3


def test_unusual_photos_are_told_by_kind_with_the_command_that_lists_them(root, tmp_path):
    exif, lines = Image.Exif(), []
    exif[0x0112] = 3
    for k in (0, 2):
        Image.new("RGB", (16, 8)).save(root / f"imgs/{k}.jpg", exif=exif)
    samples = [PairedSamples(find_pairs(root), MAPS, AUGMENTATION, (0,))]
    for _ in range(2):  # the second time nothing is read
        check_all_pairs(samples, MAPS, tmp_path / "run/checked.txt", lines.append)
    (line,) = lines
    assert line.startswith("2 files: has EXIF orientation 3") and f"such as {root}/imgs/0.jpg" in line
    assert line.endswith(f"; `{typed(f'check-data --data {root}')}` lists all")


def deep_photos(folder, *largest):
    folder.mkdir()
    for k, value in enumerate(largest):
        Image.fromarray(np.array([[0, value]], np.uint16)).save(folder / f"{k}.png")
    return [folder / f"{k}.png" for k in range(len(largest))]


def test_the_depth_of_photos_without_labels_is_told_and_their_orientation_is_not(tmp_path):
    photos, exif, lines = deep_photos(tmp_path / "a", 4095, 4000), Image.Exif(), []
    exif[0x0112] = 3
    Image.new("RGB", (16, 8)).save(tmp_path / "turned.jpg", exif=exif)
    samples = [UnpairedSamples([*photos, tmp_path / "turned.jpg"], photos, AUGMENTATION, (0,))]
    check_photos(samples, tmp_path / "run/checked.txt", lines.append)
    assert [line.partition(", such as")[0] for line in lines] == [
        "2 files: is grey (becomes RGB)",
        "2 files: has 16 bits a channel and uses 12 (the upper 8 of these are kept)",
    ]


def test_photos_of_two_scales_are_refused_at_every_start(tmp_path):
    photos = deep_photos(tmp_path / "a", 4095, 900)
    for _ in range(2):
        with pytest.raises(InputError, match="use different numbers of bits"):
            check_photos([UnpairedSamples(photos, photos, AUGMENTATION, (0,))], tmp_path / "run/checked.txt")
