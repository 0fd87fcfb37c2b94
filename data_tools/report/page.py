"""Put the page together and write it."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from string import Template
from typing import Dict, Mapping, Sequence, Set

from data_tools.basics.errors import InputError
from data_tools.basics.files import write_atomic
from data_tools.basics.names import unlistable
from data_tools.basics.table import Table
from data_tools.curation.equivalence import ClassMember
from data_tools.curation.manual import HEADING
from data_tools.curation.rules import Decision, Rule
from data_tools.report import sections
from data_tools.report.choice import MANUAL, MEMBERS_SHOWN, Examples, examples, shown_classes, signal
from data_tools.report.sections import Review
from data_tools.report.thumbnails import make_views
from data_tools.sets.pairing import Pair

_FOLDER = Path(__file__).parent  # of page.html, page.css and page.js


def write_report(
    path: Path,
    pairs: Mapping[str, Pair],
    table: Table,
    rules: Sequence[Rule],
    decisions: Sequence[Decision],
    classes: Sequence[Sequence[ClassMember]],
    count: int = 12,
    progress: bool = True,
) -> None:
    """Write the page on which a person reviews a curation: one HTML file, the same for the same arguments.

    Pictures stand in the page as often as they are shown. A pair on several cards is thus there several times,
    which costs at most half a megabyte a rule, and lets every picture be an ordinary image that needs no script.

    Args:
        pairs: By stem. A pair that is not there, or whose files cannot be read, gets grey places for pictures.
        classes: Equivalence classes, each sorted by rank, which counts from 0; those of one member are left
            out.
        count: Pairs in each list of examples.

    Raises:
        InputError: A pair of the table or of a class has no decision; `path` cannot be written.
    """
    classes = shown_classes(classes)
    decided = {decision.stem: decision for decision in decisions}
    members = [member.stem for row in classes for member in row[:MEMBERS_SHOWN]]
    _require_decisions(path, [*table.stems, *members], decided)
    shown = [examples(signal(table, rule), rule.limit, count) for rule in rules]
    views = make_views(pairs, _card_stems(table, shown, decisions), set(members), progress)
    review = Review(decided, views)
    main = [
        *(sections.rule_section(i, rule, table, chosen, review) for i, (rule, chosen) in enumerate(zip(rules, shown))),
        sections.manual_section(decisions, review),
        sections.unreadable_section(decisions),
        sections.classes_section(classes, review),
        sections.legend_section(frozenset().union(*(pair.ids for pair in views.values()))),
    ]
    head = sections.split_tiles(decisions) + sections.rule_table(rules, table, decisions)
    html = _assemble(len(decisions), head, "".join(main), _data(table, decisions))
    write_atomic(path, html.encode("utf-8", "backslashreplace"))  # file names may hold bytes that are no text


def _require_decisions(path: Path, stems: Sequence[str], decided: Mapping[str, Decision]) -> None:
    missing = next((stem for stem in stems if stem not in decided), None)
    if missing is not None:
        raise InputError(f"{path}: there is no decision on {missing}; the decisions belong to another table")


def _card_stems(table: Table, shown: Sequence[Examples], decisions: Sequence[Decision]) -> Set[str]:
    places = {place for rule in shown for some in rule for place in some}
    return {table.stems[place] for place in places} | {d.stem for d in decisions if d.rule == MANUAL}


def _data(table: Table, decisions: Sequence[Decision]) -> Dict[str, object]:
    """What the script needs: the marks to begin with, the head of the file it writes, and the page's id.

    Under that id a browser keeps the marks. It follows from the measured pairs and earlier marks but not from
    the rules, so that marks outlive a change of limits.
    """
    marks = sorted(
        [d.stem, "keep" if d.kept else "drop"] for d in decisions if d.rule == MANUAL and not unlistable(d.stem)
    )
    state = [marks, table.stems, [[name, column.tolist()] for name, column in table.columns.items()]]
    id = hashlib.sha256(json.dumps(state).encode()).hexdigest()[:16]
    return {"id": id, "heading": HEADING, "marks": marks}


def _assemble(num_pairs: int, head: str, main: str, data: Dict[str, object]) -> str:
    script = (_FOLDER / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()
    return Template((_FOLDER / "page.html").read_text(encoding="utf-8")).substitute(
        num_pairs=f"{num_pairs:,}",
        head=head,
        main=main,
        script=script,
        script_hash=digest,
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        data=json.dumps(data).replace("<", "\\u003c"),
    )  # so that no name can end the script element
