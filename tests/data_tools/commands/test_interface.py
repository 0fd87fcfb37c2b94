"""The commands of data_tools as functions: they do what the command lines do."""

import numpy as np
import pytest

import data_tools
from data_tools.__main__ import main
from helpers.same_bytes import assert_same_bytes


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    return data_tools.synth(tmp_path_factory.mktemp("set") / "a", count=6, seed=1, size=(96, 64), test_count=2)


def test_synth_renders_what_the_command_renders(rendered, tmp_path, capsys):
    words = ["--count", "6", "--seed", "1", "--size", "96x64", "--test-count", "2"]
    assert main(["synth", "--out", str(tmp_path / "b"), *words]) == 0
    for path in (path for path in rendered.rglob("*") if path.is_file()):
        assert_same_bytes(path, tmp_path / "b" / path.relative_to(rendered))


def test_check_returns_problems_broken_ones_first(rendered, tmp_path):
    assert data_tools.check(rendered) == []
    for folder in ("imgs", "labels"):
        (tmp_path / folder).mkdir()
    for name in "ab":
        data_tools.write_photo(tmp_path / f"imgs/{name}.jpg", np.zeros((32, 48, 3), np.uint8))
    data_tools.write_label(tmp_path / "labels/a.png", np.full((32, 48), 3))
    (tmp_path / "imgs/a.txt").write_text("")
    problems = data_tools.check(str(tmp_path))
    assert [(problem.stem, problem.broken) for problem in problems][0] == ("b", True)
    assert not problems[-1].broken
    assert [problem.stem for problem in data_tools.check(tmp_path, num_classes=2) if problem.broken] == ["a", "b"]


def test_stats_counts_pairs_and_classes(rendered):
    found = data_tools.stats(rendered, workers=1)
    assert found["pairs"] == 6 and found["photo_sizes"] == [{"width": 96, "height": 64, "count": 6}]
    assert sum(each["percent_of_pixels"] for each in found["classes"]) == pytest.approx(100)


def test_curate_makes_the_splits_of_the_command(rendered, tmp_path):
    splits = data_tools.curate(rendered, tmp_path / "ours", keep=(4, 2), workers=1)
    assert {name: len(stems) for name, stems in splits.items()} == {"total": 6, "selection_1": 4, "selection_2": 2}
    assert (tmp_path / "ours/selection_2.txt").read_text().split() == splits["selection_2"]
    assert (tmp_path / "ours/report.html").is_file()
    (tmp_path / "manual.txt").write_text(f"drop {splits['total'][0]}\n")
    changed = data_tools.select(tmp_path / "ours", manual=tmp_path / "manual.txt", limits={"backlit": 0.3})
    assert splits["total"][0] not in changed["selection_1"]
    with pytest.raises(data_tools.InputError, match="there is no such rule"):
        data_tools.select(tmp_path / "ours", limits={"ugly": 1})


def test_a_negative_number_of_workers_is_refused(rendered):
    with pytest.raises(ValueError, match="workers=-1: allowed are 0"):
        data_tools.check(rendered, workers=-1)
