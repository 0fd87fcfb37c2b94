"""The folder of a curation, from a data set to its splits and page, as commands."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from data_tools.__main__ import main
from data_tools.basics.errors import InputError
from data_tools.curation import folder as curation
from data_tools.curation.default_rules import read_settings
from data_tools.curation.equivalence import read_classes
from data_tools.curation.rules import SPLITS, read_decisions
from data_tools.curation.scan_cache import ScanCache, cached_keys
from data_tools.rendering.write_set import write_set
from data_tools.sets.image_io import read_label, read_photo, write_label, write_photo
from data_tools.sets.splits import read_split
from helpers.same_bytes import digest

COUNT = 16


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Rendered pairs. One is broken; five have the same label map and very different photos."""
    folder = tmp_path_factory.mktemp("curation") / "set"
    write_set(folder, COUNT, seed=5, width=160, height=120)
    imgs, labels = folder / "train" / "imgs", folder / "train" / "labels"
    photo, label = read_photo(imgs / "synth_000000.jpg"), read_label(labels / "synth_000000.png")
    for i in range(4):
        write_photo(imgs / f"twin_{i}.jpg", np.roll(photo, i + 1, axis=2) if i < 2 else 255 - np.roll(photo, i, axis=2))
        write_label(labels / f"twin_{i}.png", label)
    (imgs / "synth_000009.jpg").write_bytes(b"rotten")
    return folder


@pytest.fixture(scope="module")
def curated(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("curated")
    assert main(["curate", "--data", str(data), "--out", str(out), "--workers", "2"]) == 1  # one pair is broken
    return out


@pytest.fixture
def again(curated, tmp_path):
    """A copy that a test may change."""
    return Path(shutil.copytree(curated, tmp_path / "again"))


def splits(out):
    """The stems of each split, also of an empty one, which `read_split` refuses."""
    return {split: (out / f"{split}.txt").read_text().split() for split in SPLITS}


def test_every_readable_pair_is_in_total_and_each_split_within_the_one_before(curated):
    total, first, second = splits(curated).values()
    assert len(total) == COUNT + 3 and "synth_000009" not in total
    assert set(second) <= set(first) <= set(total) and read_split(curated / "total.txt") == sorted(total)


def test_every_pair_has_one_decision_that_agrees_with_the_lists(curated):
    decisions = {decision.stem: decision for decision in read_decisions(curated / "decisions.csv")}
    lists = splits(curated)
    assert len(decisions) == COUNT + 4
    assert decisions["synth_000009"].rule == "unreadable" and "synth_000009.jpg" in decisions["synth_000009"].value
    for stem, decision in decisions.items():
        innermost = [split for split in SPLITS if stem in lists[split]]
        assert decision.split == (innermost[-1] if innermost else "")
        assert decision.kept == (stem in lists["selection_2"])


def test_of_one_label_map_with_unlike_photos_three_stay(curated):
    (members,) = [m for m in read_classes(curated / "classes.csv") if "twin_0" in {row.stem for row in m}]
    assert {row.stem for row in members} == {"synth_000000", *(f"twin_{i}" for i in range(4))}
    assert sum(row.kept for row in members) == 3


def test_the_page_is_there_and_holds_every_rule(curated):
    page = (curated / "report.html").read_text(encoding="utf-8")
    assert all(rule.name in page for rule in read_settings(curated / "rules.json").rules)


def test_select_again_gives_the_same_bytes(curated):
    names = ("total.txt", "selection_1.txt", "selection_2.txt", "decisions.csv", "classes.csv", "rules.json")
    before = {name: digest(curated / name) for name in names}
    assert main(["select", "--out", str(curated)]) == 0
    assert {name: digest(curated / name) for name in names} == before


def test_a_budget_keeps_exactly_so_many_and_a_hand_wins(again, tmp_path, capsys):
    first = splits(again)["total"][0]
    (tmp_path / "manual.txt").write_text(f"drop {first}\nkeep twin_3\n")
    choose = ["select", "--out", str(again), "--manual", str(tmp_path / "manual.txt")]
    assert main([*choose, "--keep", "9,4", "--link", str(tmp_path / "links")]) == 0
    lists = splits(again)
    assert [len(stems) for stems in lists.values()] == [COUNT + 3, 9, 4]
    assert first not in lists["selection_1"] and "twin_3" in lists["selection_2"]
    laid_out = {path.stem for path in (tmp_path / "links/selection_2/train/imgs").iterdir()}
    assert laid_out == set(lists["selection_2"])
    assert "Total 19, Selection I 9, Selection II 4" in capsys.readouterr().err


def test_another_limit_drops_other_pairs(again):
    assert main(["select", "--out", str(again), "--limit", "blurred=0"]) == 0
    assert splits(again)["selection_1"] == []


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--keep", "100,4"], "--keep: 100 pairs for selection_1"),
        (["--limit", "beauty=3"], "there is no such rule"),
        (["--manual", "absent.txt"], "absent.txt: cannot be read"),
    ],
)
def test_a_wrong_option_is_one_line(curated, capsys, arguments, words):
    capsys.readouterr()
    assert main(["select", "--out", str(curated), *arguments]) == 2
    err = capsys.readouterr().err
    assert words in err and err.count("\n") == 1


