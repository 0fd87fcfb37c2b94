"""Put a watermark over a photo: text and a sign."""

from __future__ import annotations

from typing import Optional, Tuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data_tools.planting.fields import Change

_TEXTS = (
    "© photo 2014",
    "www.landscapes.example",
    "SAMPLE",
    "stock preview",
    "© J. Doe Photography",
    "2012/08/17 14:32",
)
_SMALL_LETTERS = 11  # pixels; height of the only built-in font of older Pillow versions


def watermarked(photo: np.ndarray, label: np.ndarray, rng: np.random.Generator) -> Optional[Change]:
    """Put semi-transparent white text over a photo: repeated everywhere, large in the middle, or in a corner.

    Half of the marks have a sign beside the text. Letters are 4..8 % of the height (9..16 % in the middle) and
    45..85 % opaque (30..55 % if repeated), with a soft shadow.
    """
    height, width = photo.shape[:2]
    place = rng.choice(["repeated", "middle", "corner"])
    opacity = rng.uniform(0.30, 0.55) if place == "repeated" else rng.uniform(0.45, 0.85)
    text = str(rng.choice(_TEXTS))
    size = height * (rng.uniform(0.09, 0.16) if place == "middle" else rng.uniform(0.04, 0.08))
    mark = _mark(text, size, has_sign=rng.random() < 0.5)
    mark = mark.resize(_fit(mark.size, width, height), Image.BICUBIC)
    lay = {"repeated": _lay_repeated, "middle": _lay_middle, "corner": _lay_corner}[place]
    cover = np.asarray(lay(mark, rng, width, height), np.float32)[..., None] / 255 * opacity
    shadow = np.roll(cover, (1, 1), axis=(0, 1)) * 0.6
    result = photo * (1 - shadow) * (1 - cover) + 255 * cover
    return Change(np.rint(result).astype(np.uint8), f"{place} {opacity:.0%} {text}")


def _mark(text: str, size: float, has_sign: bool) -> Image.Image:
    """Draw the watermark in white on black, an image of one channel that fits it closely.

    Args:
        size: Height of the letters in pixels.
        has_sign: Whether a sign, a mountain peak in a ring, stands to the left of the text, twice as high as the text.
    """
    line = _line(text, max(6, round(size)))
    if not has_sign:
        return line
    side = line.height * 2
    mark = Image.new("L", (side + side // 4 + line.width, side))
    draw = ImageDraw.Draw(mark)
    stroke = max(1, side // 16)
    draw.ellipse((stroke, stroke, side - stroke - 1, side - stroke - 1), outline=255, width=stroke)
    draw.polygon([(side * 0.2, side * 0.7), (side * 0.5, side * 0.25), (side * 0.8, side * 0.7)], fill=255)
    mark.paste(line, (side + side // 4, (side - line.height) // 2))
    return mark


def _line(text: str, size: int) -> Image.Image:
    """Draw a line of text in white on black, with letters about `size` pixels high."""
    try:
        font = ImageFont.load_default(size=size)
    except (TypeError, ImportError):  # Pillow before 10.1 or without FreeType has one small font only
        font = ImageFont.load_default()
    room = max(size, _SMALL_LETTERS)
    line = Image.new("L", (room * (len(text) + 2), 3 * room))
    ImageDraw.Draw(line).text((room, room), text, fill=255, font=font)
    line = line.crop(line.getbbox())
    factor = 1 if line.height >= size / 2 else size / _SMALL_LETTERS
    return line.resize((max(1, round(line.width * factor)), max(1, round(line.height * factor))), Image.BICUBIC)


def _fit(size: Tuple[int, int], width: int, height: int) -> Tuple[int, int]:
    """Shrink a size (width, height) in proportion until it is at most 90 % of `width` and of `height`.

    A smaller size is returned unchanged, in whole pixels.
    """
    factor = min(1.0, 0.9 * width / size[0], 0.9 * height / size[1])
    return max(1, int(size[0] * factor)), max(1, int(size[1] * factor))


def _lay_corner(mark: Image.Image, rng: np.random.Generator, width: int, height: int) -> Image.Image:
    cover = Image.new("L", (width, height))
    margin = round(0.02 * height)
    column = margin if rng.random() < 0.4 else width - margin - mark.width
    row = margin if rng.random() < 0.2 else height - margin - mark.height
    cover.paste(mark, (column, row))
    return cover


def _lay_middle(mark: Image.Image, rng: np.random.Generator, width: int, height: int) -> Image.Image:
    cover = Image.new("L", (width, height))
    cover.paste(mark, ((width - mark.width) // 2, round((height - mark.height) * rng.uniform(0.35, 0.65))))
    return cover


def _lay_repeated(mark: Image.Image, rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Cover a picture with copies of the watermark `mark`. Return an image of one channel, `width` x `height`.

    The copies stand in rows; every second row is shifted by half a step. All are rotated by 10 to 35 degrees.
    """
    side = int(np.hypot(width, height)) + 2
    cover = Image.new("L", (side, side))
    step_x, step_y = mark.width + max(4, side // 12), mark.height + max(4, side // 8)
    for number, row in enumerate(range(0, side, step_y)):
        for column in range(-(number % 2) * step_x // 2, side, step_x):
            cover.paste(mark, (column, row))
    cover = cover.rotate(rng.uniform(10, 35), Image.BICUBIC)
    left, top = (side - width) // 2, (side - height) // 2
    return cover.crop((left, top, left + width, top + height))
