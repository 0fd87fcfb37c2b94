"""Shared fixtures. Importing jittor_tsit first sets the environment that Jittor reads."""

import signal

import pytest

import jittor_tsit  # noqa: F401


@pytest.fixture(autouse=True, scope="session")
def children_may_be_killed():
    """By now Jittor is loaded; its handler would end the tests when a process that they started is killed."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


@pytest.fixture
def rng():
    import numpy as np

    return np.random.default_rng(0)
