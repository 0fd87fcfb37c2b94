"""Rendered sets with planted defects, the truth file, and the commands."""

import os

import pytest

from data_tools.__main__ import main
from data_tools.basics.errors import InputError
from data_tools.planting import plant, synthetic_set
from data_tools.planting.kinds import KINDS
from data_tools.planting.plant import plant_set
from data_tools.planting.synthetic_set import write_planted_set
from data_tools.planting.truth import Truth, read_truth, summary, write_truth
from data_tools.rendering.write_set import write_set
from data_tools.sets.checking import check_pairs
from data_tools.sets.pairing import find_labels, find_pairs
from helpers.same_bytes import contents

SMALL = {"width": 80, "height": 60}


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    folder = tmp_path_factory.mktemp("few")
    write_set(folder, 8, seed=0, **SMALL)
    return folder


# The truth file


def test_the_truth_is_read_as_it_was_written(tmp_path):
    rows = [Truth("b", "shifted", "", 'dx=+6% "x", y'), Truth("a", "", "", ""), Truth("a-2", "duplicate", "a", "q")]
    write_truth(tmp_path / "truth.csv", rows)
    assert list(read_truth(tmp_path / "truth.csv").values()) == sorted(rows)


@pytest.mark.parametrize(
    "text, words",
    [
        ("stem,kind\na,b\n", "has the columns stem, kind; they must be stem, kind, partner, detail"),
        ("stem,kind,partner,detail\na,,,\na,,,\n", "names the stem a twice"),
        ("", "is empty"),
    ],
)
def test_another_table_is_no_truth_file(tmp_path, text, words):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InputError, match=words):
        read_truth(tmp_path / "t.csv")


def test_a_summary_counts_the_kinds():
    truth = {s: Truth(s, k, "", "") for s, k in [("a", "shifted"), ("b", ""), ("c", "framed"), ("d", "framed")]}
    assert summary(truth) == "4 pairs, 3 of them with a defect: 2 framed, 1 shifted"


# Rendered sets with defects


def test_a_rendered_set_with_defects_leaves_only_the_contests_layout_and_the_truth(tmp_path):
    write_planted_set(tmp_path, 8, seed=0, test_count=2, share=0.5, **SMALL)
    assert sorted(os.listdir(tmp_path)) == ["synth.json", "test", "train", "truth.csv"]
    assert check_pairs(find_pairs(tmp_path), progress=False) == []
    assert len(find_labels(tmp_path)) == 2
    assert list(read_truth(tmp_path / "truth.csv")) == [pair.stem for pair in find_pairs(tmp_path)]


def test_a_rendered_set_with_defects_is_the_rendered_set_planted(few, tmp_path):
    write_planted_set(tmp_path / "at_once", 8, seed=0, share=0.5, **SMALL)
    plant_set(few, tmp_path / "later", list(KINDS), 0.5, seed=0)
    assert contents(tmp_path / "at_once/train") == contents(tmp_path / "later/train")


def test_an_interrupted_rendered_set_is_completed_to_the_same_bytes(tmp_path, monkeypatch):
    arguments = {"count": 6, "seed": 0, "test_count": 1, "share": 0.5, **SMALL}
    write_planted_set(tmp_path / "whole", **arguments)
    for module, name in (
        (synthetic_set.write_set, "write_label"),
        (plant, "write_truth"),
        (synthetic_set, "copy_file"),
        (synthetic_set.shutil, "rmtree"),
    ):
        with monkeypatch.context() as patch, pytest.raises(TypeError):
            patch.setattr(module, name, None)  # ends the run here
            write_planted_set(tmp_path / "part", **arguments)
    write_planted_set(tmp_path / "part", **arguments)
    assert contents(tmp_path / "part") == contents(tmp_path / "whole")


def test_a_half_removed_clean_set_is_removed_and_not_rendered_again(tmp_path, monkeypatch):
    """The run was killed while it deleted the clean set: its record was gone already, its pictures were not."""
    write_planted_set(tmp_path, 3, seed=0, share=0.5, **SMALL)
    before = contents(tmp_path)
    (tmp_path / ".clean/train/imgs").mkdir(parents=True)
    (tmp_path / ".clean/train/imgs/synth_000001.jpg").write_bytes(b"x")
    monkeypatch.setattr(synthetic_set.write_set, "write_set", None)
    write_planted_set(tmp_path, 3, seed=0, share=0.5, **SMALL)
    assert contents(tmp_path) == before


def test_a_complete_rendered_set_is_not_rendered_again(tmp_path, monkeypatch):
    write_planted_set(tmp_path, 3, seed=0, share=0.5, test_count=1, **SMALL)
    monkeypatch.setattr(synthetic_set.write_set, "write_set", None)
    write_planted_set(tmp_path, 3, seed=0, share=0.5, test_count=1, **SMALL)


@pytest.mark.parametrize("change", [{"seed": 1}, {"count": 4}, {"share": 0.4}, {"test_count": 1}, {"width": 96}])
def test_another_rendered_set_in_the_folder_is_refused(tmp_path, change):
    arguments = {"count": 3, "seed": 0, "share": 0.5, "test_count": 0, **SMALL}
    write_planted_set(tmp_path, **arguments)
    with pytest.raises(InputError, match="holds another set"):
        write_planted_set(tmp_path, **{**arguments, **change})


def test_rendered_sets_with_and_without_defects_do_not_mix(tmp_path):
    write_planted_set(tmp_path / "with", 2, seed=0, share=0.5, **SMALL)
    with pytest.raises(InputError, match="holds another set"):
        write_set(tmp_path / "with", 2, seed=0, **SMALL)
    write_set(tmp_path / "without", 2, seed=0, **SMALL)
    with pytest.raises(InputError, match="holds another set"):
        write_planted_set(tmp_path / "without", 2, seed=0, share=0.5, **SMALL)


# Commands


def test_plant_says_what_it_planted(few, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["plant", "--data", str(few), "--out", str(out), "--kinds", "framed, shifted", "--share", "0.5"]) == 0
    assert capsys.readouterr().out == f"{out}: 8 pairs, 4 of them with a defect: 2 framed, 2 shifted\n"


def test_plant_refuses_an_unknown_kind_in_one_line(few, tmp_path, capsys):
    assert main(["plant", "--data", str(few), "--out", str(tmp_path / "out"), "--kinds", "x"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: kinds: 'x' is unknown; the kinds are shifted, ") and err.count("\n") == 1


def test_help_of_plant_has_an_example_and_names_every_kind(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["plant", "--help"])
    out = capsys.readouterr().out
    assert caught.value.code == 0 and "example:\n  python -m data_tools plant --" in out
    assert all(kind in out for kind in KINDS)


def test_synth_plants_defects_if_asked(tmp_path, capsys):
    arguments = ["synth", "--out", str(tmp_path), "--count", "4", "--seed", "0", "--size", "64x48", "--defects", "0.5"]
    assert main(arguments) == 0
    assert "4 pairs, 2 of them with a defect: 1 mirrored, 1 shifted" in capsys.readouterr().out
    assert sum(bool(row.kind) for row in read_truth(tmp_path / "truth.csv").values()) == 2


def test_synth_refuses_a_share_out_of_range(tmp_path, capsys):
    arguments = ["synth", "--out", str(tmp_path / "s"), "--count", "4", "--seed", "0", "--defects", "2"]
    assert main(arguments) == 2
    assert capsys.readouterr().err == "error: share 2.0 is not in 0 < share <= 1\n"
