"""File versions, writing whole or not at all, and reading text."""

import os

import pytest

from data_tools.basics.errors import InputError
from data_tools.basics.files import (
    TEMPORARY,
    append_line,
    file_version,
    remove_temporaries,
    write_atomic,
    write_through,
)
from helpers.same_bytes import assert_same_bytes


def test_a_file_gets_another_version_when_its_size_or_its_time_changes(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"12")
    first = file_version(path)
    assert first.size == 2 and file_version(path) == first
    os.utime(path, ns=(0, first.changed_ns + 1_000_000_000))
    later = file_version(path)
    assert later != first and later.size == first.size
    path.write_bytes(b"123")
    os.utime(path, ns=(0, later.changed_ns))
    assert file_version(path) != later


def test_a_failed_write_leaves_the_old_file_and_no_temporary_one(tmp_path):
    path = tmp_path / "a"
    write_atomic(path, b"old")

    def write(temporary):
        temporary.write_bytes(b"half")
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        write_through(path, write)
    assert_same_bytes(path, b"old")
    assert os.listdir(tmp_path) == ["a"]


def test_bytes_are_flushed_to_the_disk_before_the_rename_if_asked(tmp_path, monkeypatch):
    names = []

    def record(descriptor):
        names.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    monkeypatch.setattr(os, "fsync", record)
    write_through(tmp_path / "a", lambda temporary: temporary.write_bytes(b"1"))
    assert names == []
    write_through(tmp_path / "a", lambda temporary: temporary.write_bytes(b"2"), flush=True)
    assert len(names) == 1 and names[0].endswith(TEMPORARY)


def test_temporary_files_of_killed_writers_are_removed(tmp_path):
    (tmp_path / f".12-34{TEMPORARY}").write_bytes(b"")
    (tmp_path / "kept").write_bytes(b"")
    remove_temporaries(tmp_path)
    assert os.listdir(tmp_path) == ["kept"]


def test_a_missing_folder_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="cannot be written: No such file or directory"):
        write_atomic(tmp_path / "missing/a", b"")


def test_a_line_about_a_name_that_is_not_utf_8_is_written_with_escapes(tmp_path):
    append_line(tmp_path / "log.txt", f"reading {os.fsdecode(bytes([0xC4, 0xE3]))}")
    assert (tmp_path / "log.txt").read_text(encoding="utf-8") == "reading \\udcc4\\udce3\n"
