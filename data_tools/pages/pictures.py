"""Pictures inside a page: as data URIs, and their HTML."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import NamedTuple

import numpy as np
from PIL import Image

from data_tools.pages.texts import Text
from data_tools.pages.words import attribute

_QUALITY = 75  # of JPEG: no difference is visible at the size of a thumbnail


class Picture(NamedTuple):
    """A picture of the page as a data URI (`source`), or the reason why there is none. Width and height in pixels."""

    source: str
    reason: str
    width: int
    height: int


def picture_html(picture: Picture, words: Text) -> str:
    """Return the HTML of a picture, or of a grey box with the reason why there is none.

    Args:
        words: What the picture shows, for readers who cannot see it.
    """
    size = f'width="{picture.width}" height="{picture.height}"'
    if picture.reason:
        return f'<div class="missing"><span>{escape(picture.reason)}</span></div>'
    return f'<img src="{picture.source}" {attribute("alt", words)} {size} loading="lazy">'


def jpeg(pixels: np.ndarray) -> str:
    """Encode a picture [H, W, 3] uint8 as a JPEG in a data URI."""
    return _data_uri(Image.fromarray(pixels), "JPEG", quality=_QUALITY, optimize=True)


def palette_png(label: np.ndarray, colors: np.ndarray) -> str:
    """Encode a label map as a PNG with a palette of its classes, a sixth of the size of a JPEG.

    Args:
        colors: The colour of each id, [K, 3] uint8.
    """
    ids, indices = np.unique(label, return_inverse=True)
    image = Image.fromarray(indices.reshape(label.shape).astype(np.uint8))
    image.putpalette(colors[ids].tobytes())  # makes it mode P
    return _data_uri(image, "PNG", optimize=True)


def _data_uri(image: Image.Image, format: str, **options) -> str:
    data = io.BytesIO()
    image.save(data, format, **options)
    return f"data:image/{format.lower()};base64,{base64.b64encode(data.getvalue()).decode()}"
