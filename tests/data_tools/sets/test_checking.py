"""Finding pairs that cannot be trained on, or are odd."""

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.threads import with_bar
from data_tools.sets import checking
from data_tools.sets.checking import check_pair, check_pairs, inspect_pair, inspect_pairs
from data_tools.sets.image_io import write_label, write_photo
from data_tools.sets.pairing import Pair, Problem


def make_pair(folder, stem, photo=(12, 16), label=(12, 16), id=1):
    pair = Pair(stem, folder / f"{stem}.jpg", folder / f"{stem}.png")
    write_photo(pair.photo, np.zeros((*photo, 3), np.uint8))
    write_label(pair.label, np.full(label, id, np.uint8))
    return pair


def test_a_sound_pair_has_no_problem(tmp_path):
    assert check_pair(make_pair(tmp_path, "a")) is None


def test_a_photo_twice_as_large_as_its_label_is_sound(tmp_path):
    assert check_pair(make_pair(tmp_path, "a", photo=(768, 1024), label=(384, 512))) is None


@pytest.mark.parametrize("label, sound", [((100, 101), True), ((100, 102), False)])
def test_proportions_may_differ_by_one_percent(tmp_path, label, sound):
    problem = check_pair(make_pair(tmp_path, "a", photo=(100, 100), label=label))
    assert (problem is None) == sound
    if not sound:
        assert "100x100 has other proportions than its label, 102x100" in problem


@pytest.mark.parametrize("orientation, named", [(6, True), (8, True), (3, False), (1, False)])
def test_a_photo_that_exif_turned_against_its_label_is_named_with_the_remedy(tmp_path, orientation, named):
    pair, exif = make_pair(tmp_path, "a", label=(10, 20)), Image.Exif()
    exif[0x0112] = orientation
    size = (30, 20) if orientation in (1, 3) else (20, 10)  # other proportions than the label's, once turned
    Image.new("RGB", size).save(pair.photo, exif=exif)
    problem = check_pair(pair)
    assert "has other proportions than its label" in problem and ("EXIF orientation" in problem) == named
    assert ("exiftool -n -Orientation=1 FILE" in problem) == named


def test_unusual_files_of_sound_pairs_are_passed_on(tmp_path):
    pairs, found = [make_pair(tmp_path, "a"), make_pair(tmp_path, "b", id=29)], []
    for pair in pairs:
        Image.fromarray(np.zeros((12, 16), np.uint8)).save(pair.photo)
    check_pairs(pairs, progress=False, unusual=found.append)
    assert [(file.path.name, file.notes) for file in found] == [("a.jpg", ["is grey (becomes RGB)"]), ("a.png", [])]


def test_an_id_out_of_range_is_a_problem(tmp_path):
    pair = make_pair(tmp_path, "a", id=29)
    assert "class id 29" in check_pair(pair) and check_pair(pair, num_classes=30) is None


def test_problems_come_in_the_order_of_the_pairs(tmp_path):
    pairs = [make_pair(tmp_path, f"{i:02d}", id=40 if i in (3, 17) else 1) for i in range(20)]
    pairs[9].photo.write_bytes(pairs[9].photo.read_bytes()[:300])
    problems = check_pairs(pairs, workers=4, progress=False)
    assert [stem for stem, _ in problems] == ["03", "09", "17"]
    assert "09.jpg: is damaged" in problems[1][1]


def test_an_odd_pair_is_no_problem_for_training(tmp_path):
    pair = make_pair(tmp_path, "a")
    Image.fromarray(np.zeros((12, 16), np.uint8)).save(pair.photo)
    assert check_pair(pair) is None and check_pairs([pair], progress=False) == []
    assert inspect_pair(pair) == Problem("a", f"{pair.photo}: is grey (becomes RGB)", broken=False)


def test_a_broken_pair_is_not_odd_as_well(tmp_path):
    pair = make_pair(tmp_path, "a", id=29)
    Image.fromarray(np.zeros((12, 16), np.uint8)).save(pair.photo)
    problem = inspect_pair(pair)
    assert problem.broken and problem.reason == check_pair(pair)


def test_a_sound_pair_gets_no_line(tmp_path):
    assert inspect_pair(make_pair(tmp_path, "a")) is None


def test_a_file_that_vanishes_during_the_check_is_broken(tmp_path, monkeypatch):
    pair = make_pair(tmp_path, "a")
    monkeypatch.setattr(checking, "check_pair", lambda *args: pair.photo.unlink())
    problem = inspect_pair(pair)
    assert problem.broken and "a.jpg: cannot be read: No such file" in problem.reason


def test_broken_and_odd_pairs_come_in_the_order_of_the_pairs(tmp_path):
    pairs = [make_pair(tmp_path, f"{i:02d}", id=40 if i in (3, 17) else 1) for i in range(20)]
    Image.fromarray(np.zeros((12, 16), np.uint8)).save(pairs[9].photo)
    problems = inspect_pairs(pairs, workers=4, progress=False)
    assert [(p.stem, p.broken) for p in problems] == [("03", True), ("09", False), ("17", True)]


def test_photos_that_would_be_scaled_differently_are_a_broken_problem(tmp_path):
    pairs = []
    for stem, largest in (("a", 4095), ("b", 900), ("c", 4000)):
        pair = make_pair(tmp_path, stem)._replace(photo=tmp_path / f"{stem}-deep.png")
        Image.fromarray(np.full((12, 16), largest, np.uint16)).save(pair.photo)
        pairs.append(pair)
    *odd, problem = inspect_pairs(pairs, progress=False)
    assert [each.broken for each in odd] == [False] * 3
    assert problem.broken and "10 bits: 1 file" in problem.reason and "12 bits: 2 files" in problem.reason
    assert all(not each.broken for each in inspect_pairs(pairs[::2], progress=False))


def test_a_problem_is_one_line_whatever_the_folder_is_called(tmp_path):
    folder = tmp_path / "a\nb"
    folder.mkdir()
    pair = make_pair(folder, "x", photo=(12, 30))
    assert "a\\nb/x.jpg: 30x12" in check_pair(pair) and "\n" not in check_pair(pair)
    pair.label.write_bytes(b"")
    assert "a\\nb/x.png: is empty" in check_pair(pair) and "\n" not in check_pair(pair)


def test_only_a_few_pairs_wait_at_any_time():
    class Counted(list):
        taken = 0

        def __iter__(self):
            for item in super().__iter__():
                Counted.taken += 1
                yield item

    results = with_bar(lambda i: i, Counted(range(1000)), workers=2, name="check", progress=False)
    assert [next(results) for _ in range(10)] == list(range(10))
    assert Counted.taken < 30
    results.close()
