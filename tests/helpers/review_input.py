"""A small curation for the report's tests: four rendered pairs with hard names, two rules, a class."""

import numpy as np

from data_tools.basics.table import Table
from data_tools.curation.rules import Decision, Rule
from data_tools.rendering.write_set import write_set
from data_tools.report import ClassMember
from data_tools.sets.pairing import Pair, find_pairs

HOSTILE = 'a"><script>alert(1)</script>&é b'
QUOTES = 'it\'s `${1}` \\ "two"  words</script>'
ASTRAL, WIDE = "\U0001f3de", "\uff5e"  # in this order by UTF-16 units, in the other by code points
STEMS = [HOSTILE, QUOTES, ASTRAL, WIDE]

RULES = [
    Rule("blur", "blur", 0.5, "selection_1", "the photo is blurred & <soft>", "half of 2 < 3 pairs"),
    Rule("towns", "houses", 9.0, "selection_2", "too many houses", "no pair has ten"),
]


def write_pairs(folder):
    """Four pairs under the hard names, by stem."""
    write_set(folder, len(STEMS), seed=1, width=64, height=48)
    return {stem: Pair(stem, pair.photo, pair.label) for stem, pair in zip(STEMS, find_pairs(folder))}


def make_table():
    return Table(list(STEMS), {"blur": np.array([0.9, 0.75, 0.25, np.nan]), "houses": np.array([1.0, 2, 9, 0])})


def make_decisions():
    return [
        Decision(HOSTILE, False, "total", "blur", "0.9", "0.5", ["towns"]),
        Decision(QUOTES, False, "total", "blur", "0.75", "0.5", []),
        Decision(ASTRAL, True, "selection_2", "towns", "9", "9", []),
        Decision(WIDE, True, "selection_2", "towns", "0", "9", []),
        Decision("broken <1>", False, "", "unreadable", "photo is empty & gone", "", []),
    ]


def make_classes():
    return [
        [ClassMember(HOSTILE, 0, False, True), ClassMember(WIDE, 1, True, False)],
        [ClassMember(QUOTES, 0, False, True)],
    ]


def review_arguments(folder):
    """All of `write_report` but its path."""
    return write_pairs(folder), make_table(), RULES, make_decisions(), make_classes()
