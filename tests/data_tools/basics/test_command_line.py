"""The command line: one-line errors with similar names, help in the words that were typed, and --quiet."""

import io
import sys
from contextlib import redirect_stderr

import pytest

from data_tools.__main__ import main
from data_tools.basics import invocation
from data_tools.basics.command_line import quiet
from data_tools.basics.invocation import program, typed


@pytest.mark.parametrize(
    "words, message",
    [
        (("scann", "--data", "x"), "no command scann; similar ones are scan"),
        (("scan", "--dat", "x", "--outt", "y"), "--out"),
        (
            ("check", "--data", "x", "--num-clases", "3"),
            "unrecognized arguments: --num-clases 3; similar options are --num-classes",
        ),
        (("check", "--data", "x", "y"), "unrecognized arguments: y; `python -m data_tools check --help`"),
        (("scan",), "the following arguments are required: --data, --out"),
        (("synth", "--count", "x"), "argument --count: 'x' is not a whole number"),
    ],
)
def test_a_wrong_argument_is_told_in_one_line_without_the_usage(words, message, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    said = capsys.readouterr().err
    assert ended.value.code == 2 and message in said and said.count("\n") == 1 and "usage" not in said
    assert said.startswith("error: ") and "--help` lists the options" in said


@pytest.mark.parametrize(
    "variable, script, ours, tools",
    [
        ("bash run.sh", "__main__.py", "bash run.sh", "bash run.sh"),
        ("", "/usr/bin/jittor-tsit", "jittor-tsit", "jittor-tsit"),
        ("", "/usr/bin/data-tools", "python -m jittor_tsit", "data-tools"),
        ("", "__main__.py", "python -m jittor_tsit", "python -m data_tools"),
    ],
)
def test_help_names_the_program_that_was_typed(variable, script, ours, tools, monkeypatch):
    monkeypatch.setenv(invocation.VARIABLE, variable)
    monkeypatch.setattr(sys, "argv", [script])
    assert (program("jittor_tsit"), program("data_tools")) == (ours, tools)
    assert typed("train --data DIR") == f"{ours} train --data DIR"


@pytest.mark.parametrize("is_on, shown", [(True, "a.jpg: cannot be read\ndone: 3 pairs\n"), (False, None)])
def test_quiet_leaves_warnings_and_the_result(is_on, shown):
    said, lines = io.StringIO(), "reading\n 40%|##\r 80%|####\ra.jpg: cannot be read\nround 1\ndone: 3 pairs\n"
    with redirect_stderr(said), quiet(is_on):
        sys.stderr.write(lines)
    assert said.getvalue() == (shown or lines)


def test_quiet_leaves_warnings_only_of_commands_that_write_files(capsys):
    with quiet(True, only_warnings=True):
        print("checkpoint: a\na.png: not written\nnext: score")
        print("reading\nb.jpg: passed over\n3 of 4 files", file=sys.stderr)
    assert capsys.readouterr() == ("a.png: not written\n", "b.jpg: passed over\n")


def test_quiet_is_an_option_of_every_command(tmp_path, capfd):
    assert main(["synth", "--out", str(tmp_path), "--count", "1", "--seed", "0", "-q"]) == 0
    assert "synth:" not in capfd.readouterr().err  # the progress bar
