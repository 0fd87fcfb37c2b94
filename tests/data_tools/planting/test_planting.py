"""Sets with planted defects: the written files, the truth file, continuing after an interruption, and refusals."""

from collections import Counter

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.planting import plant
from data_tools.planting.journal import Journal
from data_tools.planting.kinds import KINDS, Kind, Planted
from data_tools.planting.plant import plant_set
from data_tools.planting.truth import Truth, read_truth
from data_tools.rendering.write_set import write_set
from data_tools.sets.checking import check_pairs
from data_tools.sets.image_io import read_label, read_photo
from data_tools.sets.pairing import find_pairs
from helpers.same_bytes import assert_same_bytes, contents, digest

ALL = list(KINDS)
SMALL = {"width": 80, "height": 60}
COUNT = 40  # enough for each kind to find a pair that suits it


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    write_set(folder, COUNT, seed=0, **SMALL)
    return folder


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    folder = tmp_path_factory.mktemp("few")
    write_set(folder, 8, seed=0, **SMALL)
    return folder


@pytest.fixture(scope="module")
def planted(clean, tmp_path_factory):
    """A set that has each kind of defect twice."""
    out = tmp_path_factory.mktemp("planted") / "out"
    plant_set(clean, out, ALL, share=2 * len(ALL) / COUNT, seed=0)
    return out


def by_stem(folder):
    return {pair.stem: pair for pair in find_pairs(folder)}


# What is written


def test_a_planted_set_can_be_read_and_has_the_contests_layout(planted):
    assert check_pairs(find_pairs(planted), progress=False) == []
    assert sorted(p.name for p in planted.iterdir()) == ["plant.json", "train", "truth.csv"]


def test_the_truth_names_every_pair_once_sorted_by_stem(planted):
    assert list(read_truth(planted / "truth.csv")) == [pair.stem for pair in find_pairs(planted)]


def test_all_kinds_come_equally_often(planted):
    truth = read_truth(planted / "truth.csv")
    originals = Counter(
        row.partner if KINDS[row.kind].changes == "adds" else row.stem for row in truth.values() if row.kind
    )
    assert len(originals) == 2 * len(ALL)
    kinds = Counter(
        row.kind for row in truth.values() if row.kind and (row.kind != "twin_label" or row.stem == row.partner)
    )
    assert kinds == dict.fromkeys(ALL, 2)


@pytest.mark.parametrize("kind", [kind for kind in ALL if KINDS[kind].changes != "adds"])
def test_a_defect_changes_its_own_file_and_leaves_the_other(planted, clean, kind):
    before, after = by_stem(clean), by_stem(planted)
    for row in read_truth(planted / "truth.csv").values():
        if row.kind == kind:
            same_photo = before[row.stem].photo.read_bytes() == after[row.stem].photo.read_bytes()
            same_label = before[row.stem].label.read_bytes() == after[row.stem].label.read_bytes()
            assert (same_photo, same_label) == ((True, False) if KINDS[kind].changes == "label" else (False, True))
            assert row.detail and (row.partner == "" or kind == "swapped")


def test_clean_pairs_are_copied_byte_for_byte(planted, clean):
    before, after = by_stem(clean), by_stem(planted)
    rows = [row for row in read_truth(planted / "truth.csv").values() if not row.kind]
    assert rows
    for row in rows:
        assert (row.partner, row.detail) == ("", "")
        assert_same_bytes(after[row.stem].photo, before[row.stem].photo)
        assert_same_bytes(after[row.stem].label, before[row.stem].label)


def test_a_swapped_label_is_its_partners(planted, clean):
    before, after = by_stem(clean), by_stem(planted)
    for row in read_truth(planted / "truth.csv").values():
        if row.kind == "swapped":
            assert np.array_equal(read_label(after[row.stem].label), read_label(before[row.partner].label))


def test_a_duplicate_stands_behind_its_original_which_counts_as_clean(planted):
    truth, after = read_truth(planted / "truth.csv"), by_stem(planted)
    copies = [row for row in truth.values() if row.kind == "duplicate"]
    for row in copies:
        assert row.stem == f"{row.partner}-2" > row.partner and truth[row.partner].kind == ""
        assert_same_bytes(after[row.stem].label, after[row.partner].label)
        difference = read_photo(after[row.stem].photo).astype(int) - read_photo(after[row.partner].photo)
        assert 0 < np.abs(difference).mean() < 20
    assert len(copies) == 2


