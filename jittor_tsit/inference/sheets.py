"""Contact sheets: many pictures on one."""

import math
from typing import List

import numpy as np

SHEET_COLUMNS = 3  # pairs of input and image side by side on a contact sheet
SHEET_PAIRS = 30  # at most, so that the sheet can still be looked at


def contact_sheet(pictures: List[np.ndarray], num_columns: int) -> np.ndarray:
    """Pictures [H, W, 3] uint8 in rows of `num_columns`, black where there are no more."""
    height, width = pictures[0].shape[:2]
    num_rows = math.ceil(len(pictures) / num_columns)
    sheet = np.zeros((num_rows * height, num_columns * width, 3), np.uint8)
    for k, picture in enumerate(pictures):
        row, column = divmod(k, num_columns)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = picture
    return sheet
