"""Every kind of broken or odd file: `check` prints a line for each such pair, continues and changes no file.

In each case the file is in a set between a good pair and, as the last, a pair with a class id out of range. The line
about the last pair shows that the run continued to the end.
"""

import os
import stat
import subprocess
import sys

import pytest
from PIL import Image

from data_tools.__main__ import main
from helpers.hostile_files import folder, put_label, put_pair, put_photo
from helpers.hostile_kinds import GREY, KINDS
from helpers.same_bytes import digest

SENTINEL = ("broken", "labels/zz.png", "class id 29 at pixel x=0, y=0; ids are 0..28")
ROOT_MAY_READ = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


@pytest.fixture
def root(tmp_path):
    (tmp_path / "imgs").mkdir()
    (tmp_path / "labels").mkdir()
    for stem in ("aa", "zz"):
        put_photo(tmp_path, f"{stem}.jpg")
        put_label(tmp_path, f"{stem}.png", id=29 if stem == "zz" else 1)
    return tmp_path


def snapshot(folder):
    """Everything about the files of a folder that reading must not change."""
    return {path: facts(path) for path in [folder, *sorted(folder.rglob("*"))]}


def facts(path):
    status = path.lstat()
    content = None
    if stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(status.st_mode) and os.access(path, os.R_OK):
        content = digest(path)
    return status.st_mode, status.st_size, status.st_mtime_ns, status.st_ino, content


def assert_rows(root, capsys, rows):
    """`check` prints exactly these lines and the last pair's, what suffices for its id, and the numbers.

    It exits with status 1 and changes no file.
    """
    before = snapshot(root)
    capsys.readouterr()
    assert main(["check", "--data", str(root)]) == 1
    out, err = capsys.readouterr()
    rows, lines = [*rows, SENTINEL], out.splitlines()
    assert len(lines) == len(rows), out
    for kind, name, words in rows:
        assert [line for line in lines if line.startswith(f"{kind}: {root}/{name}: ") and words in line], out
    broken = sum(kind == "broken" for kind, _, _ in rows)
    suffices, numbers = err.splitlines()
    assert suffices.startswith("num_classes=") and suffices.endswith("suffices for all label maps that can be read")
    assert numbers.endswith(f" pairs read, {broken} broken, {len(rows) - broken} odd")
    assert snapshot(root) == before


@pytest.mark.parametrize("put, rows", [kind[1:] for kind in KINDS], ids=[kind[0] for kind in KINDS])
def test_each_kind_gets_its_line_and_the_rest_is_read(root, capsys, put, rows):
    put(root)
    assert_rows(root, capsys, rows)


@ROOT_MAY_READ
@pytest.mark.parametrize(
    "name, rows",
    [
        ("imgs/x.jpg", [("broken", "imgs/x.jpg", "cannot be read: Permission denied")]),
        ("labels/x.png", [("broken", "labels/x.png", "cannot be read: Permission denied")]),
        ("imgs/more", [("odd", "imgs/more", "is a folder")]),
    ],
)
def test_what_may_not_be_read_gets_its_line(root, capsys, name, rows):
    put_pair(root)
    if not (root / name).exists():
        folder(name)(root)
    (root / name).chmod(0)
    try:
        assert_rows(root, capsys, rows)
    finally:
        (root / name).chmod(0o700)


@ROOT_MAY_READ
@pytest.mark.parametrize("name", ["imgs", "labels", "."])
def test_a_folder_of_the_set_that_may_not_be_read_ends_the_run(root, capsys, name):
    (root / name).chmod(0)
    try:
        assert main(["check", "--data", str(root)]) == 2
    finally:
        (root / name).chmod(0o700)
    assert "cannot be read: Permission denied" in capsys.readouterr().err


@ROOT_MAY_READ
def test_a_folder_that_may_be_listed_but_not_entered_gives_a_line_a_pair(root, capsys):
    (root / "imgs").chmod(0o400)
    try:
        assert main(["check", "--data", str(root)]) == 1
    finally:
        (root / "imgs").chmod(0o700)
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 2 and all("cannot be read: Permission denied" in line for line in out)


def test_all_kinds_together_give_all_their_lines(root, capsys):
    """Odd and broken files of the same folder do not hide one another; the broken ones come first."""
    put_photo(root, "bad\n.jpg")
    put_photo(root, "lone.jpg")
    (root / "imgs/more").mkdir()
    put_label(root, "grey.png")
    Image.fromarray(GREY).save(root / "imgs/grey.png")
    main(["check", "--data", str(root)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["broken", "broken", "broken", "odd", "odd"]
    for line, name in zip(lines, ["bad\\n.jpg", "lone.jpg", "zz.png", "grey.png", "more"]):
        assert name in line


def test_odd_files_alone_exit_1(root, capsys):
    put_label(root, "zz.png", id=2)
    assert main(["check", "--data", str(root)]) == 0
    (root / "imgs/notes.txt").write_text("")
    assert main(["check", "--data", str(root)]) == 1
    assert capsys.readouterr().err.endswith("2 pairs read, 0 broken, 1 odd\n")


def test_a_folder_with_a_newline_in_its_own_name_keeps_lines_whole(root, capsys):
    strange = root / "a\nb"
    strange.mkdir()
    for name in ("imgs", "labels"):
        (root / name).rename(strange / name)
    main(["check", "--data", str(strange)])
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and "/a\\nb/labels/zz.png: class id 29" in out


def test_a_terminal_that_cannot_show_a_name_gets_it_escaped(root):
    put_photo(root, "山.jpg")
    result = subprocess.run(
        [sys.executable, "-m", "data_tools", "check", "--data", str(root)],
        timeout=60,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert "imgs/\\u5c71.jpg: has no label" in result.stdout and result.returncode == 1, result.stderr
