"""Progress: a bar on a terminal, lines elsewhere."""

import ast
import sys

from data_tools.basics import progress
from data_tools.basics.progress import LineProgress, progress_bar
from helpers.source_files import modules

USERS_OF_TQDM = {"data_tools.basics.progress", "jittor_tsit.runs.log", "experiments.fuzz.__main__"}  # two call `write`


def test_a_file_gets_one_line_in_30_seconds_and_no_bar(capsys, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    for _ in progress_bar(range(240), desc="check", unit="pair"):
        clock[0] += 0.5  # 60 pairs in 30 seconds
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "check: 60 of 240 pair (25%), 2.0 pair/s, 01:30 left"
    assert len(lines) == 4


def test_short_work_shows_nothing(capsys):
    with progress_bar(total=3, desc="check", unit="pair") as bar:
        bar.update(3)
    assert bar.n == 3 and capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar(capsys, monkeypatch):
    monkeypatch.setenv(progress.TERMINAL_VARIABLE, "1")
    assert list(progress_bar([1, 2], desc="check", unit="pair")) == [1, 2]
    assert "\rcheck: 100%" in capsys.readouterr().err


def test_a_line_without_a_total_or_of_slow_items():
    assert LineProgress(None, "read", "img", None, 0, False).line(10) == "read: 0 img, 0.0 img/s"
    slow = LineProgress(None, "train", "img", 100, 40, False)
    slow.update(10)
    assert slow.line(40) == "train: 50 of 100 img (50%), 4.0 s/img, 03:20 left"


def test_every_bar_is_made_here():
    for module, path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert "tqdm" not in imported or module in USERS_OF_TQDM, f"{module}: use data_tools.basics.progress"
    assert "tqdm" in sys.modules


def test_a_slow_beginning_that_is_left_out_gets_no_line_with_its_speed(capsys, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    with progress_bar(total=50, desc="training", unit="img") as bar:
        clock[0] = 500.0  # the first step compiles operators
        bar.unpause()
        bar.update()
        clock[0] += 30.0
        bar.update()
    assert capsys.readouterr().err.splitlines() == ["training: 2 of 50 img (4%), 15.0 s/img, 12:00 left"]
