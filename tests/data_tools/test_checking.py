"""Finding pairs that cannot be trained on."""

import numpy as np
import pytest

from data_tools import checking
from data_tools.checking import check_pair, check_pairs
from data_tools.image_io import write_label, write_photo
from data_tools.pairing import Pair


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


def test_an_id_out_of_range_is_a_problem(tmp_path):
    pair = make_pair(tmp_path, "a", id=29)
    assert "class id 29" in check_pair(pair) and check_pair(pair, num_classes=30) is None


def test_problems_come_in_the_order_of_the_pairs(tmp_path):
    pairs = [make_pair(tmp_path, f"{i:02d}", id=40 if i in (3, 17) else 1) for i in range(20)]
    pairs[9].photo.write_bytes(pairs[9].photo.read_bytes()[:300])
    problems = check_pairs(pairs, workers=4, progress=False)
    assert [stem for stem, _ in problems] == ["03", "09", "17"]
    assert "09.jpg: is damaged" in problems[1][1]


def test_only_a_few_pairs_wait_at_any_time(monkeypatch):
    taken = 0

    def pairs():
        nonlocal taken
        for i in range(1000):
            taken += 1
            yield i

    results = checking._in_threads(lambda i: i, pairs(), workers=2)
    assert [next(results) for _ in range(10)] == list(range(10))
    assert taken < 30
    results.close()
