"""Both languages of the pages say the same: the same values, the same HTML, and nothing is missing."""

import re

import pytest

from data_tools.curation.default_rules import DEFAULT_RULES, DISPUTED
from data_tools.curation.rules import Rule
from data_tools.pages.texts import CLASS_NAMES, REVIEW_SCRIPT, TEXTS, Text
from data_tools.pages.words import attribute, joined, spans, text
from data_tools.report.rules_in_chinese import CHINESE, chinese_rule
from data_tools.sets.classes import CLASSES

ALL = {**TEXTS, **REVIEW_SCRIPT, **CLASS_NAMES}
CHINESE_LETTER = re.compile(r"[\u4e00-\u9fff]")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@pytest.mark.parametrize("key", ALL)
def test_a_text_has_the_same_values_and_elements_in_both_languages(key):
    english, chinese = ALL[key]
    for pattern in (r"{\w+}", r"</?\w+>", r"<code>.*?</code>", NUMBER):
        assert sorted(re.findall(pattern, english)) == sorted(re.findall(pattern, chinese))
    words = re.sub(r"{\w+}|\W", "", english)  # without any, only the marks between values differ
    assert bool(CHINESE_LETTER.search(chinese)) == bool(words) and not CHINESE_LETTER.search(english)


def test_every_class_has_a_chinese_name():
    assert list(CLASS_NAMES) == [each.name for each in CLASSES]
    assert len({name.zh for name in CLASS_NAMES.values()}) == len(CLASSES)


@pytest.mark.parametrize("rule", [*DEFAULT_RULES, DISPUTED], ids=lambda rule: rule.name)
def test_every_default_rule_has_chinese_texts_with_the_same_numbers(rule):
    meaning, reason = chinese_rule(rule)
    assert (meaning, reason) == CHINESE[rule.name] and CHINESE_LETTER.search(meaning)
    assert set(NUMBER.findall(reason)) >= set(NUMBER.findall(rule.reason))


def test_a_rule_that_the_user_wrote_keeps_its_words():
    own = Rule("fog", "haze", 0.5, "selection_1", "fog", "a guess")
    assert chinese_rule(own) == ("fog", "a guess")
    meaning, reason = chinese_rule(DEFAULT_RULES[0]._replace(reason="my own"))
    assert meaning == CHINESE[DEFAULT_RULES[0].name][0] and reason == "my own"


def test_both_languages_stand_in_the_page_once():
    assert spans(Text("a", "b")) == '<span lang="en">a</span><span lang="zh">b</span>'
    assert spans(Text("FID", "FID")) == "FID" and spans("x") == "x"
    assert text("stays in", split=TEXTS["total"]) == ("stays in Total", "仍在“全部”中")
    assert joined([Text("a", "甲"), Text("b", "乙")]) == ("a, b", "甲，乙")
    assert attribute("alt", Text('"', "<")) == 'alt="&quot;" data-zh="&lt;"'
