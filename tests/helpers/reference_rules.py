"""Rules for the tests against reference vectors, as pytest hooks that conftest.py imports.

- JTSIT_REQUIRE_REFERENCE=1: a reference test that would be skipped fails.
- JTSIT_FLOAT64=1: the tests with the mark `float64`, which take minutes each, run; otherwise they are deselected.
"""

import os

import pytest

NO_VECTORS = "no reference vectors"  # how the reason of a test that finds no file begins


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Turn a skipped reference test into a failed one where the vectors are required."""
    outcome = yield
    report = outcome.get_result()
    if os.environ.get("JTSIT_REQUIRE_REFERENCE") != "1" or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if item.get_closest_marker("reference") or NO_VECTORS in reason:
        report.outcome = "failed"
        report.longrepr = f"JTSIT_REQUIRE_REFERENCE=1, but this reference test was skipped: {reason}"


def pytest_collection_modifyitems(config, items):
    """Deselect the tests that take minutes in float64, unless they are asked for."""
    if os.environ.get("JTSIT_FLOAT64") == "1":
        return
    left_out = [item for item in items if item.get_closest_marker("float64")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("float64")]
