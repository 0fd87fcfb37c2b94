"""Shared fixtures. Importing jittor_tsit first sets the environment that Jittor reads."""

import os
import signal

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


# With several pytest-xdist workers each of these groups stays in one, so that operators are compiled there once; the
# long ones begin first. What needs no Jittor goes to any worker, by file.
GROUPS = {"layers": 1, "metrics": 1, "networks": 1, "systems": 1, "parallel": 2, "data_tools": 3}


def group_of(nodeid):
    """Of tests/FOLDER/test_x.py::test_y by its folder; 0 without one."""
    _, _, name = nodeid.partition("tests/")
    return GROUPS.get(name.partition("/")[0], 0)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: group_of(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return nodeid.partition("::")[0] if group_of(nodeid) == 3 else str(group_of(nodeid))

    return ByGroup(config, log)
