"""Write the HTML of the page's sections, from the counts at the top to the class colours at the end."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import Iterable, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from data_tools.basics.table import Table
from data_tools.curation.equivalence import ClassMember
from data_tools.curation.rules import Decision, Rule
from data_tools.pages.texts import Text
from data_tools.pages.words import column_name, say, spans
from data_tools.report.cards import card, member_card, split_name
from data_tools.report.choice import (
    MANUAL,
    MEMBERS_SHOWN,
    UNREADABLE,
    Examples,
    num_breaking,
    signal,
    split_sizes,
)
from data_tools.report.histogram import GROUPS, histogram
from data_tools.report.rules_in_chinese import chinese_rule
from data_tools.report.thumbnails import Views

_COLUMNS = ("rule", "signal", "limit", "stays out of", "why this limit", "dropped count", "break it")  # keys of texts
_NUMBERS = ("limit", "dropped count", "break it")
_OTHER_CAUSES = {  # name of the cause -> section of the page, key of the text
    UNREADABLE: ("#unreadable", "unreadable cause"),
    MANUAL: ("#manual", "by hand"),
}
_KEPT, _ELSEWHERE, _DROPPED = range(len(GROUPS))


class Review(NamedTuple):
    """What the page shows of each pair.

    decisions: stem -> the decision on the pair, made by the rules or by hand.
    views: stem -> the pair's pictures, with the class ids of its label map.
    """

    decisions: Mapping[str, Decision]
    views: Mapping[str, Views]


def split_tiles(decisions: Sequence[Decision]) -> str:
    """Return the HTML of the tiles with the number of pairs in each split."""
    tiles = []
    for split, size in split_sizes(decisions).items():
        share = 100 * size / max(len(decisions), 1)
        tiles.append(
            f'<div class="tile"><dt>{say(split)}</dt><dd>{size:,}</dd>'
            f'<dd class="share"><svg width="100%" height="6" aria-hidden="true">'
            f'<rect class="rest" width="100%" height="6" rx="3"/>'
            f'<rect class="part" width="{share:.2f}%" height="6" rx="3"/></svg>{share:.1f} %</dd></div>'
        )
    return f'<dl class="tiles">{"".join(tiles)}</dl>'


def rule_table(rules: Sequence[Rule], table: Table, decisions: Sequence[Decision]) -> str:
    """Return the HTML of the table of rules: meaning, limit, number of dropped pairs; below them the other reasons."""
    dropped = Counter(decision.rule for decision in decisions if not decision.kept)
    rows = [_rule_row(i, rule, dropped.pop(rule.name, 0), num_breaking(table, rule)) for i, rule in enumerate(rules)]
    others = "".join(
        f'<tr><td colspan="5">{_other_cause(name)}</td>'
        f'<td class="number"{column_name("dropped count")}>{count:,}</td><td></td></tr>\n'
        for name, count in sorted(dropped.items())
    )
    head = "".join(
        f'<th scope="col"{" class=number" if name in _NUMBERS else ""}>{say(name)}</th>' for name in _COLUMNS
    )
    return (
        f'<table class="rules"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody>'
        f"<tbody>{others}</tbody></table>"
    )


def _other_cause(name: str) -> str:
    if name not in _OTHER_CAUSES:
        return escape(name)
    link, key = _OTHER_CAUSES[name]
    return f'<a href="{link}">{say(key)}</a>'


def _rule_row(index: int, rule: Rule, dropped: int, breaking: int) -> str:
    meaning, reason = rule_texts(rule)
    return (
        f'<tr><th scope="row"><a href="#rule-{index}">{escape(rule.name)}</a><br>{spans(meaning)}</th>'
        f"<td{column_name('signal')}><code>{escape(rule.signal)}</code></td>"
        f'<td class="number"{column_name("limit")}>{rule.limit:.6g}</td>'
        f'<td class="split"{column_name("stays out of")}>{spans(split_name(rule.split))}</td>'
        f"<td{column_name('why this limit')}>{spans(reason)}</td>"
        f'<td class="number"{column_name("dropped count")}>{dropped:,}</td>'
        f'<td class="number"{column_name("break it")}>{breaking:,}</td></tr>\n'
    )


def rule_texts(rule: Rule) -> Tuple[Text, Text]:
    """Return a rule's meaning and the reason of its limit as HTML. A rule of the user's own is not translated."""
    pairs = zip((rule.meaning, rule.reason), chinese_rule(rule))
    meaning, reason = (Text(escape(english), escape(chinese)) for english, chinese in pairs)
    return meaning, reason


def rule_section(index: int, rule: Rule, table: Table, shown: Examples, review: Review) -> str:
    """Return the HTML of the section of one rule: its histogram, and example pairs on both sides of its limit."""
    values = signal(table, rule)
    groups = np.array([_group(review.decisions[stem], rule) for stem in table.stems], int)
    figure = histogram(rule.signal, values, groups, rule.limit)
    above = "just above" if shown.worst else "all above"
    lists = "".join(
        _example_list(key, places, table, values, review)
        for key, places in ((above, shown.above), ("just below", shown.below), ("worst", shown.worst))
    )
    meaning, _ = rule_texts(rule)
    limit = f"{rule.limit:.6g}"
    lead = say("rule lead", signal=escape(rule.signal), limit=limit, split=split_name(rule.split), meaning=meaning)
    return (
        f'<section id="rule-{index}" class="rule"><h2>{escape(rule.name)}</h2>'
        f'<p class="lead">{lead}</p>{figure}{lists}</section>\n'
    )


def _group(decision: Decision, rule: Rule) -> int:
    if decision.kept:
        return _KEPT
    return _DROPPED if decision.rule == rule.name else _ELSEWHERE


def _example_list(key: str, places: List[int], table: Table, values: np.ndarray, review: Review) -> str:
    if not places:
        return ""
    stems = [table.stems[place] for place in places]
    cards = (
        card(review.views[stem], review.decisions[stem], f"{values[place]:.4g}") for stem, place in zip(stems, places)
    )
    return f'<h3>{say(key)} <span class="count">{len(places)}</span></h3><div class="cards">{"".join(cards)}</div>'


def manual_section(decisions: Iterable[Decision], review: Review) -> str:
    """Return the HTML of the section of the pairs that a person decided earlier, with boxes to change the decisions."""
    by_hand = [decision for decision in decisions if decision.rule == MANUAL]
    if not by_hand:
        return ""
    cards = "".join(card(review.views[decision.stem], decision) for decision in by_hand)
    return (
        f'<section id="manual"><h2>{say("by hand heading")} <span class="count">{len(by_hand):,}</span></h2>'
        f'<p class="lead">{say("by hand lead")}</p><div class="cards">{cards}</div>'
        "</section>\n"
    )


def unreadable_section(decisions: Iterable[Decision]) -> str:
    """Return the HTML of the section of unreadable pairs: a table with reasons, or a sentence that there are none."""
    rows = [
        f'<tr><th scope="row">{escape(decision.stem)}</th><td>{escape(decision.value)}</td></tr>\n'
        for decision in decisions
        if decision.rule == UNREADABLE
    ]
    heads = f'<th scope="col">{say("pair")}</th><th scope="col">{say("reason")}</th>'
    body = f'<p class="none">{say("all readable")}</p>'
    if rows:
        body = f'<table class="unreadable"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    heading = f'<h2>{say("unreadable")} <span class="count">{len(rows):,}</span></h2>'
    return f'<section id="unreadable">{heading}{body}</section>\n'


def classes_section(classes: Sequence[Sequence[ClassMember]], review: Review) -> str:
    """Return the HTML of the section of the equivalence classes, one row each, in the order of rank."""
    rows = "".join(_class_row(members, review) for members in classes)
    lead = say("classes lead" if classes else "no classes")
    return (
        f'<section id="classes"><h2>{say("classes")} <span class="count">{len(classes):,}</span></h2>'
        f'<p class="lead">{lead}</p>{rows}</section>\n'
    )


def _class_row(members: Sequence[ClassMember], review: Review) -> str:
    is_thinned = any(member.rank for member in members)  # in other classes, all members have rank 0
    cards = "".join(
        member_card(review.views[m.stem], review.decisions[m.stem], m, is_thinned) for m in members[:MEMBERS_SHOWN]
    )
    hidden = members[MEMBERS_SHOWN:]
    framed = sum(member.kept for member in hidden) if is_thinned else 0
    words = say("more framed" if framed else "more", count=str(len(hidden)), framed=str(framed))
    more = f'<p class="more">{words}</p>' if hidden else ""
    size = say("alike" if is_thinned else "alike photos", count=str(len(members)))
    return f'<div class="class"><p class="size">{size}</p><div class="row">{cards}{more}</div></div>\n'