def test_every_member_of_a_group_of_twins_is_listed_with_the_original_unchanged(planted, clean):
    truth, before, after = read_truth(planted / "truth.csv"), by_stem(clean), by_stem(planted)
    groups = Counter(row.partner for row in truth.values() if row.kind == "twin_label")
    assert len(groups) == 2
    for original, size in groups.items():
        assert 2 <= size <= 6 and truth[original].partner == original
        assert_same_bytes(after[original].photo, before[original].photo)
        for number in range(1, size):
            twin = after[f"{original}-t{number}"]
            assert (read_label(twin.label) == read_label(before[original].label)).mean() >= 0.95


def test_the_data_set_itself_is_not_changed(few, tmp_path):
    before = contents(few)
    plant_set(few, tmp_path / "out", ALL, share=1.0, seed=3)
    assert contents(few) == before


@pytest.mark.parametrize("share, count", [(0.001, 1), (0.5, 4), (1.0, 8)])
def test_a_share_of_the_pairs_gets_a_defect_and_at_least_one(few, tmp_path, share, count):
    plant_set(few, tmp_path, ["one_class"], share, seed=0)
    assert sum(row.kind == "one_class" for row in read_truth(tmp_path / "truth.csv").values()) == count


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(few, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        plant_set(few, tmp_path / name, ["shifted", "framed", "duplicate"], 0.5, seed)
    assert contents(tmp_path / "a") == contents(tmp_path / "b") != contents(tmp_path / "c")


def test_a_pairs_defect_does_not_depend_on_the_other_kinds(few, tmp_path):
    plant_set(few, tmp_path / "one", ["one_class"], 1.0, seed=0)
    plant_set(few, tmp_path / "two", ["one_class", "framed"], 1.0, seed=0)
    one, two = read_truth(tmp_path / "one/truth.csv"), read_truth(tmp_path / "two/truth.csv")
    shared = [stem for stem in one if two[stem].kind == "one_class"]
    assert shared and all(one[stem] == two[stem] for stem in shared)


def test_a_pair_that_does_not_suit_a_kind_is_left_to_another(few, tmp_path, monkeypatch):
    asked = []

    def only_the_last(source, others, rng):
        asked.append(source.stem)
        return [Planted(Truth(source.stem, "fussy", "", "x"))] if len(asked) == 3 else None

    monkeypatch.setitem(KINDS, "fussy", Kind("label", only_the_last))
    plant_set(few, tmp_path, ["fussy", "framed"], 1.0, seed=0)
    kinds = Counter(row.kind for row in read_truth(tmp_path / "truth.csv").values())
    assert kinds == {"fussy": 1, "framed": 4, "": 3}
    assert len(asked) == len(set(asked))  # what did not suit once is not tried again


def test_a_pair_that_has_a_copy_already_gets_no_other(few, tmp_path):
    data = tmp_path / "data"
    for folder in ("imgs", "labels"):
        (data / folder).mkdir(parents=True)
    for number, pair in enumerate(find_pairs(few)[:2]):
        for stem in (f"p{number}", f"p{number}-2") if number == 0 else (f"p{number}",):
            (data / "imgs" / f"{stem}.jpg").write_bytes(pair.photo.read_bytes())
            (data / "labels" / f"{stem}.png").write_bytes(pair.label.read_bytes())
    plant_set(data, tmp_path / "out", ["duplicate"], 1.0, seed=0)
    stems = [row.stem for row in read_truth(tmp_path / "out/truth.csv").values() if row.kind]
    assert stems == ["p0-2-2", "p1-2"]


# Going on


def test_an_interrupted_set_is_completed_to_the_same_bytes_without_planting_again(few, tmp_path, monkeypatch):
    kinds = ["shifted", "duplicate", "framed"]
    plant_set(few, tmp_path / "whole", kinds, 1.0, seed=0)
    written = []

    def interrupted(path, *args):
        if len(written) == 4:
            raise KeyboardInterrupt
        written.append(path)
        write_photo(path, *args)

    write_photo = plant.write_photo
    monkeypatch.setattr(plant, "write_photo", interrupted)
    with pytest.raises(KeyboardInterrupt):
        plant_set(few, tmp_path / "part", kinds, 1.0, seed=0)
    assert not (tmp_path / "part/truth.csv").exists()
    monkeypatch.setattr(plant, "write_photo", lambda path, *args: written.append(path) or write_photo(path, *args))
    plant_set(few, tmp_path / "part", kinds, 1.0, seed=0)
    assert contents(tmp_path / "part") == contents(tmp_path / "whole")
    assert len(written) == len(set(written))


def test_a_complete_set_is_left_alone(few, tmp_path, monkeypatch):
    plant_set(few, tmp_path, ["framed"], 0.5, seed=0)
    monkeypatch.setattr(plant, "write_photo", None)
    monkeypatch.setattr(plant, "copy_file", None)
    plant_set(few, tmp_path, ["framed"], 0.5, seed=0)


def test_files_that_were_lost_are_made_again(few, tmp_path):
    plant_set(few, tmp_path, ["framed", "duplicate"], 1.0, seed=0)
    before = contents(tmp_path)
    for path in [*sorted((tmp_path / "train/imgs").iterdir())[:3], *sorted((tmp_path / "train/labels").iterdir())[2:4]]:
        path.unlink()
    plant_set(few, tmp_path, ["framed", "duplicate"], 1.0, seed=0)
    assert contents(tmp_path) == before


def test_a_line_of_the_journal_that_was_cut_off_counts_as_not_there(tmp_path):
    path = tmp_path / "journal"
    rows = [Truth("é", "shifted", "", "x")]
    Journal(path).add("shifted", "é", rows)
    Journal(path).add("framed", "b", rows)
    path.write_bytes(path.read_bytes()[:-5])
    assert Journal(path).find("shifted", "é") == rows and Journal(path).find("framed", "b") == []


# What is refused


@pytest.mark.parametrize(
    "change, words",
    [
        ({"kinds": ["shifted", "blured"]}, "kinds: 'blured' is unknown; the kinds are shifted, mirrored"),
        ({"kinds": []}, "kinds: none is given; the kinds are shifted"),
        ({"kinds": ["framed", "framed"]}, "kinds: framed is given 2 times"),
        ({"share": 0.0}, "share 0.0 is not in 0 < share <= 1"),
        ({"share": 1.5}, "share 1.5 is not in"),
        ({"share": float("nan")}, "share nan is not in"),
        ({"seed": -1}, "seed -1 is not 0 or more"),
    ],
)
def test_a_plan_out_of_range_is_refused_before_anything_is_written(few, tmp_path, change, words):
    with pytest.raises(InputError, match=words):
        plant_set(few, tmp_path / "out", **{"kinds": ["framed"], "share": 0.5, "seed": 0, **change})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("place", [".", "train", "train/imgs", "new/place"])
def test_an_output_in_the_data_set_is_refused(few, place):
    before = contents(few)
    with pytest.raises(InputError, match="lies in the data set"):
        plant_set(few, few / place, ["framed"], 0.5, seed=0)
    assert contents(few) == before and not (few / "new").exists()


def test_an_output_that_leads_into_the_data_set_by_a_link_is_refused(few, tmp_path):
    (tmp_path / "link").symlink_to(few, target_is_directory=True)
    with pytest.raises(InputError, match="lies in the data set"):
        plant_set(few, tmp_path / "link" / "x", ["framed"], 0.5, seed=0)


@pytest.mark.parametrize("place", ["mine.txt", "train/imgs/me.jpg", "train/labels/synth_000000.png"])
def test_files_of_unknown_origin_are_refused(few, tmp_path, place):
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_bytes(b"mine")
    with pytest.raises(InputError, match="files that are not of this set"):
        plant_set(few, tmp_path, ["framed"], 0.5, seed=0)
    assert contents(tmp_path) == {place: digest(b"mine")}


def test_a_stray_file_in_a_set_that_was_begun_is_refused(few, tmp_path):
    plant_set(few, tmp_path, ["framed"], 0.5, seed=0)
    (tmp_path / "train/imgs/me.jpg").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"holds 1 files .* the first is me\.jpg"):
        plant_set(few, tmp_path, ["framed"], 0.5, seed=0)


@pytest.mark.parametrize("change", [{"seed": 1}, {"share": 0.4}, {"kinds": ["blurred"]}])
def test_another_set_in_the_folder_is_refused(few, tmp_path, change):
    plan = {"kinds": ["framed"], "share": 0.5, "seed": 0}
    plant_set(few, tmp_path, **plan)
    before = contents(tmp_path)
    with pytest.raises(InputError, match="holds another set"):
        plant_set(few, tmp_path, **{**plan, **change})
    assert contents(tmp_path) == before


def test_a_data_set_that_has_changed_since_is_refused(tmp_path):
    write_set(tmp_path / "data", 2, seed=0, **SMALL)
    plant_set(tmp_path / "data", tmp_path / "out", ["framed"], 0.5, seed=0)
    write_set(tmp_path / "data", 3, seed=0, **SMALL)
    with pytest.raises(InputError, match="holds another set"):
        plant_set(tmp_path / "data", tmp_path / "out", ["framed"], 0.5, seed=0)
