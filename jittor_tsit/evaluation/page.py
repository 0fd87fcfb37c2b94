"""HTML page of a score: all terms, and the worst and best images. It has the frame and the look of the review page."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence

import numpy as np

from data_tools.pages.frame import legend_section
from data_tools.pages.frame import write_page as write_frame
from data_tools.pages.pictures import Picture, jpeg, palette_png, picture_html
from data_tools.pages.texts import TEXTS, Text
from data_tools.pages.words import attribute, column_name, say, spans, text
from data_tools.sets.image_io import read_photo, resize_photo
from jittor_tsit.evaluation.image_set import ImageSet
from jittor_tsit.evaluation.notes_in_chinese import chinese_note
from jittor_tsit.evaluation.rankings import Ranking
from jittor_tsit.evaluation.scores import SHOWN_DIGITS
from jittor_tsit.metrics.contest import absent_terms
from jittor_tsit.metrics.terms import TERMS, Term, values_of

SHOWN = 8  # number of worst and of best images for each order; two rows on a screen
SIDE = 256  # longer side of a picture in pixels, half the contest's size


class ScoredSet(NamedTuple):
    """What a page shows: the terms of a set of images, and the images."""

    name: str  # of the folder of images
    real: Optional[Path]  # folder of the photographs
    num_photos: int
    board: str
    score: Optional[float]
    terms: Mapping[str, Term]
    image_set: ImageSet


def write_page(path: Path, scored: ScoredSet, orders: Sequence[Ranking]) -> None:
    """Write the page.

    Raises:
        InputError: `path` cannot be written, or an image is faulty.
    """
    cards: Dict[str, Card] = {}
    for order in orders:
        for stem in (*_worst(order), *_best(order)):
            cards[stem] = cards.get(stem) or make_card(stem, scored)
    sections = "".join(_section(number, order, cards) for number, order in enumerate(orders))
    sections = sections or f'<p class="none">{say("no order")}</p>\n'
    ids: FrozenSet[int] = frozenset().union(*(card.ids for card in cards.values()))
    legend = legend_section(ids, scored.image_set.class_list) if ids else ""
    name = escape(scored.name)
    count = f"{len(scored.image_set.images):,}"
    lead = say("score lead alone", images=count)
    if scored.real is not None:
        lead = say("score lead", images=count, photos=f"{scored.num_photos:,}", real=escape(str(scored.real)))
    head = f'<h1>{say("score", name=name)}</h1>\n<p class="lead">{lead}</p>\n{_tiles(scored)}{_table(scored)}'
    write_frame(path, text("score title", name=scored.name), f"{head}{_links(orders, bool(ids))}", sections + legend)


def _tiles(scored: ScoredSet) -> str:
    """Return the HTML of the boxes with the score and the numbers of images and photographs."""
    value = say("absent") if scored.score is None else f"{scored.score:.{SHOWN_DIGITS}f}"
    lacking = absent_terms(scored.board, values_of(scored.terms))
    needs = f'<dd class="share">{say("needs", terms=", ".join(lacking))}</dd>' if lacking else ""
    tiles = (
        (say("score tile", board=escape(scored.board)), value, needs),
        (say("images"), f"{len(scored.image_set.images):,}", ""),
        (say("photographs"), f"{scored.num_photos:,}", ""),
    )
    boxes = "".join(f'<div class="tile"><dt>{name}</dt><dd>{shown}</dd>{below}</div>' for name, shown, below in tiles)
    return f'<dl class="tiles">{boxes}</dl>'


def _table(scored: ScoredSet) -> str:
    """Return the HTML of the table of terms: meaning, value, number of images, note."""
    head = "".join(
        f'<th scope="col"{" class=number" if key in ("value", "images") else ""}>{say(key)}</th>'
        for key in ("term", "value", "images", "note")
    )
    rows = "".join(_row(name, term) for name, term in scored.terms.items())
    return f'<table class="rules"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _row(name: str, term: Term) -> str:
    value = say("absent") if term.value is None else f"{term.value:.{SHOWN_DIGITS}f}"
    better = TEXTS["higher" if TERMS[name].higher_is_better else "lower"]
    meaning = say("meaning and better", meaning=TEXTS[f"term {name}"], better=better)
    note = Text(escape(term.note), escape(chinese_note(term.note)))
    return (
        f'<tr><th scope="row"><b>{escape(name)}</b><br>{meaning}</th>'
        f'<td class="number"{column_name("value")}>{value}</td>'
        f'<td class="number"{column_name("images")}>{term.count or ""}</td>'
        f"<td{column_name('note')}>{spans(note)}</td></tr>\n"
    )


def _links(orders: Sequence[Ranking], has_legend: bool) -> str:
    links = [f'<a href="#order-{number}">{say(f"ranking {order.name}")}</a>' for number, order in enumerate(orders)]
    links += [f'<a href="#colours">{say("to colours")}</a>'] if has_legend else []
    return f"<nav {attribute('aria-label', TEXTS['sections'])}>{' '.join(links)}</nav>"


def _worst(order: Ranking) -> List[str]:
    return order.ordered()[:SHOWN]


def _best(order: Ranking) -> List[str]:
    """Return the best images that are not among the worst of a small set, the best first."""
    return order.ordered()[SHOWN:][-SHOWN:][::-1]


def _section(number: int, order: Ranking, cards: Mapping[str, Card]) -> str:
    """Return the HTML with the worst and the best images of one order."""
    lists = "".join(
        f'<h3>{say(key)} <span class="count">{len(stems)}</span></h3><div class="cards">'
        f"{''.join(cards[stem].html(order.values[stem]) for stem in stems)}</div>"
        for key, stems in (("worst images", _worst(order)), ("best images", _best(order)))
        if stems
    )
    heading, lead = say(f"ranking {order.name}"), say(f"lead {order.name}")
    return f'<section id="order-{number}"><h2>{heading}</h2><p class="lead">{lead}</p>{lists}</section>\n'


class Card(NamedTuple):
    """The pictures of one image, and the ids of the classes in its label map."""

    stem: str
    pictures: Sequence[str]  # HTML of each
    ids: FrozenSet[int]

    def html(self, value: float) -> str:
        """Return the HTML of the box with the pictures, the name and the value of an image."""
        columns = ("one", "two")[len(self.pictures) - 1]
        return (
            f'<article class="card"><div class="views {columns}">{"".join(self.pictures)}</div>'
            f'<div class="about"><p class="stem">{escape(self.stem)}</p>'
            f'<p><b class="value">{value:.4g}</b></p></div></article>\n'
        )


def make_card(stem: str, scored: ScoredSet) -> Card:
    """Make the pictures of an image and, if there is one, of its label map."""
    photo = read_photo(scored.image_set.images[stem])
    scale = SIDE / max(photo.shape[:2])
    width, height = (max(1, round(length * scale)) for length in (photo.shape[1], photo.shape[0]))
    pictures = [_html(Picture(jpeg(resize_photo(photo, width, height)), "", width, height), "image", stem)]
    if stem not in scored.image_set.labels:
        return Card(stem, pictures, frozenset())
    ids = scored.image_set.read_label(stem, width, height)
    label = palette_png(ids, scored.image_set.class_list.palette)
    pictures.insert(0, _html(Picture(label, "", width, height), "label", stem))
    return Card(stem, pictures, frozenset(np.unique(ids).tolist()))


def _html(picture: Picture, kind: str, stem: str) -> str:
    words: Text = text("picture of", kind=TEXTS[kind], stem=stem)
    return picture_html(picture, words)
