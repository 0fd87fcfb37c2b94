"""Names of results: the inputs' own where they differ, and never two alike."""

from pathlib import Path

import pytest

from data_tools.basics.errors import InputError
from jittor_tsit.inference.names import draws_of, names_of_inputs, names_of_targets

CASES = {
    ("in/a.jpg", "in/b.png"): ["a", "b"],
    ("in/a.jpg", "in/a.png", "in/b.jpg"): ["a_jpg", "a_png", "b"],
    ("forest/1.jpg", "sea/1.jpg", "sea/2.jpg"): ["forest_1", "sea_1", "2"],
}


@pytest.mark.parametrize("paths", CASES)
def test_files_of_one_name_are_told_apart(paths):
    assert names_of_inputs([Path(path) for path in paths]) == CASES[paths]


def test_files_that_stay_alike_are_named(tmp_path):
    with pytest.raises(InputError, match="a_jpg.*and.*a.jpg: their images would have the same name; rename one file"):
        names_of_inputs([tmp_path / name for name in ("a.jpg", "a.png", "a_jpg.jpg")])


def test_one_draw_has_the_inputs_own_name():
    assert draws_of("a", 1) == ["a"] and draws_of("a", 3) == ["a_1", "a_2", "a_3"]


@pytest.mark.parametrize(
    "names, targets, first",
    [
        (("1", "2"), ("forest", "sea"), "1_forest"),
        (("1", "1_old"), ("forest", "old_forest"), "1__forest"),
        (("1", "1__old", "1_old"), ("forest", "old__forest", "old_forest"), "forest/1"),
        (("a", "a_"), ("_b", "b"), "_b/a"),
    ],
)
def test_no_two_images_of_photos_and_targets_have_one_name(names, targets, first):
    found = names_of_targets(names, targets)
    assert found[names[0]][0] == first
    assert len({each for some in found.values() for each in some}) == len(names) * len(targets)
