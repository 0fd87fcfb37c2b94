"""`select` and `curate`: mistakes are found before pairs are measured, and an outdated page is named."""

import pytest

import data_tools
from data_tools.__main__ import main


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    return data_tools.synth(tmp_path_factory.mktemp("set") / "a", count=4, seed=1, size=(96, 64), test_count=0)


@pytest.mark.parametrize(
    "words, message",
    [
        (("--limit", "ugly=1"), "there is no such rule"),
        (("--manual", "missing.txt"), "missing.txt: cannot be read"),
        (("--disagreement", "missing.csv"), "missing.csv: cannot be read"),
    ],
)
def test_curate_refuses_wrong_options_before_it_measures(rendered, tmp_path, capsys, words, message):
    assert main(["curate", "--data", str(rendered), "--out", str(tmp_path / "out"), *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_select_says_that_the_page_shows_the_selection_before(rendered, tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main(["curate", "--data", str(rendered), "--out", out, "--workers", "1"]) == 0
    assert "shows the selection before" not in capsys.readouterr().err
    assert main(["select", "--out", out, "--limit", "blurred=99"]) == 0
    assert "report.html: shows the selection before this one; `python -m data_tools report" in capsys.readouterr().err


def test_a_page_without_a_selection_names_what_is_missing(tmp_path, capsys):
    assert main(["report", "--out", str(tmp_path)]) == 2
    assert "run scan and select first" in capsys.readouterr().err
