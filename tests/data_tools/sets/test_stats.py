"""`python -m data_tools stats`: counts of small sets worked out by hand."""

import json
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from data_tools.__main__ import main
from data_tools.sets.classes import CLASSES
from data_tools.sets.image_io import read_photo, read_size, write_label, write_photo
from data_tools.sets.pairing import Pair, match_files
from data_tools.sets.stats import Stats, as_json, as_text, class_shares, collect, count_pair
from helpers.same_bytes import digest


def put_pair(root, stem, label, photo_size=None):
    for name in ("imgs", "labels"):
        (root / name).mkdir(parents=True, exist_ok=True)
    label = np.asarray(label)
    width, height = photo_size or label.shape[::-1]
    write_photo(root / f"imgs/{stem}.jpg", np.zeros((height, width, 3), np.uint8))
    write_label(root / f"labels/{stem}.png", label)


@pytest.fixture
def root(tmp_path):
    """Twelve pixels: 6 sky (1), 4 sea (3), 2 rock (4); the third photo is twice as large as its label."""
    put_pair(tmp_path, "a", [[1, 1], [1, 1]])
    put_pair(tmp_path, "b", [[1, 1], [3, 4]])
    put_pair(tmp_path, "c", [[3, 3, 3, 4]], photo_size=(8, 2))
    return tmp_path


def gathered(root):
    return collect(match_files(root).pairs, progress=False)


def test_pixels_and_maps_of_each_class_are_counted(root):
    stats = gathered(root)
    assert {i: int(n) for i, n in enumerate(stats.pixels) if n} == {1: 6, 3: 4, 4: 2}
    assert {i: int(n) for i, n in enumerate(stats.maps) if n} == {1: 2, 3: 2, 4: 2}


def test_sizes_and_classes_per_map_are_counted(root):
    stats = gathered(root)
    assert stats.photo_sizes == {(2, 2): 2, (8, 2): 1} and stats.label_sizes == {(2, 2): 2, (4, 1): 1}
    assert stats.classes_per_map == [1, 3, 2]


def test_classes_come_by_share_and_absent_ones_by_id(root):
    shares = class_shares(gathered(root))
    assert [(s.id, s.name, s.percent_of_pixels, s.maps) for s in shares[:3]] == [
        (1, "sky", 50.0, 2),
        (3, "sea", pytest.approx(100 / 3), 2),
        (4, "rock", pytest.approx(50 / 3), 2),
    ]
    assert shares[0].percent_of_maps == pytest.approx(200 / 3)
    assert [s.id for s in shares[3:]] == [c.id for c in CLASSES if c.id not in (1, 3, 4)]
    assert all(s[2:] == (0, 0, 0) for s in shares[3:])


def test_photos_are_measured_upright(tmp_path):
    put_pair(tmp_path, "a", [[1], [1], [1]])
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 10)).save(tmp_path / "imgs/a.jpg", exif=exif)
    assert gathered(tmp_path).photo_sizes == {(10, 30): 1}


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "tiff"])
def test_a_photo_that_was_cut_off_is_broken(root, suffix):
    """Its header is whole, and so is its size."""
    (root / "imgs/a.jpg").unlink()
    path = root / f"imgs/a.{suffix}"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)).save(path)
    assert gathered(root).photo_sizes[64, 64] == 1
    path.write_bytes(path.read_bytes()[:-1000])
    stats = gathered(root)
    assert stats.photo_sizes[64, 64] == 0 and [problem.stem for problem in stats.broken] == ["a"]
    assert "is damaged" in stats.broken[0].reason


@pytest.mark.parametrize("orientation, size", [(1, (20, 10)), (3, (20, 10)), (6, (10, 20))])
def test_the_size_of_a_turned_photo_is_that_of_the_upright_one(root, orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (20, 10)).save(root / "imgs/a.jpg", exif=exif)
    assert read_size(root / "imgs/a.jpg") == size == read_photo(root / "imgs/a.jpg").shape[1::-1]


@pytest.mark.parametrize(
    "damage, words",
    [
        (lambda root: (root / "imgs/b.jpg").write_bytes(b""), r"b.jpg: is empty"),
        (lambda root: (root / "labels/b.png").write_bytes(b"x"), r"b.png: is not an image"),
        (lambda root: write_label(root / "labels/b.png", np.full((2, 2), 29)), "class id 29"),
        (lambda root: write_label(root / "labels/b.png", np.full((2, 3), 1)), "other proportions"),
    ],
)
def test_a_broken_pair_adds_nothing_but_its_reason(root, damage, words):
    damage(root)
    stats = gathered(root)
    assert [p.stem for p in stats.broken] == ["b"] and words in stats.broken[0].reason
    assert stats.classes_per_map == [1, 2] and stats.pixels.sum() == 8
    assert sum(stats.photo_sizes.values()) == sum(stats.label_sizes.values()) == 2


