"""From a table to the splits: small tables whose severities are easy to compute by hand."""

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.basics.table import Table
from data_tools.curation.default_rules import Settings
from data_tools.curation.rules import SPLITS, Decision, Rule, read_decisions, write_decisions
from data_tools.curation.selection import select, severity
from data_tools.sets.pairing import Problem

RULES = Settings(
    (
        Rule("blurred", "blur", 0.4, "selection_1", "", ""),
        Rule("torn", "fragments", 90, "selection_1", "", ""),
        Rule("backlit", "backlight", 0.5, "selection_2", "", ""),
    )
)
BLUR_ONLY = Settings((RULES.rules[0], RULES.rules[2]._replace(limit=1e6)))


def table(rows):
    """A table from stem -> (blur, fragments, backlight). A missing value is a common one, and no fault."""
    values = [(*cells, *(0.1, 0, 0.1)[len(cells) :]) for cells in rows.values()]
    columns = np.array(values, float).reshape(len(rows), 3).T
    return Table([*rows], dict(zip(("blur", "fragments", "backlight"), columns)))


def blurs(values):
    return table({stem: (value,) for stem, value in values.items()})


# Nine usual pairs besides, so that all medians are those of usual pairs
USUAL = {f"usual_{i}": () for i in range(9)}
FAULTY = table(
    {
        "soft": (0.5,),
        "torn": (0.1, 100),
        "both": (0.7, 100),
        "dark": (0.1, 0, 0.6),
        "edge": (0.4, 90, 0.5),
        "all": (0.5, 200, 0.9),
        **USUAL,
    }
)


def decided(table_, stem, **options):
    selection = select(table_, options.pop("broken", []), RULES, options.pop("manual", {}), options.pop("keep", None))
    return next(d for d in selection.decisions if d.stem == stem)


# Severity


@pytest.mark.parametrize(
    "values, limit, expected",
    [
        ([0, 1, 2], 3, [0.5 - 1, 0, 0.5]),  # the median has 0, and the limit would have 1
        ([0, 1, 5], 3, [-0.5, 0, 2]),
        ([-4, -2, -1], -1, [-2, 0, 1]),
        ([1, 2], 2.5, [-0.5, 0.5]),
        ([10, 20, 30], 5, [2, 4, 6]),  # the limit is below the median: then it is the unit
        ([1, 1, 1], 0, [2, 2, 2]),  # a unit of at least 1
        ([3, 3, 3], 3, [1, 1, 1]),
        ([-3, -2, -1], -10, [1.7, 1.8, 1.9]),
    ],
)
def test_severity_is_0_at_the_median_and_1_at_the_limit(values, limit, expected):
    assert severity(np.array(values, float), limit) == pytest.approx(expected)


def test_a_missing_value_has_severity_0_and_does_not_move_the_median():
    assert severity(np.array([0, np.nan, 1, np.nan, 2]), 3) == pytest.approx([-0.5, 0, 0, 0, 0.5])
    assert severity(np.full(3, np.nan), -0.3).tolist() == [0, 0, 0]
    assert severity(np.empty(0), 1).tolist() == []


@pytest.mark.parametrize("limit", [-3, 0, 0.3, 7])
def test_severity_is_above_1_exactly_where_the_value_is_above_the_limit(limit, rng):
    values = np.append(rng.normal(0, 5, 101), limit)
    assert ((severity(values, limit) > 1) == (values > limit)).all()


# By limits


def test_pairs_above_a_limit_are_dropped_from_the_rules_split_on():
    splits = select(FAULTY, [], RULES, {}).splits
    usual = sorted(USUAL)
    assert splits["total"] == sorted(FAULTY.stems)
    assert splits["selection_1"] == ["dark", "edge", *usual]
    assert splits["selection_2"] == ["edge", *usual]


def test_a_pair_without_a_value_is_kept():
    selection = select(table({"none": (np.nan, np.nan, np.nan), "soft": (0.5,), **USUAL}), [], RULES, {})
    assert "none" in selection.splits["selection_2"] and "soft" not in selection.splits["selection_1"]


def test_a_set_of_no_pairs_has_empty_splits():
    selection = select(table({}), [Problem("x", "is empty", True)], RULES, {})
    assert selection.splits == {split: [] for split in SPLITS}
    assert [d.stem for d in selection.decisions] == ["x"]


# By number


@pytest.mark.parametrize("first, second", [(15, 15), (10, 7), (1, 0), (0, 0)])
def test_exactly_so_many_are_kept(first, second):
    splits = select(FAULTY, [], RULES, {}, (first, second)).splits
    assert [len(splits[split]) for split in SPLITS] == [15, first, second]
    assert {*splits["selection_2"]} <= {*splits["selection_1"]} <= {*splits["total"]}


