"""Processes that are started here have all cores, also from a pytest-xdist worker, which has a part of them."""

import os

import pytest


@pytest.fixture(autouse=True, scope="package")
def all_cores():
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count()))
    yield
    os.sched_setaffinity(0, own)
