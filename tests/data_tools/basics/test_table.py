"""Tables as CSV: a written table can be read, and a file that is not a table is refused with the place of the fault."""

import csv

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.basics.names import unlistable
from data_tools.basics.table import Table, read_rows, read_table, write_rows, write_table
from data_tools.curation.folder import write_scan
from data_tools.sets.listing import Problem
from helpers.same_bytes import assert_same_bytes

STEMS = [
    "a",
    "a,b",
    'say "x"',
    '"',
    "two\nlines",
    " blanks ",
    "",
    "山と湖",
    "it's",
    "a;b\tc",
    "0",
    "nan",
    "=1+1",
    "\ufeffx",
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "t.csv"


@pytest.fixture
def file(path):
    def write(content):
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write


# Round trips


def test_a_table_is_plain_csv_with_the_stem_first(path):
    write_table(path, Table(["a", "b"], {"blur": np.array([0.25, np.nan]), "misfit": np.array([-1.5, 3.0])}))
    assert path.read_text() == "stem,blur,misfit\na,0.25,-1.5\nb,,3\n"


def test_values_come_back_to_six_digits_and_missing_ones_as_nan(path):
    values = np.array([0.0, 1.0, -2.5, 123456.0, 1 / 3, 1e-9, -7.654321e12, np.nan])
    write_table(path, Table([str(i) for i in range(8)], {"x": values}))
    table = read_table(path)
    assert table.columns["x"].dtype == np.float64
    assert table.columns["x"] == pytest.approx(values, rel=5e-6, nan_ok=True)
    assert table.columns["x"][4] == 0.333333


def test_writing_what_was_read_changes_no_byte(path, rng):
    write_table(path, Table([f"s{i}" for i in range(50)], {c: rng.normal(size=50) for c in "abc"}))
    written = path.read_bytes()
    write_table(path, read_table(path))
    assert_same_bytes(path, written)


@pytest.mark.parametrize("stem", STEMS)
def test_every_stem_comes_back(path, stem):
    write_table(path, Table(["first", stem, "last"], {"x": np.arange(3.0)}))
    table = read_table(path)
    assert table.stems == ["first", stem, "last"] and table.columns["x"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("stem", ["a\rb", "a\r\nb", "a\nb", "a\udcff"])
def test_a_file_name_that_no_list_can_hold_leaves_a_table_that_can_be_read(tmp_path, stem):
    """The pair counts as broken because of its name, and `problems.csv` lists it."""
    broken = [Problem(stem, unlistable(stem), broken=True), Problem("c", "no label", broken=True)]
    write_scan(tmp_path, tmp_path, Table(["d"], {"blur": np.zeros(1)}), broken)
    header, *rows = read_rows(tmp_path / "problems.csv")
    assert header == ["stem", "problem"] and [row[1] for row in rows] == [problem.reason for problem in broken]


@pytest.mark.parametrize("columns", [{}, {"x": np.empty(0)}])
def test_an_empty_table_comes_back(path, columns):
    write_table(path, Table([], columns))
    table = read_table(path)
    assert table.stems == [] and {name: column.shape for name, column in table.columns.items()} == dict.fromkeys(
        columns, (0,)
    )


def test_a_table_without_columns_keeps_its_stems(path):
    write_table(path, Table(["a", "b"], {}))
    assert read_table(path) == Table(["a", "b"], {})


def test_other_programs_read_the_same(path):
    write_table(path, Table(STEMS, {"x": np.arange(float(len(STEMS)))}))
    with open(path, newline="", encoding="utf-8") as text:
        assert [row["stem"] for row in csv.DictReader(text)] == STEMS


@pytest.mark.parametrize("content", ["\ufeffstem,x\na,1\n", "stem,x\r\na,1\r\n", 'stem,x\n"a","1"', "stem,x\na, 1 \n"])
def test_what_a_spreadsheet_saves_is_read(file, content):
    table = read_table(file(content))
    assert table.stems == ["a"] and table.columns["x"].tolist() == [1]


# Faults


def test_a_missing_file_is_refused(path):
    with pytest.raises(InputError, match=r"t\.csv: cannot be read: No such file"):
        read_table(path)
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_table(path.parent)


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "t.csv: is empty"),
        (b"\n", "t.csv: is empty"),
        (b"\nstem,x\na,1\n", "t.csv: "),
        (b"stem,x\na,\xff\n", r"is not UTF-8 text \(byte 9\)"),
        (b"name,x\na,1\n", "the first column is 'name'; it must be 'stem'"),
        (b"stem,x\na,1\nb\n", "line 3 has 1 cells; the header has 2"),
        (b"stem,x\na,1,2\n", "line 2 has 3 cells; the header has 2"),
        (b"stem,x\na,1\n\n", "line 3 has 0 cells; the header has 2"),
        (b'stem,x\n"a\nb",1\nc\n', "line 4 has 1 cells"),  # lines of the file, not rows
        (b'stem,x\n"a,1\n', "line 2 has 1 cells"),
        (b"stem,x\n" + b"a" * 200_000 + b",1\n", "line 2 is not CSV: field larger"),
        (b"stem,x\na,1\nb,2\na,3\n", "names the stem a twice"),
        (b"stem,x\na,1\nb,much\n", "row 3 has 'much' for x; a number is needed"),
        (b"stem,x,y\na,1,2,\n", "line 2 has 4 cells"),
        (b"stem,x\na,1e\n", "row 2 has '1e' for x"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(file, content, words):
    with pytest.raises(InputError, match=words) as info:
        read_table(file(content))
    assert "\n" not in str(info.value) and str(info.value).startswith(str(file(content)))


def test_a_table_that_cannot_be_written_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(InputError, match="cannot be written: No such file"):
        write_table(tmp_path / "none" / "t.csv", Table([], {}))
    assert list(tmp_path.iterdir()) == []


def test_a_failed_writing_keeps_the_old_table(path):
    write_table(path, Table(["a"], {}))

    def rows():
        yield ("b",)
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write_rows(path, ("stem",), rows())
    assert read_table(path).stems == ["a"] and len(list(path.parent.iterdir())) == 1
