"""The tables of classes in the pages hold the ids, names and colours of data_tools/sets/classes.py."""

import re

import pytest

from data_tools.sets.classes import CLASSES
from helpers.source_files import ROOT

ROW = re.compile(r"^\| (\d+) \| (\w+?)(?:（.+）)? \| (\d+), (\d+), (\d+) \|$", re.M | re.A)


@pytest.mark.parametrize("page", ["docs/data.md", "docs/zh/data.md"])
def test_the_table_of_classes_is_the_programs(page):
    rows = ROW.findall((ROOT / page).read_text(encoding="utf-8"))
    assert rows == [(str(each.id), each.name, *map(str, each.color)) for each in CLASSES]
