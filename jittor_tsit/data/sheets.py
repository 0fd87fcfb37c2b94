"""Sheets: pictures in rows and columns that say what they show. Imports no Jittor.

The sample grids of `train`, the `compare.png` of `test` and the `candidates.png` of a choice are drawn here.
"""

from __future__ import annotations

import math
from typing import List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from PIL import Image, ImageDraw

from jittor_tsit.data.sheet_text import fitting, font_of, line_height

SHEET_COLUMNS = 3  # samples side by side on a sheet of pairs
SHEET_PAIRS = 30  # largest number of samples on a sheet

GRID_SIDE = 512  # longest side in pixels of a picture on a sample grid: those of the contest are shown as they are
SHEET_SIDE = 256  # longest side in pixels of a picture on a sheet of pairs: three pairs fit on a screen
LEAST_SIDE = 128  # pictures with smaller sides are enlarged by a whole number, so that their names fit above them

# The colours of the pages (data_tools/pages/page.css): paper, ink, muted.
PAPER, INK, MUTED = (245, 245, 242), (28, 32, 36), (91, 98, 105)
FRAME_COLOR = (194, 74, 20)  # the pages' orange, around a chosen picture

MARGIN, GAP, BLOCK_GAP = 20, 8, 28  # pixels around the sheet, between pictures, between samples side by side
FRAME = 5  # pixels; fits into the gap


class Row(NamedTuple):
    """The pictures of one sample."""

    name: str  # what the pictures show, such as a stem
    number: int  # place of the sample in its list, from 1; stands for letters of the name that no font here has
    pictures: Sequence[np.ndarray]  # [H, W, 3] uint8 each, one for each column; sizes may differ
    chosen: Optional[int] = None  # number of the picture that gets a frame, from 0


def draw_sheet(
    lines: Sequence[str], heads: Sequence[str], rows: Sequence[Row], across: int = 1, side: int = SHEET_SIDE
) -> Image.Image:
    """Draw samples in rows, their names below them, and above them what the sheet and its columns show.

    Args:
        lines: Lines at the top of the sheet.
        heads: Name of each column of pictures.
        across: Number of samples side by side. Places that stay empty have the colour of the paper.
        side: Longest side of a picture in pixels; larger ones are shrunk.

    Raises:
        ValueError: A row has another number of pictures than there are names of columns.
    """
    for row in rows:
        if len(row.pictures) != len(heads):
            raise ValueError(f"{row.name}: {len(row.pictures)} pictures for the columns {', '.join(heads)}")
    pictures = [[scaled(picture, side) for picture in row.pictures] for row in rows]
    cell = (
        max(picture.width for row in pictures for picture in row),
        max(picture.height for row in pictures for picture in row),
    )
    across = min(across, len(rows))
    layout = Layout(cell, len(heads), across, math.ceil(len(rows) / across), len(lines))
    sheet = Image.new("RGB", layout.size, PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        _write(draw, (MARGIN, layout.line_top(number)), line, layout.text_size, layout.size[0] - 2 * MARGIN, INK)
    for block in range(across):
        for column, head in enumerate(heads):
            left = layout.left(block, column)
            _write(draw, (left, layout.head_top), head, layout.text_size, cell[0], INK)
    for place, (row, shown) in enumerate(zip(rows, pictures)):
        down, block = divmod(place, across)
        top = layout.top(down)
        for column, picture in enumerate(shown):
            left = layout.left(block, column) + (cell[0] - picture.width) // 2
            if column == row.chosen:
                box = (left - FRAME, top - FRAME, left + picture.width + FRAME - 1, top + picture.height + FRAME - 1)
                draw.rectangle(box, fill=FRAME_COLOR)
            sheet.paste(picture, (left, top + (cell[1] - picture.height) // 2))
        corner = layout.left(block, 0), top + cell[1] + FRAME
        _write(draw, corner, row.name, layout.text_size, layout.block_width, MUTED, row.number)
    return sheet


class Layout:
    """Places of everything on a sheet, in pixels from its left upper corner.

    Args:
        cell: Width and height of the largest picture.
        columns: Number of pictures of a sample.
        across, down: Number of samples side by side and below each other.
        lines: Number of lines at the top.
    """

    def __init__(self, cell: Tuple[int, int], columns: int, across: int, down: int, lines: int):
        self.cell = cell
        self.text_size = min(max(cell[0] // 16, 14), 22)  # below 14 pixels letters blur; above 22 they shout
        self.line_height = line_height(self.text_size)
        self.block_width = columns * cell[0] + (columns - 1) * GAP
        self.head_top = MARGIN + lines * self.line_height + (GAP if lines else 0)
        self.row_height = cell[1] + FRAME + self.line_height + 2 * GAP
        first = self.head_top + self.line_height + FRAME
        self.first_top = first
        self.size = (
            2 * MARGIN + across * self.block_width + (across - 1) * BLOCK_GAP,
            first + down * self.row_height - 2 * GAP + MARGIN,
        )

    def line_top(self, number: int) -> int:
        """Return the top of line `number` of the heading."""
        return MARGIN + number * self.line_height

    def left(self, block: int, column: int) -> int:
        """Return the left edge of a column of pictures of sample number `block` in its row."""
        return MARGIN + block * (self.block_width + BLOCK_GAP) + column * (self.cell[0] + GAP)

    def top(self, down: int) -> int:
        """Return the upper edge of the pictures of row `down`."""
        return self.first_top + down * self.row_height


def scaled(picture: np.ndarray, side: int) -> Image.Image:
    """Return a picture [H, W, 3] uint8 at the size that a sheet shows.

    A picture with a side above `side` is shrunk to it. A picture with both sides below LEAST_SIDE is enlarged by a
    whole number without blur, so that its own pixels are visible.
    """
    image = Image.fromarray(picture)
    longest = max(image.size)
    if longest > side:
        width, height = (max(1, round(length * side / longest)) for length in image.size)
        return image.resize((width, height), Image.BICUBIC)
    factor = math.ceil(LEAST_SIDE / longest)
    return image.resize((image.width * factor, image.height * factor), Image.NEAREST) if factor > 1 else image


def heads_of(draws: int) -> List[str]:
    """Return the heads of the columns of a model's images, `draws` for each input."""
    return ["ours"] if draws == 1 else [f"ours, {k}" for k in range(1, draws + 1)]


def across_of(draws: int) -> int:
    """Return the number of samples side by side on a sheet with `draws` images for each input."""
    return SHEET_COLUMNS if draws == 1 else 1


def rows_of(names: Sequence[str], numbers: Sequence[int], columns: Sequence[np.ndarray]) -> List[Row]:
    """Return the rows of a sheet from its columns, one array [N, H, W, 3] uint8 each."""
    return [Row(name, number, pictures) for name, number, *pictures in zip(names, numbers, *columns)]


def _write(
    draw: ImageDraw.ImageDraw,
    corner: Tuple[int, int],
    text: str,
    size: int,
    width: int,
    color: Tuple[int, int, int],
    number: Optional[int] = None,
) -> None:
    """Write a line of text of at most `width` pixels with its left upper corner at `corner`."""
    draw.text(corner, fitting(text, size, width, number), fill=color, font=font_of(text, size))
