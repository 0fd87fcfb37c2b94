"""Write the HTML of the page's sections, from the counts at the top to the class colours at the end."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import FrozenSet, Iterable, List, Mapping, NamedTuple, Sequence

import numpy as np

from data_tools.basics.table import Table
from data_tools.curation.equivalence import ClassMember
from data_tools.curation.rules import Decision, Rule
from data_tools.report.cards import SPLIT_NAMES, card, member_card
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
from data_tools.report.thumbnails import Views
from data_tools.sets.class_list import ClassList

_COLUMNS = ("rule", "signal", "limit", "stays out of", "why this limit", "dropped", "break it")
_NUMBERS = ("limit", "dropped", "break it")
_OTHER_CAUSES = {UNREADABLE: '<a href="#unreadable">unreadable</a>', MANUAL: '<a href="#manual">by hand</a>'}
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
            f'<div class="tile"><dt>{SPLIT_NAMES[split]}</dt><dd>{size:,}</dd>'
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
        f'<tr><td colspan="5">{_OTHER_CAUSES.get(name, escape(name))}</td>'
        f'<td class="number" data-name="dropped">{count:,}</td><td></td></tr>\n'
        for name, count in sorted(dropped.items())
    )
    head = "".join(f'<th scope="col"{" class=number" if name in _NUMBERS else ""}>{name}</th>' for name in _COLUMNS)
    return (
        f'<table class="rules"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody>'
        f"<tbody>{others}</tbody></table>"
    )


def _rule_row(index: int, rule: Rule, dropped: int, breaking: int) -> str:
    return (
        f'<tr><th scope="row"><a href="#rule-{index}">{escape(rule.name)}</a><br>{escape(rule.meaning)}</th>'
        f'<td data-name="signal"><code>{escape(rule.signal)}</code></td>'
        f'<td class="number" data-name="limit">{rule.limit:.6g}</td>'
        f'<td class="split" data-name="stays out of">{SPLIT_NAMES[rule.split]}</td>'
        f'<td data-name="why this limit">{escape(rule.reason)}</td>'
        f'<td class="number" data-name="dropped">{dropped:,}</td>'
        f'<td class="number" data-name="break it">{breaking:,}</td></tr>\n'
    )


def rule_section(index: int, rule: Rule, table: Table, shown: Examples, review: Review) -> str:
    """Return the HTML of the section of one rule: its histogram, and example pairs on both sides of its limit."""
    values = signal(table, rule)
    groups = np.array([_group(review.decisions[stem], rule) for stem in table.stems], int)
    figure = histogram(rule.signal, values, groups, rule.limit)
    above = "Just above the limit" if shown.worst else "All above the limit"
    lists = "".join(
        _example_list(title, places, table, values, review)
        for title, places in ((above, shown.above), ("Just below the limit", shown.below), ("Worst", shown.worst))
    )
    return (
        f'<section id="rule-{index}" class="rule"><h2>{escape(rule.name)}</h2><p class="lead">Pairs whose '
        f"<code>{escape(rule.signal)}</code> is above {rule.limit:.6g} stay out of "
        f"{SPLIT_NAMES[rule.split]}: {escape(rule.meaning)}.</p>{figure}{lists}</section>\n"
    )


def _group(decision: Decision, rule: Rule) -> int:
    if decision.kept:
        return _KEPT
    return _DROPPED if decision.rule == rule.name else _ELSEWHERE


def _example_list(title: str, places: List[int], table: Table, values: np.ndarray, review: Review) -> str:
    if not places:
        return ""
    stems = [table.stems[place] for place in places]
    cards = (
        card(review.views[stem], review.decisions[stem], f"{values[place]:.4g}") for stem, place in zip(stems, places)
    )
    return f'<h3>{title} <span class="count">{len(places)}</span></h3><div class="cards">{"".join(cards)}</div>'


def manual_section(decisions: Iterable[Decision], review: Review) -> str:
    """Return the HTML of the section of the pairs that a person decided earlier, with boxes to change the decisions."""
    by_hand = [decision for decision in decisions if decision.rule == MANUAL]
    if not by_hand:
        return ""
    cards = "".join(card(review.views[decision.stem], decision) for decision in by_hand)
    return (
        f'<section id="manual"><h2>By hand <span class="count">{len(by_hand):,}</span></h2>'
        f'<p class="lead">Decided by the manual file, whatever the rules say.</p><div class="cards">{cards}</div>'
        "</section>\n"
    )


def unreadable_section(decisions: Iterable[Decision]) -> str:
    """Return the HTML of the section of unreadable pairs: a table with reasons, or a sentence that there are none."""
    rows = [
        f'<tr><th scope="row">{escape(decision.stem)}</th><td>{escape(decision.value)}</td></tr>\n'
        for decision in decisions
        if decision.rule == UNREADABLE
    ]
    body = (
        (
            f'<table class="unreadable"><thead><tr><th scope="col">pair</th><th scope="col">reason</th></tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table>"
        )
        if rows
        else '<p class="none">Every pair could be read.</p>'
    )
    return (
        f'<section id="unreadable"><h2>Unreadable pairs <span class="count">{len(rows):,}</span></h2>{body}</section>\n'
    )


def classes_section(classes: Sequence[Sequence[ClassMember]], review: Review) -> str:
    """Return the HTML of the section of the equivalence classes, one row each, in the order of rank."""
    rows = "".join(_class_row(members, review) for members in classes)
    lead = (
        "Pairs whose label maps are nearly equal. If their photos differ much, they are numbered from the best, "
        "and only the framed ones are kept."
        if classes
        else "No two label maps are nearly equal."
    )
    return (
        f'<section id="classes"><h2>Equivalence classes <span class="count">{len(classes):,}</span></h2>'
        f'<p class="lead">{lead}</p>{rows}</section>\n'
    )


def _class_row(members: Sequence[ClassMember], review: Review) -> str:
    is_thinned = any(member.rank for member in members)  # in other classes, all members have rank 0
    cards = "".join(
        member_card(review.views[m.stem], review.decisions[m.stem], m, is_thinned) for m in members[:MEMBERS_SHOWN]
    )
    hidden = members[MEMBERS_SHOWN:]
    framed = sum(member.kept for member in hidden) if is_thinned else 0
    note = f", {framed} of them framed" if framed else ""
    more = f'<p class="more">+ {len(hidden)} more{note}</p>' if hidden else ""
    size = f"{len(members)} alike" + ("" if is_thinned else "; their photos are alike too: no pair is dropped here")
    return f'<div class="class"><p class="size">{size}</p><div class="row">{cards}{more}</div></div>\n'


def legend_section(ids: FrozenSet[int], class_list: ClassList) -> str:
    """Return the HTML of the section with the colours of the classes that occur on the page.

    The number beside a name is the id in the files.
    """
    colors = class_list.palette
    items = "".join(
        f'<li><svg width="28" height="18" aria-hidden="true"><rect width="28" height="18" rx="3" '
        f'fill="#{colors[id].tobytes().hex()}"/></svg>{escape(class_list.name_of(id))} '
        f'<span class="note">{class_list.file_id(id)}</span></li>\n'
        for id in sorted(ids)
    )
    return f'<section id="colours"><h2>Colours of the label maps</h2><ul class="legend">{items}</ul></section>\n'