def test_the_least_suspect_are_kept_by_the_rules_of_each_split():
    splits = select(FAULTY, [], RULES, {}, (12, 10)).splits
    assert {*splits["total"]} - {*splits["selection_1"]} == {"both", "all", "soft"}
    assert {*splits["selection_1"]} - {*splits["selection_2"]} == {"dark", "edge"}


def test_of_equal_ones_the_first_by_stem_are_kept():
    equal = blurs(dict.fromkeys(["d", "b", "e", "a", "c"], 0.3))
    splits = select(equal, [], RULES, {}, (3, 2)).splits
    assert splits["selection_1"] == ["a", "b", "c"] and splits["selection_2"] == ["a", "b"]


@pytest.mark.parametrize("count", [1, 37, 80, 119])
def test_of_many_equal_ones_the_first_by_stem_are_kept(count, rng):
    """NumPy's default order is stable for up to 16 values, and not for more."""
    stems = [f"{i:03d}" for i in range(120)]
    worse = set(rng.choice(stems, 40, replace=False))
    rows = {stem: (0.35 if stem in worse else 0.3,) for stem in rng.permutation(stems)}
    splits = select(table(rows), [], RULES, {}, (count, count)).splits
    expected = [stem for stem in stems if stem not in worse] + [stem for stem in stems if stem in worse]
    assert splits["selection_1"] == splits["selection_2"] == sorted(expected[:count])


def test_what_lies_below_the_median_is_no_better_than_the_median():
    splits = select(blurs({"a": 0.3, "b": 0.3, "c": 0.1, "d": 0.35}), [], BLUR_ONLY, {}, (2, 2)).splits
    assert splits["selection_1"] == ["a", "b"]


def test_the_highest_severity_counts_and_not_the_sum():
    """Half way to three limits is less than three quarters of the way to one."""
    rows = {"even": (0.25, 45), "steep": (0.325, 0), **USUAL}
    splits = select(table(rows), [], RULES, {}, (10, 10)).splits
    assert "even" in splits["selection_1"] and "steep" not in splits["selection_1"]


# By hand


@pytest.mark.parametrize("keep", [None, (9, 7)])
def test_a_persons_word_wins_over_every_rule(keep):
    splits = select(FAULTY, [], RULES, {"all": True, "usual_0": False}, keep).splits
    assert all("all" in splits[split] for split in SPLITS)
    assert [split for split in SPLITS if "usual_0" in splits[split]] == ["total"]
    if keep:
        assert [len(splits[split]) for split in SPLITS[1:]] == [*keep]


def test_the_word_of_a_person_is_the_reason():
    manual = {"all": True, "usual_0": False, "torn": False}
    assert decided(FAULTY, "all", manual=manual) == Decision(
        "all", True, "selection_2", "manual", "keep", "", ["blurred", "torn", "backlit"]
    )
    assert decided(FAULTY, "usual_0", manual=manual) == Decision("usual_0", False, "total", "manual", "drop", "", [])
    assert decided(FAULTY, "torn", manual=manual).others == ["torn"]


@pytest.mark.parametrize(
    "stem, keep, words",
    [
        ("nobody", True, "--manual: nobody is not one of the 16 pairs"),
        ("nobody", False, "--manual: nobody is not one of the 16 pairs"),
        ("cut", True, "--manual: keep cut: this pair cannot be read"),
    ],
)
def test_a_word_about_no_pair_is_refused(stem, keep, words):
    with pytest.raises(InputError, match=words):
        select(FAULTY, [Problem("cut", "is damaged", True)], RULES, {stem: keep})


def test_an_unreadable_pair_may_be_dropped_by_hand():
    broken = [Problem("cut", "is damaged", True)]
    assert decided(FAULTY, "cut", broken=broken, manual={"cut": False}).rule == "unreadable"


@pytest.mark.parametrize(
    "manual, keep, words",
    [
        ({}, (16, 3), "--keep: 16 pairs for selection_1; 0 to 15 are possible"),
        ({}, (3, 4), "--keep: 4 pairs for selection_2; 0 to 3 are possible"),
        ({"soft": False}, (15, 3), "--keep: 15 pairs for selection_1; 0 to 14 are possible"),
        ({"soft": True, "torn": True}, (1, 1), "--keep: 1 pairs for selection_1; 2 to 15 are possible"),
        ({"soft": True, "torn": True}, (5, 1), "--keep: 1 pairs for selection_2; 2 to 5 are possible"),
    ],
)
def test_a_number_that_cannot_be_kept_is_refused(manual, keep, words):
    with pytest.raises(InputError, match=words):
        select(FAULTY, [], RULES, manual, keep)


