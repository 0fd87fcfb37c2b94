"""Write the HTML of one pair: its pictures, the decision on it, and its check boxes."""

from __future__ import annotations

from html import escape
from typing import Iterable

from data_tools.basics.names import unlistable
from data_tools.curation.equivalence import ClassMember
from data_tools.curation.rules import Decision
from data_tools.pages.pictures import picture_html
from data_tools.pages.texts import TEXTS, Text
from data_tools.pages.words import attribute, joined, say, spans, text
from data_tools.report.choice import MANUAL, UNREADABLE
from data_tools.report.thumbnails import Views

_CAUSES = {MANUAL: "by hand", UNREADABLE: "as unreadable"}  # keys of texts


def split_name(split: str) -> Text:
    """Return the name of a split for readers; a split of a user's own keeps its name."""
    return TEXTS.get(split, Text(escape(split), escape(split)))


def card(views: Views, decision: Decision, value: str = "") -> str:
    """Return the HTML of a card: photo, label map and overlay of a pair side by side, and the decision on it.

    Args:
        value: The pair's value of the rule's signal, as text.
    """
    stem = decision.stem
    pictures = "".join(_named_pictures(("photo", "label", "overlay"), stem, views))
    number = f'<b class="value">{escape(value)}</b> ' if value else ""
    return (
        f'<article class="card"{_attributes(decision)}><div class="views">{pictures}</div>'
        f'<div class="about"><p class="stem">{escape(stem)}</p>'
        f"<p>{number}{_verdict(decision)}</p></div>{_boxes(decision)}</article>\n"
    )


def member_card(views: Views, decision: Decision, member: ClassMember, is_thinned: bool) -> str:
    """Return the HTML of a pair in the row of its equivalence class: photo above label map.

    Args:
        is_thinned: Whether the class is thinned; only then the card shows rank and frame.
    """
    stem = decision.stem
    pictures = "".join(_named_pictures(("photo", "label"), stem, views))
    place = f'<b class="value">{member.rank + 1}</b> ' if is_thinned else ""
    mirrored = f'<span class="note">{say("mirrored")}</span> ' if member.mirrored else ""
    kind = "member framed" if is_thinned and member.kept else "member"
    return (
        f'<article class="{kind}"{_attributes(decision)}><div class="views">{pictures}</div>'
        f'<div class="about"><p class="stem">{escape(stem)}</p>'
        f"<p>{place}{mirrored}{_verdict(decision)}</p></div>{_boxes(decision)}</article>\n"
    )


def _named_pictures(kinds: Iterable[str], stem: str, views: Views) -> Iterable[str]:
    for kind in kinds:
        words = text("picture of", kind=TEXTS[kind], stem=stem)
        if kind == "label" and views.ids:
            words = text("picture of with classes", kind=TEXTS[kind], stem=stem, classes=views.names)
        yield picture_html(getattr(views, kind), words)


def _attributes(decision: Decision) -> str:
    mark = f' data-mark="{"keep" if decision.kept else "drop"}"' if decision.rule == MANUAL else ""
    return f' data-stem="{escape(decision.stem)}"{mark}'


def _verdict(decision: Decision) -> str:
    is_by_rule, notes = decision.rule not in _CAUSES, []
    if not (decision.kept and is_by_rule):
        notes.append(text("by rule", rule=escape(decision.rule)) if is_by_rule else TEXTS[_CAUSES[decision.rule]])
    if decision.others:
        key = "breaks too" if is_by_rule and not decision.kept else "breaks"
        notes.append(text(key, rules=escape(", ".join(decision.others))))
    if not decision.kept and decision.split:
        notes.append(text("stays in", split=split_name(decision.split)))
    word = "kept" if decision.kept else "dropped"
    return f'<span class="verdict {word}">{say(word)}</span> <span class="note">{spans(joined(notes))}</span>'


def _boxes(decision: Decision) -> str:
    """Return the HTML of the check boxes "keep" and "drop" of a pair; "" if the manual file cannot hold its stem.

    A script on the page makes sure that at most one of the two is checked.
    """
    if unlistable(decision.stem):
        return ""
    boxes = (
        _box(word, decision, decision.rule == MANUAL and decision.kept == kept)
        for word, kept in (("keep", True), ("drop", False))
    )
    return f'<div class="marks">{"".join(boxes)}</div>'


def _box(word: str, decision: Decision, is_checked: bool) -> str:
    checked = " checked" if is_checked else ""
    label = attribute("aria-label", text(f"{word} stem", stem=decision.stem))
    return (
        f'<label class="{word}"><input type="checkbox" name="{word}" autocomplete="off"{checked} {label}>'
        f"{say(word)}</label>"
    )
