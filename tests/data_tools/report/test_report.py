"""The content of a curation's report, read without a browser."""

import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.basics.table import Table
from data_tools.curation.rules import Decision, Rule
from data_tools.report import ClassMember, write_report
from data_tools.report.choice import Examples, examples, split_sizes
from data_tools.report.histogram import histogram as histogram_in_both
from data_tools.sets.classes import CLASSES
from data_tools.sets.image_io import read_label
from helpers.page_reader import Page, in_language
from helpers.review_input import ASTRAL, HOSTILE, QUOTES, STEMS, WIDE, make_classes, make_decisions, review_arguments


def page_of(path):
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def html(path):
    return in_language(path.read_text(encoding="utf-8"), "en")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_the_heading_counts_the_splits(page):
    assert "5 pairs were judged" in page.text
    assert re.search(r"Total 4 80.0 % Selection I 2 40.0 % Selection II 2 40.0 %", page.text)


def test_the_table_says_all_of_each_rule_and_what_it_did(page):
    assert (
        "blur the photo is blurred & <soft> blur 0.5 Selection I half of 2 < 3 pairs 2 2 "
        "towns too many houses houses 9 Selection II no pair has ten 0 0 unreadable 1"
    ) in page.text


def test_each_rule_shows_its_histogram_and_pairs_on_both_sides(page, html):
    assert len(page.all("section", class_="rule")) == 2
    assert len(page.all("svg", role="img")) == 2
    headings = re.findall(r"<h3>(.*?) <span class=\"count\">(\d+)", html)
    assert headings == [("All above the limit", "2"), ("Just below the limit", "1"), ("Just below the limit", "4")]


def test_a_card_shows_three_pictures_and_the_decision(html):
    card = Page(html[html.index('<article class="card"') : html.index("</article>")])
    assert card.all("article")[0]["data-stem"] == QUOTES  # the nearer of the two above the limit
    kinds = [image["alt"].split(" of ")[0] for image in card.all("img")]
    assert kinds == ["photo", "label", "overlay"]
    assert f"{QUOTES.replace('  ', ' ')} 0.75 dropped by blur, stays in Total keep drop" == card.text


def test_further_broken_rules_are_named(page):
    assert "0.9 dropped by blur, breaks towns too, stays in Total" in page.text


def test_unreadable_pairs_are_listed_with_the_reason(page):
    assert "broken <1> photo is empty & gone" in page.text


def test_classes_of_two_or_more_are_rows_in_rank_order(page):
    members = [attrs for attrs in page.all("article") if "member" in attrs["class"]]
    assert [attrs["data-stem"] for attrs in members] == [HOSTILE, WIDE]
    assert [attrs["class"] for attrs in members] == ["member framed", "member"]
    assert "2 alike" in page.text and "2 mirrored kept" in page.text


def test_a_class_that_keeps_all_has_no_numbers_and_no_frames(arguments, tmp_path):
    members = [ClassMember(HOSTILE, 0, False, True), ClassMember(WIDE, 0, False, True)]
    write_report(tmp_path / "r.html", *arguments[:-1], [members])
    page = page_of(tmp_path / "r.html")
    assert "2 alike; their photos are alike too: no pair is dropped here" in page.text
    assert len(page.all("article", class_="member")) == 2 and not page.all("article", class_="member framed")


def test_a_large_class_is_counted_beyond_twelve(arguments, tmp_path):
    pairs, table, rules, decisions, _ = arguments
    large = [ClassMember(f"p{i}", i, False, i in (0, 14)) for i in range(49)]
    decisions = [*decisions, *(Decision(member.stem, True, "selection_2", "blur", "", "", []) for member in large)]
    write_report(tmp_path / "r.html", pairs, table, rules, decisions, [make_classes()[0], large])
    page = page_of(tmp_path / "r.html")
    assert "49 alike" in page.text and "+ 37 more, 1 of them framed" in page.text
    assert page.text.index("49 alike") < page.text.index("2 alike")  # the largest class first


def test_the_legend_names_the_classes_that_occur(page, arguments):
    ids = {id for pair in arguments[0].values() for id in np.unique(read_label(pair.label))}
    legend = page.text[page.text.rindex("Colours of the label maps") :].split(" K keep")[0]
    assert re.findall(r"([a-z]+) (\d+)", legend) == [(CLASSES[id].name, str(id)) for id in sorted(ids)]
    assert len(page.all("rect", rx="3", width="28")) == len(ids)


