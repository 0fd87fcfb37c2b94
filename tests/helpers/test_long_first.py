"""The longest test files come first, also when pytest-xdist hands the files out."""

import subprocess
import sys
from pathlib import Path

import pytest

from helpers.long_first import LONG

ROOT = Path(__file__).parents[2]
QUICK = ("tests/helpers/test_long_first.py", "tests/test_quick.py")


@pytest.mark.parametrize("name", LONG)
def test_every_name_is_that_of_a_file(name):
    assert (ROOT / name).exists()


def test_a_long_file_comes_first_whatever_the_order_of_the_words():
    words = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", *QUICK, LONG[1]]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    files = list(dict.fromkeys(line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line))
    assert files == [LONG[1], *QUICK]


def test_pytest_xdist_keeps_that_order(pytestconfig):
    assert pytestconfig.option.loadscopereorder is False
