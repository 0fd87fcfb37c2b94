"""Contact sheets: one picture made of many."""

import math
from typing import List

import numpy as np

from data_tools.sets.image_io import resize_photo

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


def in_cell(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Fit a picture [h, w, 3] uint8 into the middle of a white cell [height, width, 3], in its own proportions."""
    scale = min(height / picture.shape[0], width / picture.shape[1])
    rows, columns = (max(1, int(side * scale)) for side in picture.shape[:2])
    cell = np.full((height, width, 3), 255, np.uint8)
    top, left = (height - rows) // 2, (width - columns) // 2
    cell[top : top + rows, left : left + columns] = resize_photo(picture, columns, rows)
    return cell
