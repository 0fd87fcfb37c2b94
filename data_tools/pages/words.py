"""Put texts into a page in both languages. The browser shows one of them: see page.css and language.js."""

from __future__ import annotations

from html import escape
from typing import Dict, Iterable, Mapping, Union

from data_tools.pages.texts import CLASS_NAMES, TEXTS, Text
from data_tools.sets.class_list import ClassList

Value = Union[str, Text]


def text(key: str, **values: Value) -> Text:
    """Return a text of the table with its values put in.

    Args:
        values: What stands in braces in the text, as HTML; a `Text` differs by language.
    """
    return Text(*(_fill(each, values, place) for place, each in enumerate(TEXTS[key])))


def _fill(template: str, values: Mapping[str, Value], place: int) -> str:
    return template.format(**{key: value[place] if isinstance(value, Text) else value for key, value in values.items()})


def name_of_class(class_list: ClassList, number: int) -> Text:
    """Return the name of a class, as text; only the landscape classes have Chinese names."""
    name = class_list.name_of(number)
    return CLASS_NAMES.get(name, Text(name, name))


def joined(texts: Iterable[Text]) -> Text:
    """Join texts by commas."""
    each = list(texts)
    return Text(", ".join(one.en for one in each), "，".join(one.zh for one in each))


def spans(words: Value, tag: str = "span") -> str:
    """Return the HTML of a text in both languages; of a text that is the same in both, that text alone.

    Args:
        words: HTML.
        tag: Element around each language; "tspan" inside SVG.
    """
    if isinstance(words, str):
        return words
    if words.en == words.zh:
        return words.en
    return f'<{tag} lang="en">{words.en}</{tag}><{tag} lang="zh">{words.zh}</{tag}>'


def say(key: str, **values: Value) -> str:
    """Return the HTML of a text of the table in both languages; see `text` and `spans`."""
    return spans(text(key, **values))


def attribute(name: str, words: Text) -> str:
    """Return an attribute such as alt="photo of x", with its Chinese text beside it, which language.js puts in.

    Args:
        words: Without HTML.
    """
    return f'{name}="{escape(words.en)}" data-zh="{escape(words.zh)}"'


def column_name(key: str) -> str:
    """Return the attributes with the name of a table cell's column, which narrow screens show before the cell.

    Args:
        key: Key of the text at the head of the column.
    """
    return f' data-name="{TEXTS[key].en}" data-name-zh="{TEXTS[key].zh}"'


def for_script(texts: Mapping[str, Text]) -> Dict[str, Dict[str, str]]:
    """Return texts as the scripts read them: language -> key -> text."""
    return {
        "en": {key: each.en for key, each in texts.items()},
        "zh": {key: each.zh for key, each in texts.items()},
    }