def test_hard_names_stand_unharmed_in_attributes_and_text(page):
    assert {attrs["data-stem"] for attrs in page.all("article")} == set(STEMS)
    assert "photo of " + HOSTILE in {attrs["alt"] for attrs in page.all("img")}
    assert len(page.all("script")) == 2 and HOSTILE in page.text


def test_nothing_is_asked_of_the_network(html, page):
    assert "http://" not in html and "https://" not in html and "@import" not in html
    assert all(attrs["src"].startswith("data:image/") for attrs in page.all("img"))
    assert [attrs["href"] for attrs in page.all("link")] == ["data:,"]
    assert not any("src" in attrs for attrs in page.all("script"))
    assert all(attrs["href"].startswith("#") for attrs in page.all("a"))
    assert "default-src 'none'" in page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]


def test_images_say_what_they_show_and_how_large_they_are(page):
    for attrs in page.all("img"):
        with Image.open(BytesIO(b64decode(attrs["src"].split(",")[1]))) as image:
            assert (attrs["width"], attrs["height"]) == tuple(map(str, image.size))
            assert image.mode == ("P" if attrs["alt"].startswith("label") else "RGB")
        assert attrs["loading"] == "lazy" and attrs["alt"]


def test_a_label_thumbnail_has_the_classes_colours(page, arguments):
    picture = next(attrs for attrs in page.all("img") if attrs["alt"].startswith(f"label of {ASTRAL}"))
    colours = {CLASSES[id].color for id in np.unique(read_label(arguments[0][ASTRAL].label))}
    with Image.open(BytesIO(b64decode(picture["src"].split(",")[1]))) as image:
        shown = {colour for _, colour in image.convert("RGB").getcolors()}
    assert shown and shown <= colours


def test_the_same_arguments_give_the_same_bytes(html, arguments, tmp_path):
    write_report(tmp_path / "again.html", *arguments)
    assert in_language((tmp_path / "again.html").read_text(encoding="utf-8"), "en") == html


def test_what_cannot_be_read_any_more_becomes_a_grey_place_with_the_reason(tmp_path):
    pairs, *rest = review_arguments(tmp_path / "set")
    pairs[HOSTILE].photo.write_bytes(b"")
    pairs[QUOTES].label.unlink()
    del pairs[ASTRAL]
    write_report(tmp_path / "r.html", pairs, *rest)
    page = page_of(tmp_path / "r.html")
    for reason in ("photo is empty (0 bytes)", "label cannot be read: No such file", "its files are no longer there"):
        assert reason in page.text
    assert {attrs["alt"].split(" of ")[0] for attrs in page.all("img") if QUOTES in attrs["alt"]} == {"photo"}


def test_pairs_decided_by_hand_come_marked(arguments, tmp_path):
    pairs, table, rules, decisions, classes = arguments
    decisions = [Decision(HOSTILE, True, "selection_2", "manual", "", "", ["blur"]), *decisions[1:]]
    write_report(tmp_path / "r.html", pairs, table, rules, decisions, classes)
    page = page_of(tmp_path / "r.html")
    assert page.all("section", id="manual") and "kept by hand, breaks blur" in page.text
    marked = [attrs["data-stem"] for attrs in page.all("article") if attrs.get("data-mark") == "keep"]
    boxes = [attrs["aria-label"] for attrs in page.all("input") if "checked" in attrs]
    assert set(marked) == {HOSTILE} and boxes == [f"keep {HOSTILE}"] * len(marked)


def test_a_name_that_is_no_text_has_no_boxes(arguments, tmp_path):
    pairs, _, rules, _, _ = arguments
    odd = Decision("\udcff", True, "selection_2", "blur", "0.1", "0.5", [])
    write_report(tmp_path / "r.html", pairs, Table(["\udcff"], {"blur": np.array([0.1])}), rules, [odd], [])
    page = page_of(tmp_path / "r.html")
    assert "\\udcff" in page.text and page.all("article") and not page.all("input")


def test_a_table_with_pairs_that_nobody_decided_is_refused(arguments, tmp_path):
    pairs, table, rules, decisions, classes = arguments
    with pytest.raises(InputError, match="r.html: there is no decision on"):
        write_report(tmp_path / "r.html", pairs, table, rules, decisions[1:], classes)


