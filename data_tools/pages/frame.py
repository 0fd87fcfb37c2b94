"""Assemble a page: one HTML file without links to other files, in English and Chinese."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from pathlib import Path
from string import Template
from typing import FrozenSet, Mapping

from data_tools.basics.files import write_atomic
from data_tools.pages.texts import Text
from data_tools.pages.words import attribute, name_of_class, say, spans, text
from data_tools.sets.class_list import ClassList

_FOLDER = Path(__file__).parent  # holds frame.html, page.css and language.js


def write_page(
    path: Path, title: Text, head: str, main: str, foot: str = "", script: str = "", data: Mapping[str, object] = {}
) -> None:
    """Write a page. Equal arguments give an equal file.

    Args:
        title: Title of the browser's window, without HTML.
        head, main, foot: HTML of the head, the sections, and what stands below them.
        script: JavaScript that runs after language.js.
        data: What the script reads from the element `page-data`, as JSON.

    Raises:
        InputError: `path` cannot be written.
    """
    script = (_FOLDER / "language.js").read_text(encoding="utf-8") + script
    html = Template((_FOLDER / "frame.html").read_text(encoding="utf-8")).substitute(
        title=f'<title data-zh="{escape(title.zh)}">{escape(title.en)}</title>',
        languages=attribute("aria-label", text("languages")),
        head=head,
        main=main,
        foot=foot,
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode(),
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        data=json.dumps(data).replace("<", "\\u003c"),  # a file name cannot end the script element
    )
    write_atomic(path, html.encode("utf-8", "backslashreplace"))  # file names may hold bytes that are not UTF-8


def legend_section(ids: FrozenSet[int], class_list: ClassList) -> str:
    """Return the HTML of the section with the colours of the classes that occur on the page.

    The number beside a name is the id in the files.
    """
    colors = class_list.palette
    items = "".join(
        f'<li><svg width="28" height="18" aria-hidden="true"><rect width="28" height="18" rx="3" '
        f'fill="#{colors[number].tobytes().hex()}"/></svg>{_class_html(class_list, number)} '
        f'<span class="note">{class_list.file_id(number)}</span></li>\n'
        for number in sorted(ids)
    )
    return f'<section id="colours"><h2>{say("colours")}</h2><ul class="legend">{items}</ul></section>\n'


def _class_html(class_list: ClassList, number: int) -> str:
    return spans(Text(*map(escape, name_of_class(class_list, number))))
