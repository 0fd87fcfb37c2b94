"""Assemble and write the review page."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Dict, Mapping, Sequence, Set

from data_tools.basics.errors import InputError
from data_tools.basics.names import unlistable
from data_tools.basics.table import Table
from data_tools.curation.equivalence import ClassMember
from data_tools.curation.manual import HEADING
from data_tools.curation.rules import Decision, Rule
from data_tools.pages.frame import legend_section, write_page
from data_tools.pages.texts import REVIEW_SCRIPT, TEXTS
from data_tools.pages.words import attribute, for_script, say, text
from data_tools.report import sections
from data_tools.report.choice import MANUAL, MEMBERS_SHOWN, Examples, examples, shown_classes, signal
from data_tools.report.sections import Review
from data_tools.report.thumbnails import make_views
from data_tools.sets.class_list import LANDSCAPE, ClassList
from data_tools.sets.pairing import Pair

_FOLDER = Path(__file__).parent  # holds page.js


def write_report(
    path: Path,
    pairs: Mapping[str, Pair],
    table: Table,
    rules: Sequence[Rule],
    decisions: Sequence[Decision],
    classes: Sequence[Sequence[ClassMember]],
    count: int = 12,
    progress: bool = True,
    class_list: ClassList = LANDSCAPE,
) -> None:
    """Write the review page as one HTML file. Equal arguments give an equal file.

    A picture that is shown several times is stored several times. This costs at most half a megabyte a rule, and no
    picture needs a script.

    Args:
        pairs: stem -> pair. For a pair that is missing here or cannot be read, the page shows grey boxes.
        classes: Equivalence classes, the members sorted by rank. Classes with one member are left out.
        count: Number of pairs in each list of examples.
        progress: Whether to show a progress bar on stderr if it takes long.
        class_list: The classes of the set, with their names and colours.

    Raises:
        InputError: A pair of the table or of a class has no decision; `path` cannot be written.
    """
    classes = shown_classes(classes)
    by_stem = {decision.stem: decision for decision in decisions}
    members = [member.stem for row in classes for member in row[:MEMBERS_SHOWN]]
    _require_decisions(path, [*table.stems, *members], by_stem)
    shown = [examples(signal(table, rule), rule.limit, count) for rule in rules]
    views = make_views(pairs, _card_stems(table, shown, decisions), set(members), progress, class_list)
    review = Review(by_stem, views)
    main = [
        *(sections.rule_section(i, rule, table, chosen, review) for i, (rule, chosen) in enumerate(zip(rules, shown))),
        sections.manual_section(decisions, review),
        sections.unreadable_section(decisions),
        sections.classes_section(classes, review),
        legend_section(frozenset().union(*(pair.ids for pair in views.values())), class_list),
    ]
    count_text = f"{len(decisions):,}"
    write_page(
        path,
        text("review title", count=count_text),
        _head(count_text) + sections.split_tiles(decisions) + sections.rule_table(rules, table, decisions) + _links(),
        "".join(main),
        _bar(),
        (_FOLDER / "page.js").read_text(encoding="utf-8"),
        _data(table, decisions),
    )


def _head(count: str) -> str:
    return f'<h1>{say("review")}</h1>\n<p class="lead">{say("review lead", count=count)}</p>\n'


def _links() -> str:
    """Return the HTML of the links to the sections."""
    places = ("unreadable", "unreadable"), ("classes", "classes"), ("colours", "to colours"), ("bar", "marks")
    links = " ".join(f'<a href="#{place}">{say(key)}</a>' for place, key in places)
    return f"<nav {attribute('aria-label', TEXTS['sections'])}>{links}</nav>"


def _bar() -> str:
    """Return the HTML of the bar below, which the script uncovers."""
    buttons = "".join(f'<button type="button" id="{key}">{say(key)}</button>\n' for key in ("save", "copy", "clear"))
    return (
        f'<div class="bar" id="bar" role="region" {attribute("aria-label", TEXTS["marks"])} hidden>\n'
        f'<p id="tally"></p>\n<p class="keys">{say("keys")}</p>\n<output id="status"></output>\n{buttons}</div>\n'
    )


def _require_decisions(path: Path, stems: Sequence[str], decisions: Mapping[str, Decision]) -> None:
    missing = next((stem for stem in stems if stem not in decisions), None)
    if missing is not None:
        raise InputError(
            f"{path}: there is no decision on {missing}; the decisions belong to another table; run select again"
        )


def _card_stems(table: Table, shown: Sequence[Examples], decisions: Sequence[Decision]) -> Set[str]:
    places = {place for rule in shown for some in rule for place in some}
    return {table.stems[place] for place in places} | {d.stem for d in decisions if d.rule == MANUAL}


def _data(table: Table, decisions: Sequence[Decision]) -> Dict[str, object]:
    """Return the data of the page's script: the initial marks, the first line of the file that it saves, and an id.

    The browser stores the marks under this id. It depends on the measured pairs and the initial marks, but not on the
    rules, so that marks are kept when limits change.
    """
    marks = sorted(
        [d.stem, "keep" if d.kept else "drop"] for d in decisions if d.rule == MANUAL and not unlistable(d.stem)
    )
    state = [marks, table.stems, [[name, column.tolist()] for name, column in table.columns.items()]]
    id = hashlib.sha256(json.dumps(state).encode()).hexdigest()[:16]
    return {"id": id, "heading": HEADING, "marks": marks, "words": for_script(REVIEW_SCRIPT)}
