"""Shared fixtures. Importing jittor_tsit first sets the environment that Jittor reads."""

import os
import signal
from pathlib import Path

import pytest


def take_own_cores():
    """As a pytest-xdist worker, stay on a part of the cores.

    Jittor's threads wait for each other by spinning: two processes on the same cores slow each other several times.
    """
    worker, count = os.environ.get("PYTEST_XDIST_WORKER"), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if worker:
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[int(worker[len("gw") :]) :: count] or cores)


take_own_cores()

import jittor_tsit  # noqa: E402, F401


@pytest.fixture(autouse=True, scope="session")
def children_may_be_killed():
    """By now Jittor is loaded; its handler would end the tests when a process that they started is killed."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


@pytest.fixture
def rng():
    import numpy as np

    return np.random.default_rng(0)


TESTS = Path(__file__).parent
# With several pytest-xdist workers each of these groups stays in one, so that operators are compiled there once; the
# long ones begin first. What needs no Jittor goes to any worker.
GROUPS = {".": 0, "layers": 1, "metrics": 1, "networks": 1, "systems": 1, "parallel": 2, "data_tools": None}


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items):
    groups = {item: GROUPS.get(str(item.path.parent.relative_to(TESTS)), 0) for item in items}
    for item, group in groups.items():
        if group is not None:
            item.add_marker(pytest.mark.xdist_group(str(group)))
    items.sort(key=lambda item: 3 if groups[item] is None else groups[item])
