"""Shared fixtures. Importing jittor_tsit first sets the environment that Jittor reads."""

import signal
import sys

import pytest

import jittor_tsit  # noqa: F401
from helpers import reference_rules
from helpers.lean_runs import make_runs_lean
from helpers.long_first import keep_the_order, put_long_files_first
from helpers.reference_rules import pytest_runtest_makereport  # noqa: F401
from jittor_tsit.runtime.jittor_patches import call_compiler_directly


def pytest_configure(config):
    keep_the_order(config)


def pytest_collection_modifyitems(config, items):
    reference_rules.pytest_collection_modifyitems(config, items)
    put_long_files_first(items)


@pytest.fixture(autouse=True, scope="session")
def operators_are_compiled_as_by_the_commands():
    """Let tests and commands share compiled operators: Jittor caches them by the compiler that it calls."""
    if "jittor" in sys.modules:
        call_compiler_directly()


@pytest.fixture(autouse=True, scope="session")
def children_may_be_killed():
    """Remove Jittor's SIGCHLD handler, which would end the tests when a process that they started is killed."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_is_not_ignored():
    """Restore Ctrl-C. Shells start background commands with Ctrl-C ignored, and child processes would inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def runs_are_lean():
    """Save a second of computing for each run in this process."""
    with pytest.MonkeyPatch.context() as patch:
        make_runs_lean(patch)
        yield


@pytest.fixture
def rng():
    import numpy as np

    return np.random.default_rng(0)