@pytest.mark.parametrize(
    "option, value",
    [("--keep", "3"), ("--keep", "3,4"), ("--limit", "blurred"), ("--agreement", "1.5"), ("--class-size", "0")],
)
def test_an_option_that_cannot_be_read_says_what_is_allowed(curated, capsys, option, value):
    with pytest.raises(SystemExit) as caught:
        main(["select", "--out", str(curated), option, value])
    assert caught.value.code == 2 and option in capsys.readouterr().err


@pytest.mark.parametrize("command", ["select", "report"])
def test_a_folder_without_a_finished_scan_is_named(tmp_path, capsys, command):
    assert main([command, "--out", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert str(tmp_path) in err and "cannot be read" in err and err.count("\n") == 1


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000, b"\xff", b"[]", b"{}", b'{"data": 3}', b"null"])
def test_a_damaged_record_of_a_scan_is_named(tmp_path, content):
    (tmp_path / "scan.json").write_bytes(content)
    with pytest.raises(InputError, match="scan.json: .*; run scan"):
        curation.scanned_folder(tmp_path)


@pytest.mark.parametrize("content", ["stem\na\n", "stem,problem,more\na,b,c\n", "a,b\n"])
def test_a_damaged_list_of_problems_is_named(tmp_path, content):
    (tmp_path / "problems.csv").write_text(content)
    with pytest.raises(InputError, match="problems.csv: has the columns"):
        curation.read_problems(tmp_path / "problems.csv")


def test_a_cache_that_is_damaged_inside_is_named(tmp_path):
    cache = ScanCache(tmp_path / "cache", b"v")
    cache.put({b"%016d" % number: bytes(500) for number in range(100)})
    cache.close()
    content = (tmp_path / "cache").read_bytes()
    (tmp_path / "cache").write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))  # its first page is whole
    with pytest.raises(InputError, match="cache: cannot be used as a cache"):
        cached_keys(tmp_path / "cache")
    with pytest.raises(InputError, match="cache: cannot be used as a cache"):
        ScanCache(tmp_path / "cache", b"v").get(b"%016d" % 3)


def test_a_record_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="a record is missing"):
        ScanCache(tmp_path / "cache", b"v").get(b"x")


def test_results_of_an_interrupted_scan_are_not_taken_for_whole_ones(again, capsys):
    curation.invalidate_scan(again)
    assert main(["select", "--out", str(again)]) == 2
    assert "run scan first and let it finish" in capsys.readouterr().err


def disagreement(path, rows):
    """Write a table of disagreement as a segmenter's run does."""
    path.write_text("stem,disagreement\n" + "".join(f"{stem},{value}\n" for stem, value in rows))
    return str(path)


def test_a_segmenters_disagreement_is_one_more_rule(again, tmp_path):
    tables = [
        disagreement(tmp_path / "1.csv", [("synth_000001", 0.9), ("synth_000002", 0.1)]),
        disagreement(tmp_path / "2.csv", [("synth_000003", 0.7)]),
    ]
    words = ["select", "--out", str(again), "--limit", "disputed=0.8"]
    assert main([*words[:3], "--disagreement", tables[0], "--disagreement", tables[1], *words[3:]]) == 0
    assert "synth_000001" in splits(again)["total"] and "synth_000001" not in splits(again)["selection_1"]
    decisions = {decision.stem: decision for decision in read_decisions(again / "decisions.csv")}
    assert (decisions["synth_000001"].rule, decisions["synth_000001"].value) == ("disputed", "0.9")
    assert decisions["synth_000003"].rule != "disputed" or decisions["synth_000003"].kept  # below this limit
    assert main(["report", "--out", str(again)]) == 0 and "disputed" in (again / "report.html").read_text()
    assert main(words[:3]) == 0 and main(["report", "--out", str(again)]) == 0  # and without it all is as before
    assert not (again / "disagreement.csv").exists() and "disputed" not in (again / "rules.json").read_text()


@pytest.mark.parametrize(
    "text, words",
    [
        ("stem,disagreement\nother,0.5\n", "names other, which is not a pair here"),
        ("stem,accuracy\nsynth_000001,0.5\n", "has no column disagreement"),
        ("stem,disagreement\nsynth_000001,much\n", "much"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(again, tmp_path, capsys, text, words):
    (tmp_path / "1.csv").write_text(text)
    assert main(["select", "--out", str(again), "--disagreement", str(tmp_path / "1.csv")]) == 2
    assert words in capsys.readouterr().err


def test_the_limit_of_a_rule_that_is_not_there_is_refused(again, capsys):
    assert main(["select", "--out", str(again), "--limit", "disputed=0.8"]) == 2
    assert "there is no such rule" in capsys.readouterr().err
