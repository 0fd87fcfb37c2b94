"""Label maps in forms that other tools write: grey ids with equal channels, masks of 0 and 255."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.invocation import typed

COLOR_MODES = ("RGB", "RGBA", "LA")  # Pillow's modes in which grey ids can be stored as equal channels


def from_colors(options: str = "--palette FILE", folder: str = "FOLDER") -> str:
    """Return the advice to turn colours into ids, with the command as the user types it."""
    return f"`{typed(f'labels --from-colors {folder} {options} --out DIR')}` turns colours into ids"


def ids_of_equal_channels(pixels: np.ndarray, path: Path) -> np.ndarray:
    """Return one channel of a label map whose colour channels are equal.

    Args:
        pixels: [H, W, C] uint8 of an image in one of COLOR_MODES.
        path: For the message.

    Returns:
        [H, W] uint8

    Raises:
        InputError: The channels differ, or the image is transparent in some place. The message names the place.
    """
    num_colors = pixels.shape[2] - (pixels.shape[2] % 2 == 0)  # without alpha
    ids = np.ascontiguousarray(pixels[..., 0])
    if num_colors == 3:
        _require_nowhere((pixels[..., 1] != ids) | (pixels[..., 2] != ids), pixels, path)
    if pixels.shape[2] > num_colors and (pixels[..., -1] != 255).any():
        y, x = np.argwhere(pixels[..., -1] != 255)[0]
        raise InputError(
            f"{path}: is transparent at pixel x={x}, y={y}; a label map has ids only, save it without alpha"
        )
    return ids


def _require_nowhere(differs: np.ndarray, pixels: np.ndarray, path: Path) -> None:
    if differs.any():
        y, x = np.argwhere(differs)[0]
        color = ", ".join(map(str, pixels[y, x, :3]))
        raise InputError(
            f"{path}: is a colour picture, with ({color}) at pixel x={x}, y={y}; a label map is grey of 8 or 16 bits, "
            f"has a palette, or has three equal channels; {from_colors()}"
        )


def refuse_mask(ids: np.ndarray, unknown: Optional[int], path: Path) -> None:
    """Refuse a mask of 0 and 255, and say how to read it.

    Args:
        ids: [H, W] of any integer type.
        unknown: Id of pixels without a class, if there is one. If it is 255, the mask is a label map of class 0.

    Raises:
        InputError: All pixels are 0 or 255, and some are 255.
    """
    if unknown == 255 or not ids.size or ids.max() != 255 or not ((ids == 0) | (ids == 255)).all():
        return
    raise InputError(
        f"{path}: holds only 0 and 255, as a mask does; if 255 means unknown: unknown_id=255 (data_tools: "
        f"--unknown-id 255); if it is a class: {from_colors('--palette mask', str(path.parent))} 0 and 1"
    )