def test_large_maps_are_counted_exactly(tmp_path):
    label = np.random.default_rng(0).integers(0, 29, (300, 400))
    put_pair(tmp_path, "a", label)
    pair = Pair("a", tmp_path / "imgs/a.jpg", tmp_path / "labels/a.png")
    assert count_pair(pair).pixels.tolist() == np.bincount(label.ravel(), minlength=29).tolist()


# The table


def test_the_table_of_a_small_set(root):
    lines = as_text(gathered(root)).splitlines()
    assert lines[:6] == [
        "pairs            3",
        "photos           2 of 2x2",
        "                 1 of 8x2",
        "label maps       2 of 2x2",
        "                 1 of 4x1",
        "classes per map  min 1, median 2, max 3",
    ]
    assert [line.split() for line in lines[7:10]] == [
        ["id", "class", "%", "of", "pixels", "in", "maps", "%", "of", "maps"],
        ["1", "sky", "50.00", "2", "66.7"],
        ["3", "sea", "33.33", "2", "66.7"],
    ]
    assert len(lines) == 8 + 29


def test_five_sizes_are_listed_and_the_others_are_counted():
    stats = Stats()
    stats.photo_sizes.update({(width, 10): width for width in range(1, 9)})
    lines = as_text(stats).splitlines()
    assert lines[1:7] == [
        "photos           8 of 8x10",
        "                 7 of 7x10",
        "                 6 of 6x10",
        "                 5 of 5x10",
        "                 4 of 4x10",
        "                 6 of 3 other sizes",
    ]


def test_a_set_without_a_sound_pair_still_gives_a_table():
    lines = as_text(Stats()).splitlines()
    assert lines[:4] == [
        "pairs            0",
        "photos           none",
        "label maps       none",
        "classes per map  no maps",
    ]
    assert as_json(Stats())["classes_per_map"] is None


# The command


def test_a_sound_set_exits_0_and_prints_the_table(root, capsys):
    assert main(["stats", "--data", str(root)]) == 0
    assert capsys.readouterr() == (as_text(gathered(root)), "")


def test_json_holds_the_same_numbers(root, tmp_path, capsys):
    assert main(["stats", "--data", str(root), "--json", str(tmp_path / "s.json")]) == 0
    numbers = json.loads((tmp_path / "s.json").read_text())
    assert numbers["pairs"] == 3 and numbers["broken"] == []
    assert numbers["photo_sizes"][0] == {"width": 2, "height": 2, "count": 2}
    assert numbers["classes_per_map"] == {"min": 1, "median": 2, "max": 3}
    assert numbers["classes"][0]["name"] == "sky" and numbers["classes"][0]["percent_of_pixels"] == 50


def test_broken_pairs_are_named_on_stderr_and_exit_1(root, tmp_path, capsys):
    (root / "labels/a.png").write_bytes(b"")
    (root / "imgs/lone.jpg").write_bytes(b"")
    (root / "imgs/notes.txt").write_bytes(b"")  # odd, and no affair of the numbers
    assert main(["stats", "--data", str(root), "--json", str(tmp_path / "s.json")]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("pairs            2\n")
    passed_over, *lines = err.splitlines()
    assert passed_over.startswith(f"{root}/imgs: 1 file passed over: 1 .txt; images end in ")
    assert lines == [
        f"broken: {root}/labels/a.png: is empty (0 bytes)",
        f"broken: {root}/imgs/lone.jpg: has no label",
        "broken pairs, which are not counted: 2",
    ]
    assert len(json.loads((tmp_path / "s.json").read_text())["broken"]) == 2


def test_a_wrong_place_for_the_json_is_one_line_and_exit_2(root, capsys):
    assert main(["stats", "--data", str(root), "--json", str(root / "none/s.json")]) == 2
    out, err = capsys.readouterr()
    assert err.startswith("error: ") and "none: no such folder" in err and out == ""  # before all maps are read


def test_the_input_folder_is_not_changed(root):
    before = {path: (digest(path), path.stat().st_mtime_ns) for path in root.glob("*/*")}
    main(["stats", "--data", str(root)])
    assert {path: (digest(path), path.stat().st_mtime_ns) for path in root.glob("*/*")} == before


def test_what_is_kept_does_not_grow_with_the_pixels(tmp_path):
    size = 512
    for i in range(20):
        put_pair(tmp_path, f"{i:02d}", np.zeros((size, size), int))
    pairs = match_files(tmp_path).pairs
    collect(pairs[:2], progress=False)  # what is loaded once is no matter here
    tracemalloc.start()
    stats = collect(pairs, workers=1, progress=False)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(stats.classes_per_map) == 20
    assert kept < size * size  # less than a single map of one byte a pixel
    assert peak < 8 * size * size  # one map at a time: 16 bits, two masks and 8 bits, and none eight bytes a pixel