def test_a_signal_that_was_not_measured_is_said_to_be_absent(arguments, tmp_path):
    pairs, table, _, decisions, classes = arguments
    rule = Rule("fog", "haze", 0.5, "selection_1", "fog", "a guess")
    write_report(tmp_path / "r.html", pairs, table, [rule], decisions, classes)
    assert "No pair has a value of haze." in page_of(tmp_path / "r.html").text


def test_a_curation_without_rules_and_classes_has_a_page(tmp_path):
    write_report(tmp_path / "r.html", {}, Table([], {}), [], [], [])
    page = page_of(tmp_path / "r.html")
    assert "Every pair could be read." in page.text and "No two label maps are nearly equal." in page.text


def test_marks_outlive_a_change_of_limits_but_not_of_the_data(arguments, tmp_path):
    pairs, table, rules, decisions, classes = arguments

    def page_id(table, rules):
        write_report(tmp_path / "r.html", pairs, table, rules, decisions, classes)
        return re.search(r'"id": "([0-9a-f]{16})"', (tmp_path / "r.html").read_text(encoding="utf-8"))[1]

    other = Table(table.stems, {**table.columns, "blur": table.columns["blur"] + 1})
    assert page_id(table, rules) == page_id(table, [rules[0]._replace(limit=0.8)]) != page_id(other, rules)


VALUES = np.array([5.0, 1, np.nan, 3, 2, 4, 3])


@pytest.mark.parametrize(
    "limit, count, expected",
    [
        (3, 2, Examples(above=[5, 0], below=[6, 3], worst=[])),  # all that break the rule are shown already
        (3, 1, Examples(above=[5], below=[6], worst=[0])),
        (1.5, 2, Examples(above=[4, 3], below=[1], worst=[0, 5])),
        (9, 2, Examples(above=[], below=[0, 5], worst=[])),
        (float("inf"), 1, Examples(above=[], below=[0], worst=[])),
    ],
)
def test_examples_stand_on_both_sides_of_the_limit(limit, count, expected):
    assert examples(VALUES, limit, count) == expected


def test_a_split_holds_those_within_it():
    assert split_sizes(make_decisions()) == {"total": 4, "selection_1": 2, "selection_2": 2}


def histogram(*arguments):
    return in_language(histogram_in_both(*arguments), "en")


def bars(svg):
    """The range and the count of each bar of a histogram."""
    return re.findall(r"<title>(.*?)</title>", svg)


def test_no_bar_stands_on_both_sides_of_the_limit():
    values = np.linspace(0, 1, 1001)
    svg = histogram("x", values, np.where(values > 0.33, 2, 0), 0.33)
    assert len(bars(svg)) >= 60
    assert not [words for words in bars(svg) if "kept" in words and "dropped" in words]


def test_whole_numbers_have_a_bar_each():
    svg = histogram("n", np.array([1.0, 1, 2, 4]), np.array([0, 1, 0, 2]), 2)
    assert bars(svg) == [
        "0.5 to 1.5: 1 kept, 1 dropped for another reason",
        "1.5 to 2.5: 1 kept",
        "3.5 to 4.5: 1 dropped by this rule",
    ]
    assert "limit 2</text>" in svg


@pytest.mark.parametrize("limit, words", [(50, "limit 50 →"), (-50, "← limit -50"), (1.5, "limit 1.5")])
def test_a_limit_far_away_is_pointed_at(limit, words):
    svg = histogram("x", np.array([0.1, 0.9]), np.zeros(2, int), limit)
    assert f">{words}</text>" in svg


@pytest.mark.parametrize("values", [[0.0], [7.0, 7.0], [0.125, np.nan, np.inf], [-2.5, 1e6], [1e-9, 2e-9]])
@pytest.mark.parametrize("limit", [0.0, 7.0, 1e-9, 1e9, float("inf")])
def test_any_values_and_limits_can_be_drawn(values, limit):
    values = np.array(values)
    svg = histogram("x", values, np.zeros(len(values), int), limit)
    drawn = sum(int(re.search(r": (\d+) kept", words)[1]) for words in bars(svg))
    assert drawn == np.isfinite(values).sum()
    assert "nan" not in svg and "inf" not in svg
    assert all(-0.1 <= float(x) <= 100.1 for x in re.findall(r'x="([-\d.]+)%"', svg))


def test_a_histogram_says_how_many_it_leaves_out():
    svg = histogram("x", np.array([0.1, np.nan, np.nan]), np.array([0, 0, 2]), 0.5)
    assert "without a value, not shown: 2" in svg and "dropped by this rule 0" in svg
