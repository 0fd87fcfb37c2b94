"""`python -m data_tools`: what it prints and how it exits."""

import errno
import os
import subprocess
import sys

import pytest

from data_tools.__main__ import main
from data_tools.basics.errors import ROOM_ADVICE
from data_tools.commands import synth
from data_tools.sets.image_io import write_label

SYNTH = ["synth", "--count", "2", "--seed", "3", "--size", "64x48"]


@pytest.fixture
def small_set(tmp_path):
    assert main([*SYNTH, "--out", str(tmp_path / "set")]) == 0
    return tmp_path / "set"


def run(*args, **options):
    return subprocess.run(
        [sys.executable, "-m", "data_tools", *map(str, args)], capture_output=True, text=True, timeout=60, **options
    )


def test_synth_says_what_it_wrote(tmp_path, capsys):
    assert main([*SYNTH, "--out", str(tmp_path / "s"), "--test-count", "1"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 's'}: 2 pairs and 1 label maps for testing\n"


def test_check_of_a_sound_set_exits_0_and_lists_nothing(small_set, capsys):
    capsys.readouterr()
    assert main(["check", "--data", str(small_set)]) == 0
    assert capsys.readouterr() == ("", "2 pairs read, 0 broken, 0 odd\n")


def test_check_lists_every_problem_and_exits_1(small_set, capsys):
    import numpy as np

    write_label(small_set / "train/labels/synth_000000.png", np.full((48, 64), 29))
    (small_set / "train/imgs/synth_000001.jpg").write_bytes(b"")
    (small_set / "train/imgs/lonely.jpg").write_bytes(b"")
    write_label(small_set / "train/labels/only.png", np.zeros((4, 4), int))
    capsys.readouterr()
    assert main(["check", "--data", str(small_set)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    for line, words in zip(lines, ["lonely.jpg: has no label", "only.png: has no photo", "class id 29", "is empty"]):
        assert line.startswith("broken: ") and words in line


@pytest.mark.parametrize(
    "args, words",
    [
        (["check", "--data", "nowhere"], "error: nowhere: no such folder"),
        ([*SYNTH[:-1], "8x8", "--out", "s"], "error: width 8 is not in 32..4096"),
        ([*SYNTH, "--out", "file/s"], "file/s"),
        ([*SYNTH, "--out", "file"], "error: file"),
    ],
)
def test_a_users_mistake_is_one_line_and_exit_2(tmp_path, monkeypatch, capsys, args, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert main(args) == 2
    err = capsys.readouterr().err
    assert words in err and err.count("\n") == 1 and err.startswith("error: ")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder_is_one_line_and_exit_2(tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert main([*SYNTH, "--out", str(tmp_path / "s")]) == 2
    assert "cannot be written: Permission denied" in capsys.readouterr().err
    tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    "option, value, words",
    [
        ("--size", "512", "'512' is no size; write WIDTHxHEIGHT in pixels, such as 512x384"),
        ("--size", "axb", "is no size; write WIDTHxHEIGHT"),
        ("--count", "0", "'0' is not a whole number of at least 1"),
        ("--count", "1.5", "is not a whole number"),
        ("--seed", "-1", "at least 0"),
        ("--test-count", "x", "at least 0"),
    ],
)
def test_a_wrong_option_exits_2_and_says_what_is_allowed(tmp_path, capsys, option, value, words):
    with pytest.raises(SystemExit) as caught:
        main([*SYNTH, "--out", str(tmp_path), f"{option}={value}"])
    assert caught.value.code == 2 and words in capsys.readouterr().err


def test_no_command_exits_2(capsys):
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2


@pytest.mark.parametrize("command", ["synth", "check", "stats"])
def test_help_of_each_command_has_an_example(capsys, command):
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0 and f"example:\n  python -m data_tools {command} --" in capsys.readouterr().out


def test_a_full_disk_is_one_line_and_exit_2(tmp_path, monkeypatch, capsys):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device", "x.jpg")

    monkeypatch.setattr(synth, "write_set", full)
    assert main([*SYNTH, "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"error: x.jpg: No space left on device; {ROOM_ADVICE}\n"


def test_ctrl_c_is_one_line_and_exit_130(tmp_path, monkeypatch, capsys):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(synth, "write_set", interrupted)
    assert main([*SYNTH, "--out", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_reader_that_leaves_causes_no_traceback(tmp_path):
    (tmp_path / "imgs").mkdir()
    (tmp_path / "labels").mkdir()
    for i in range(3000):
        (tmp_path / "imgs" / f"{i:0100d}.jpg").touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "data_tools", "check", "--data", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.read(10)
    process.stdout.close()
    err = process.stderr.read().decode()
    assert process.wait(60) == 141 and err == ""


def test_the_module_runs_and_passes_on_its_status(tmp_path):
    result = run("check", "--data", tmp_path / "none")
    assert result.returncode == 2 and result.stderr.startswith("error: ") and "Traceback" not in result.stderr


def test_the_package_loads_neither_jittor_nor_opencv():
    code = "import sys, data_tools.__main__; print([m for m in ('jittor', 'jittor_tsit', 'cv2') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
