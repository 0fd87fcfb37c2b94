"""The rules that come with the tools, and settings as a file."""

import json

import pytest

from data_tools.__main__ import main
from data_tools.basics.errors import InputError
from data_tools.curation.default_rules import (
    DEFAULT_RULES,
    DISPUTED,
    REDUNDANCY,
    Settings,
    read_settings,
    with_limits,
    write_settings,
)
from data_tools.curation.rules import SPLITS, Rule
from data_tools.curation.setwise import NAMES as SET_NAMES
from data_tools.signals.table import NAMES as PAIR_NAMES

OTHERS = Settings(
    (
        Rule("grey", "greyness", 0.5, "selection_1", 'no "colour", é', "because"),
        Rule("redundant", REDUNDANCY, 1.0, "selection_2", "again", ""),
    ),
    0.9,
    True,
    5,
    7.5,
)


@pytest.mark.parametrize("rule", DEFAULT_RULES, ids=lambda rule: rule.name)
class TestEveryRule:
    def test_is_about_a_signal_that_scan_or_select_gives(self, rule):
        assert rule.signal in {*PAIR_NAMES, *SET_NAMES, REDUNDANCY}

    def test_puts_pairs_out_of_one_of_the_selections(self, rule):
        assert rule.split in SPLITS[1:]

    def test_has_a_name_of_one_word_a_meaning_and_a_reason(self, rule):
        assert rule.name.isidentifier() and rule.name.islower()
        assert rule.meaning and rule.reason

    def test_is_listed_in_the_help_with_its_limit(self, rule, capsys):
        with pytest.raises(SystemExit, match="0"):
            main(["select", "--help"])
        assert f"  {rule.name:14s} {rule.limit:<6g} {rule.meaning}\n" in capsys.readouterr().out


LIMITS = {
    "unrelated": -0.3,
    "shifted": 0.6,
    "mirrored": 0.2,
    "wrong_classes": 0.8,
    "unexplained": 0.9,
    "merged": -1.0,
    "torn": 90,
    "entangled": 24,
    "interwoven": 10,
    "off_edges": -0.1,
    "same_look": 0.97,
    "one_class": 0.97,
    "blurred": 0.4,
    "too_dark": 0.6,
    "too_bright": 0.2,
    "grey": 0.55,
    "framed": 0.04,
    "written_on": 4,
    "duplicate": 0.88,
    "backlit": 0.4,
    "redundant": 1.0,
}  # as they were measured; each reason stands beside its rule


def test_the_limits_are_those_that_were_measured():
    assert {rule.name: rule.limit for rule in DEFAULT_RULES} == LIMITS
    assert DISPUTED.limit == 0.5
    assert Settings()[1:] == (0.95, False, 3, 15.0)  # agreement, flips, class size, difference


def test_no_two_rules_share_a_name():
    assert len({rule.name for rule in DEFAULT_RULES}) == len(DEFAULT_RULES)


def test_both_selections_have_rules():
    assert {rule.split for rule in DEFAULT_RULES} == {*SPLITS[1:]}


def test_every_signal_has_at_most_one_rule():
    assert len({rule.signal for rule in DEFAULT_RULES}) == len(DEFAULT_RULES)


def test_of_a_class_exactly_the_places_kept_are_below_the_limit():
    """`select` divides a pair's place by the number of places kept."""
    assert next(rule for rule in DEFAULT_RULES if rule.signal == REDUNDANCY).limit == 1


# Other limits


def test_only_the_named_limits_change():
    changed = with_limits(Settings(), {"backlit": 0.3, "unrelated": -2.0})
    assert {rule.name: rule.limit for rule in changed.rules} == {
        **{rule.name: rule.limit for rule in DEFAULT_RULES},
        "backlit": 0.3,
        "unrelated": -2.0,
    }
    assert [rule._replace(limit=0) for rule in changed.rules] == [rule._replace(limit=0) for rule in DEFAULT_RULES]
    assert changed._replace(rules=DEFAULT_RULES) == Settings()


def test_the_limits_of_other_settings_stay():
    assert with_limits(OTHERS, {"grey": 0.25}) == OTHERS._replace(
        rules=(OTHERS.rules[0]._replace(limit=0.25), OTHERS.rules[1])
    )
    assert with_limits(OTHERS, {}) == OTHERS


def test_a_limit_of_no_rule_is_refused_with_all_the_names():
    with pytest.raises(InputError, match="--limit gray: there is no such rule; the rules are grey, redundant"):
        with_limits(OTHERS, {"grey": 0.5, "gray": 0.5})


# As a file


@pytest.mark.parametrize("settings", [Settings(), OTHERS], ids=["default", "others"])
def test_settings_come_back_as_they_were(tmp_path, settings):
    write_settings(tmp_path / "rules.json", settings)
    assert read_settings(tmp_path / "rules.json") == settings
    assert isinstance(read_settings(tmp_path / "rules.json").rules[0], Rule)


def test_the_file_is_json_that_a_person_can_read(tmp_path):
    write_settings(tmp_path / "rules.json", OTHERS)
    content = json.loads((tmp_path / "rules.json").read_text())
    assert content["flips"] is True and content["class_size"] == 5
    assert content["rules"][0]["name"] == "grey" and content["rules"][0]["limit"] == 0.5
    assert (tmp_path / "rules.json").read_text().count("\n") > 10


@pytest.mark.parametrize(
    "change",
    [
        lambda content: None,
        lambda content: [],
        lambda content: {},
        lambda content: {**content, "rules": 3},
        lambda content: {**content, "rules": [{"name": "grey"}]},
        lambda content: {**content, "rules": [{**content["rules"][0], "weight": 1}]},
        lambda content: {**content, "colour": 1},
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path, change):
    path = tmp_path / "rules.json"
    write_settings(path, OTHERS)
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(InputError, match=r"rules\.json: is not a file that select wrote .*; run select again"):
        read_settings(path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"{}"])
def test_a_damaged_file_is_refused(tmp_path, content):
    (tmp_path / "rules.json").write_bytes(content)
    with pytest.raises(InputError, match=r"rules\.json: is not a file that select wrote"):
        read_settings(tmp_path / "rules.json")


def test_a_file_that_cannot_be_read_or_written_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"rules\.json: cannot be read: No such file"):
        read_settings(tmp_path / "rules.json")
    with pytest.raises(InputError, match=r"rules\.json: cannot be written"):
        write_settings(tmp_path / "none" / "rules.json", OTHERS)


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        "[]",
        "{}",
        '{"rules": 3}',
        '{"rules": [], "agreement": "high"}',
        '{"rules": [], "class_size": 2.5}',
        '{"rules": [{"name": "a"}]}',
        '{"rules": [["a", "b"]]}',
    ],
)
def test_settings_that_select_did_not_write_are_refused(tmp_path, content):
    (tmp_path / "rules.json").write_text(content)
    with pytest.raises(InputError, match="rules.json: is not"):
        read_settings(tmp_path / "rules.json")