# Reasons


@pytest.mark.parametrize(
    "stem, decision",
    [
        ("soft", (False, "total", "blurred", "0.5", "0.4", [])),
        ("both", (False, "total", "blurred", "0.7", "0.4", ["torn"])),  # 2 against 1.1
        ("all", (False, "total", "torn", "200", "90", ["blurred", "backlit"])),  # 2.2 against 1.3
        ("dark", (False, "selection_1", "backlit", "0.6", "0.5", [])),
        ("edge", (True, "selection_2", "blurred", "0.4", "0.4", [])),  # on all three limits: the first of the rules
        ("usual_3", (True, "selection_2", "blurred", "0.1", "0.4", [])),
    ],
)
def test_the_severest_rule_is_named_with_value_and_limit(stem, decision):
    assert decided(FAULTY, stem) == Decision(stem, *decision)


def test_a_pair_dropped_for_want_of_room_names_what_it_came_closest_to():
    rows = {"near": (0.1, 60), "nearer": (0.35, 0), **USUAL}
    decision = decided(table(rows), "nearer", keep=(10, 10))
    assert decision == Decision("nearer", False, "total", "blurred", "0.35", "0.4", [])


def test_a_kept_pair_names_the_rule_that_it_came_closest_to():
    assert decided(table({"near": (0.1, 60), **USUAL}), "near")[1:6] == (True, "selection_2", "torn", "60", "90")
    assert decided(table({"dim": (0.15, 0, 0.45), **USUAL}), "dim").rule == "backlit"


def test_every_pair_is_decided_on_once_and_in_order():
    broken = [Problem("zero", "is empty", True), Problem("cut", "is damaged", True)]
    decisions = select(FAULTY, broken, RULES, {}).decisions
    assert [d.stem for d in decisions] == sorted([*FAULTY.stems, "zero", "cut"])
    assert decisions[[d.stem for d in decisions].index("cut")] == Decision(
        "cut", False, "", "unreadable", "is damaged", "", []
    )


def test_decisions_and_splits_say_the_same():
    selection = select(FAULTY, [Problem("cut", "is damaged", True)], RULES, {"all": True, "soft": False}, (9, 7))
    for decision in selection.decisions:
        held = [split for split in SPLITS if decision.stem in selection.splits[split]]
        assert decision.split == (held[-1] if held else "") and decision.kept == (decision.split == "selection_2")


@pytest.mark.parametrize("keep", [None, (9, 5)])
def test_the_order_of_the_rows_does_not_matter(keep, rng):
    ordered = select(FAULTY, [], RULES, {"all": True}, keep)
    for _ in range(5):
        rows = rng.permutation(len(FAULTY.stems))
        mixed = Table([FAULTY.stems[i] for i in rows], {name: c[rows] for name, c in FAULTY.columns.items()})
        assert select(mixed, [], RULES, {"all": True}, keep) == ordered


def test_the_table_is_not_changed():
    before = {name: column.copy() for name, column in FAULTY.columns.items()}
    select(FAULTY, [], RULES, {"all": True}, (9, 5))
    assert all((FAULTY.columns[name] == column).all() for name, column in before.items())


def test_rules_of_one_split_alone_leave_the_other_as_it_is():
    settings = Settings(RULES.rules[:2])
    splits = select(FAULTY, [], settings, {}).splits
    assert splits["selection_2"] == splits["selection_1"] != splits["total"]


def test_a_signal_that_was_not_measured_is_refused_with_those_that_were():
    lacking = Table(["a"], {"blur": np.zeros(1), "backlight": np.zeros(1)})
    with pytest.raises(InputError, match="rule torn: the table has no column fragments; it has blur, backlight"):
        select(lacking, [], RULES, {})


def test_decisions_come_back_from_their_file(tmp_path):
    selection = select(FAULTY, [Problem("cut, and lost", 'is "damaged"', True)], RULES, {"all": True})
    write_decisions(tmp_path / "decisions.csv", selection.decisions)
    assert read_decisions(tmp_path / "decisions.csv") == selection.decisions
    (tmp_path / "decisions.csv").write_text("stem,decision\n")
    with pytest.raises(InputError, match=r"decisions\.csv: has the columns stem, decision; they must be stem, "):
        read_decisions(tmp_path / "decisions.csv")
