"""A run's lines of numbers, of which a crash may leave torn ones."""

import json

import pytest

from helpers.same_bytes import assert_same_bytes
from jittor_tsit.runs.records import read_records, remove_records_after

TORN = [b"", b"{", b'{"nimg": 3', b"\0" * 40, b"\xff", b"3", b"[]", b'{"nimg": "3"}', b'{"nimg": NaN}', b"[" * 100_000]


def line(nimg):
    return json.dumps({"nimg": nimg, "loss": 0.5}).encode() + b"\n"


@pytest.mark.parametrize("torn", TORN, ids=range(len(TORN)))
def test_what_is_no_record_is_passed_over_and_taken_out(tmp_path, torn):
    path = tmp_path / "stats.jsonl"
    path.write_bytes(line(1) + torn + b"\n" + line(2) + torn)
    assert [record["nimg"] for record in read_records(path)] == [1, 2]
    remove_records_after(path, 2)
    assert_same_bytes(path, line(1) + line(2))


def test_records_of_images_to_come_are_taken_out(tmp_path):
    path = tmp_path / "stats.jsonl"
    path.write_bytes(line(0) + line(1) + line(2))
    remove_records_after(path, 1)
    assert_same_bytes(path, line(0) + line(1))


def test_a_record_without_its_end_of_line_is_taken_out(tmp_path):
    path = tmp_path / "stats.jsonl"
    path.write_bytes(line(1) + line(2)[:-1])
    remove_records_after(path, 2)
    assert_same_bytes(path, line(1))


def test_no_file_holds_no_records(tmp_path):
    remove_records_after(tmp_path / "stats.jsonl", 1)
    assert read_records(tmp_path / "stats.jsonl") == [] and not list(tmp_path.iterdir())
