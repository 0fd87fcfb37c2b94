"""Shared fixtures. Importing jittor_tsit first sets the environment that Jittor reads."""

import pytest

import jittor_tsit  # noqa: F401


@pytest.fixture
def rng():
    import numpy as np

    return np.random.default_rng(0)
