"""Skipped reference tests fail where the vectors are required; the long float64 tests run on request only."""

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
MODULE = """
import pytest

@pytest.mark.reference
def test_without_a_file():
    pytest.skip("no reference vectors for {}")

@pytest.mark.reference
@pytest.mark.parametrize("path", [pytest.param(None, marks=pytest.mark.skip(reason="no weights"), id="absent")])
def test_without_weights(path):
    pass

def test_without_the_mark():
    pytest.skip("no reference vectors for {}")

def test_of_something_else():
    pytest.skip("no GPU")

@pytest.mark.reference
@pytest.mark.xfail
def test_known_to_fail():
    assert False

@pytest.mark.float64
def test_of_minutes():
    pass
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs pytest with the rules on a module of a few tests; returns the last line that it prints."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    reference: x\n    float64: x\n")
    (tmp_path / "test_module.py").write_text(MODULE)

    def run(**variables):
        for name in ("JTSIT_REQUIRE_REFERENCE", "JTSIT_FLOAT64"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {"PYTHONPATH": str(TESTS), **variables}.items():
            monkeypatch.setenv(name, value)
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "helpers.reference_rules", "."]
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True).stdout.splitlines()[-1]

    return run


def test_skipped_reference_tests_fail_where_vectors_are_required(run):
    assert run().startswith("4 skipped, 1 deselected, 1 xfailed in ")
    required = run(JTSIT_REQUIRE_REFERENCE="1")
    assert required.startswith("2 failed, 1 skipped, 1 deselected, 1 xfailed, 1 error in ")


def test_the_long_float64_tests_run_on_request(run):
    assert run(JTSIT_FLOAT64="1").startswith("1 passed, 4 skipped, 1 xfailed in ")
