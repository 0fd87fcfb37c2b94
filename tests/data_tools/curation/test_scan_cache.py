"""The version of a scan's cache: any change to the measuring code or to its libraries gives another version."""

import ast
import shutil
from pathlib import Path

import pytest

from data_tools.curation import scan, scan_cache

PACKAGE = Path(scan_cache.__file__).parents[1]
# Imported by what measures, and without influence on a value: messages, names of files, writing, progress bars.
WITHOUT_INFLUENCE = {"arguments", "errors", "files", "invocation", "listing", "names", "oddities", "pairing", "threads"}


def imported_by(path):
    """The files of this package that a file imports."""
    names = [node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    return set(map(file_of, filter(is_ours, names)))


def is_ours(name):
    """Whether a name is that of a module of this package."""
    return bool(name) and name.startswith("data_tools.")


def file_of(name):
    """The file of a module."""
    return PACKAGE.parent / f"{name.replace('.', '/')}.py"


def measuring_files():
    """The files with code that measures a pair, found by following imports from the functions that do it."""
    called = [*scan.measure_pair.__code__.co_names, *scan.to_record.__code__.co_names]
    modules = {getattr(getattr(scan, name, None), "__module__", "") for name in called}
    found = {Path(scan.__file__)}
    new = set(map(file_of, filter(is_ours, modules)))
    while new:
        new = {path for path in new if path.stem not in WITHOUT_INFLUENCE and path.stem != "scan_cache"} - found
        found |= new
        new = {other for path in new for other in imported_by(path)}
    return found


SOURCES = sorted(str(path.relative_to(PACKAGE)) for path in measuring_files())


def test_the_files_that_measure_are_found():
    """Checks `measuring_files`, so that the next test cannot pass because no file was found."""
    assert {
        "sets/classes.py",
        "sets/image_io.py",
        "curation/scan.py",
        "signals/table.py",
        "signals/view.py",
        "signals/sketches.py",
    } <= {*SOURCES}


@pytest.mark.parametrize("name", SOURCES)
def test_a_change_of_any_file_that_measures_makes_another_version(tmp_path, monkeypatch, name):
    shutil.copytree(PACKAGE, tmp_path / "data_tools", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(scan_cache, "PACKAGE", tmp_path / "data_tools")
    before = scan_cache.code_version()
    assert scan_cache.code_version() == before
    with open(tmp_path / "data_tools" / name, "a") as file:
        file.write("#")
    assert scan_cache.code_version() != before


@pytest.mark.parametrize("library", ["np", "cv2", "PIL"])
def test_another_version_of_a_library_makes_another_version(monkeypatch, library):
    before = scan_cache.code_version()
    monkeypatch.setattr(getattr(scan_cache, library), "__version__", "99.0")
    assert scan_cache.code_version() != before


def test_the_key_of_a_pair_follows_from_both_files_and_the_version(tmp_path):
    def key(photo, label, version=b"1"):
        pair = scan_cache.Pair("a", tmp_path / "a.jpg", tmp_path / "a.png")
        pair.photo.write_bytes(photo)
        pair.label.write_bytes(label)
        return scan_cache.content_key(pair, version)

    others = [(b"ab", b"d"), (b"xb", b"c"), (b"a", b"bc"), (b"c", b"ab"), (b"ab", b"c", b"2")]
    keys = [key(b"ab", b"c"), *(key(*other) for other in others)]
    assert len(set(keys)) == len(keys)
    assert key(b"ab", b"c") == keys[0]
