"""Text on sheets: a font that has the letters, and lines that are not too long."""

from __future__ import annotations

import functools
import unicodedata
from typing import Optional

from PIL import ImageFont

from data_tools.basics.names import printable

# Fonts with Chinese letters under the names of their files, as Linux, Windows and macOS install them. Pillow's own font
# has Latin letters only.
OTHER_FONTS = (
    *(
        "NotoSansCJK-Regular.ttc",
        "NotoSansCJKsc-Regular.otf",
        "SourceHanSansSC-Regular.otf",
        "SourceHanSansCN-Regular.otf",
    ),
    *("wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "DroidSansFallback.ttf"),
    *("msyh.ttc", "simhei.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc", "STHeiti Light.ttc"),
    "DejaVuSans.ttf",  # no Chinese letters, but most other alphabets
)
GAP_MARK = "…"  # stands for letters that are left out
_NO_LETTER = "\ufffe"  # never a character; fonts draw their box for missing letters


def line_height(size: int) -> int:
    """Return the height of a line of text in pixels, with the space below it."""
    return round(1.4 * size)


def fitting(text: str, size: int, width: int, number: Optional[int] = None) -> str:
    """Return the text in a form that its font can write in `width` pixels.

    Letters that no font here has become an ellipsis, and `number` is put in front. A line that is too long is
    shortened in the middle.
    """
    font = font_of(text, size)
    plain = _clean(text)
    known = "".join(letter if _has(font, letter) else GAP_MARK for letter in plain)
    while GAP_MARK * 2 in known:
        known = known.replace(GAP_MARK * 2, GAP_MARK)
    if known != plain and number is not None:
        known = f"no. {number}: {known}"
    kept = len(known)
    line = known
    while font.getlength(line) > width and kept > 2:
        kept -= 1
        line = known[: (kept + 1) // 2] + GAP_MARK + known[len(known) - kept // 2 :]
    return line


def font_of(text: str, size: int):
    """Return the first font that has every letter of the text: Pillow's own, then OTHER_FONTS. Else Pillow's own."""
    own = _own_font(size)
    letters = set(_clean(text))
    if all(_has(own, letter) for letter in letters):
        return own
    others = (_font_file(name, size) for name in OTHER_FONTS)
    return next((font for font in others if font and all(_has(font, letter) for letter in letters)), own)


def _clean(text: str) -> str:
    """Join letters and their accents, and escape what cannot be printed."""
    return printable(unicodedata.normalize("NFC", text))


@functools.lru_cache(maxsize=None)
def _own_font(size: int):
    return ImageFont.load_default(size)


@functools.lru_cache(maxsize=None)
def _font_file(name: str, size: int):
    """Return the font of a file in the system's folders of fonts, or None if there is none."""
    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return None


@functools.lru_cache(maxsize=4096)  # letters of a set of file names
def _has(font, letter: str) -> bool:
    """Return whether a font has a letter: it draws something else than its box for missing letters."""
    return letter == " " or bytes(font.getmask(letter)) != bytes(font.getmask(_NO_LETTER))
