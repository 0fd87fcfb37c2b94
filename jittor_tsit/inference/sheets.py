"""Contact sheets: one picture made of many."""

import math
from typing import List

import numpy as np

SHEET_COLUMNS = 3  # pairs of input and image side by side on a contact sheet
SHEET_PAIRS = 30  # largest number of pairs on a sheet


def contact_sheet(pictures: List[np.ndarray], num_columns: int) -> np.ndarray:
    """Arrange pictures [H, W, 3] uint8 in rows of `num_columns`. Missing pictures of the last row are black."""
    height, width = pictures[0].shape[:2]
    num_rows = math.ceil(len(pictures) / num_columns)
    sheet = np.zeros((num_rows * height, num_columns * width, 3), np.uint8)
    for k, picture in enumerate(pictures):
        row, column = divmod(k, num_columns)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = picture
    return sheet
