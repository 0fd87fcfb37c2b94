"""HTML page of a score: all terms, and the worst and best images of each term. One file without external links."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path
from typing import List, Mapping, Optional

import numpy as np
from PIL import Image

from data_tools.basics.files import write_atomic
from data_tools.sets.class_list import LANDSCAPE, ClassList
from data_tools.sets.image_io import read_label, read_photo, resize_label, resize_photo
from jittor_tsit.metrics.terms import TERMS, Term

SHOWN = 8  # number of worst and of best images for each term; two rows on a screen
WIDTH, HEIGHT = 256, 192  # size of a thumbnail, half the contest's size

STYLE = """
body { font-family: sans-serif; margin: 2em; color: #222; }
table { border-collapse: collapse; } td, th { border: 1px solid #bbb; padding: 0.3em 0.7em; text-align: left; }
figure { display: inline-block; margin: 0.4em; } figcaption { font-size: 0.85em; } .absent { color: #999; }
"""


def write_page(
    path: Path,
    title: str,
    lines: List[List[str]],
    terms: Mapping[str, Term],
    images: Mapping[str, Path],
    labels: Mapping[str, Path],
    class_list: ClassList = LANDSCAPE,
) -> None:
    """Write the page.

    Args:
        lines: Rows of the table; the first row is the heading.
        terms: Terms by name.
        images, labels: Paths by stem. An image without a label map is shown alone.
        class_list: The classes of the label maps.
    """
    heading, *rows = ("".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in line) for line, tag in _tagged(lines))
    body = [f"<h1>{html.escape(title)}</h1>", "<table>", *(f"<tr>{row}</tr>" for row in (heading, *rows)), "</table>"]
    for name, term in terms.items():
        if term.per_image:
            body += _extremes(name, term, images, labels, class_list)
    page = f"<!DOCTYPE html><meta charset='utf-8'><title>{html.escape(title)}</title><style>{STYLE}</style>"
    write_atomic(path, (page + "\n".join(body) + "\n").encode())


def _tagged(lines: List[List[str]]):
    return [(line, "th" if number == 0 else "td") for number, line in enumerate(lines)]


def _extremes(
    name: str, term: Term, images: Mapping[str, Path], labels: Mapping[str, Path], class_list: ClassList
) -> List[str]:
    """Return the HTML that shows the images with the worst and the best values of one term, with their label maps."""
    stems = sorted(term.per_image, key=lambda stem: term.per_image[stem], reverse=not TERMS[name].higher_is_better)
    worst, best = stems[:SHOWN], stems[-SHOWN:][::-1]
    parts = []
    for heading, chosen in ((f"{name}: worst", worst), (f"{name}: best", best)):
        figures = [_figure(stem, term.per_image[stem], images[stem], labels.get(stem), class_list) for stem in chosen]
        parts += [f"<h2>{html.escape(heading)}</h2>", *figures]
    return parts


def _figure(stem: str, value: float, image: Path, label: Optional[Path], class_list: ClassList) -> str:
    parts = [resize_photo(read_photo(image), WIDTH, HEIGHT)]
    if label is not None:
        ids = read_label(label, class_list.num_classes, class_list.unknown)
        parts.insert(0, class_list.colorize(resize_label(ids, WIDTH, HEIGHT)))
    picture = io.BytesIO()
    Image.fromarray(np.concatenate(parts, axis=1)).save(picture, "JPEG", quality=85)
    data = base64.b64encode(picture.getvalue()).decode()
    caption = f"{html.escape(stem)}: {value:.4g}"
    return f"<figure><img src='data:image/jpeg;base64,{data}' alt=''><figcaption>{caption}</figcaption></figure>"
