"""How tests compare files, and that all of them do so."""

import ast
from pathlib import Path

import numpy as np
import pytest

from helpers.same_bytes import assert_other_bytes, assert_same_bytes, contents, digest

TESTS = Path(__file__).parents[1]


def refusal(*arguments):
    with pytest.raises(pytest.fail.Exception) as caught:
        assert_same_bytes(*arguments)
    return str(caught.value)


def test_files_that_differ_are_named_with_the_first_byte_that_does(tmp_path):
    for name, content in (("a.jpg", b"\xff\xd8\x01\x02"), ("b.jpg", b"\xff\xd8\x01\x03\x04"), ("c.jpg", b"\xff\xd8")):
        (tmp_path / name).write_bytes(content)
    a, b, c = sorted(tmp_path.iterdir())
    assert refusal(a, b) == f"{a} (4 bytes) and {b} (5 bytes) differ first at byte 3: 0x02 and 0x03"
    assert refusal(c, a) == f"{c} (2 bytes) and {a} (4 bytes) differ first at byte 2: the end and 0x01"
    assert refusal(a, b"\xff\x00") == f"{a} (4 bytes) and the expected 2 bytes differ first at byte 1: 0xd8 and 0x00"
    assert_same_bytes(a, b"\xff\xd8\x01\x02")
    assert_other_bytes(a, b)
    with pytest.raises(pytest.fail.Exception, match="the same bytes"):
        assert_other_bytes(a, b"\xff\xd8\x01\x02")


def test_arrays_are_told_by_shape_and_by_what_they_are():
    one, two = np.zeros((2, 3), np.uint8), np.ones((2, 3), np.uint8)
    both = "an array [2, 3] uint8 and an array [2, 3] uint8"
    assert refusal(one, two, "G.weight") == f"G.weight: {both} differ first at byte 0: 0x00 and 0x01"
    assert digest(one) != digest(two) and digest(one) == digest(bytes(6)) and digest(one).endswith("of 6 bytes")


def test_a_folders_contents_tell_every_file_and_its_bytes(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/x").write_bytes(b"1")
    before = contents(tmp_path)
    assert list(before) == ["in/x"]
    (tmp_path / "in/x").write_bytes(b"2")
    assert contents(tmp_path) != before


def test_no_test_asserts_bytes_that_it_would_print():
    """pytest prints both sides of a comparison that fails: of two JPEGs, thousands of bytes."""
    found = []
    for path in TESTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            calls = ast.walk(node.test) if isinstance(node, ast.Assert) else ()
            names = {call.func.attr for call in calls if isinstance(call, ast.Call) and hasattr(call.func, "attr")}
            if names & {"read_bytes", "tobytes"}:
                found.append(f"{path.relative_to(TESTS)}:{node.lineno}")
    assert not found, "use assert_same_bytes, assert_other_bytes or digest of same_bytes.py"
