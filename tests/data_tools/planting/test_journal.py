"""The journal of planted faults."""

import pytest

from data_tools.planting.journal import Journal


@pytest.mark.parametrize(
    "line", [b"3", b"[]", b'["a", "b", 3]', b'["a", "b", [["too", "few"]]]', b"[" * 100_000, b"\xff"]
)
def test_a_damaged_line_of_the_journal_counts_as_not_there(tmp_path, line):
    (tmp_path / "journal").write_bytes(line + b"\n")
    assert Journal(tmp_path / "journal").find("a", "b") == []
