"""Defects of label maps.

Each function takes a label map, [H, W] uint8 with ids 0..28, and returns the changed map of the same shape. It returns
None if a person would not see the defect: for example, a straight horizon shifted sideways looks the same.
"""

from __future__ import annotations

from itertools import combinations
from typing import Callable, Iterable, List, Optional, Tuple

import numpy as np

from data_tools.planting.fields import Change, blurred_field, highest, moved_label, smooth_noise, visible_change
from data_tools.sets.classes import CLASSES, NUM_CLASSES
from data_tools.sets.image_io import resize_label

_TRIES = 12  # random attempts before a map counts as unsuitable
_LOOK_SIZE = (32, 24)  # pixels; at this size, two maps are compared by their layout and not by their outlines


def shifted(label: np.ndarray, rng: np.random.Generator) -> Optional[Change]:
    """Move the map by 6..25 % of the width, of the height, or both. The edge is repeated.

    The outlines of careful annotators differ by up to 6 %. Beyond 25 % it would be a different map.
    More than a tenth of the picture must look wrong afterwards.
    """
    height, width = label.shape

    def draw() -> Change:
        x, y = rng.uniform(0.06, 0.25, 2) * rng.choice([-1, 1], 2)
        along = rng.choice(["width", "height", "both"])
        x, y = x * (along != "height"), y * (along != "width")
        moved = moved_label(label, np.array(-_to_length(x, width)), np.array(-_to_length(y, height)))
        return Change(moved, f"dx={x + 0:+.0%} dy={y + 0:+.0%}")

    return _first_visible(label, draw, above=0.10)


def mirrored(label: np.ndarray, rng: np.random.Generator) -> Optional[Change]:
    """Flip the map left to right, as happens if only the photos are augmented.

    More than 15 % of the picture must look wrong afterwards, because many landscapes are nearly symmetric.
    """
    flipped = np.ascontiguousarray(label[:, ::-1])
    return Change(flipped, "left-right") if visible_change(label, flipped) > 0.15 else None


def swapped(label: np.ndarray, others: Iterable[Tuple[str, np.ndarray]]) -> Optional[Tuple[str, Change]]:
    """Take the map of another pair: the first whose layout agrees by less than 70 %.

    With more agreement, the map could belong to this photo as well.

    Args:
        others: (stem, map) of other pairs, in random order.

    Returns:
        The other pair's stem, and its map at this one's size.
    """
    height, width = label.shape
    small = resize_label(label, *_LOOK_SIZE)
    for stem, other in others:
        change = visible_change(small, resize_label(other, *_LOOK_SIZE))
        if change > 0.30:
            return stem, Change(resize_label(other, width, height), f"agreement={1 - change:.0%}")
    return None


def permuted(label: np.ndarray, rng: np.random.Generator) -> Optional[Change]:
    """Exchange the class ids and keep the outlines.

    In half of the maps, the ids in the map are permuted so that none stays. In the other half, and in maps of one
    class, they become ids that are not in the map. More than half of the picture must look wrong afterwards.
    """
    present = np.unique(label)
    absent = np.setdiff1d(np.arange(NUM_CLASSES), present)

    def draw() -> Change:
        new_ids = np.arange(NUM_CLASSES, dtype=np.uint8)
        if len(absent) < len(present) or (len(present) > 1 and rng.random() < 0.5):
            ring = rng.permutation(present)
            new_ids[ring] = np.roll(ring, 1)
            return Change(new_ids[label], "ring")
        new_ids[present] = rng.choice(absent, len(present), replace=False)
        return Change(new_ids[label], "others")

    return _first_visible(label, draw, above=0.50)


def merged(label: np.ndarray, rng: np.random.Generator) -> Optional[Change]:
    """Merge 20..60 % of the picture, which holds several classes, into one class.

    Either two to four classes become the largest of them, or everything in a region with a wavy border becomes the
    most common class in it. More than 10 % of the picture must look wrong afterwards.
    """
    if len(np.unique(label)) == 1:
        return None
    groups = _mergeable(label)

    def draw() -> Change:
        if groups and rng.random() < 0.5:
            region = np.isin(label, groups[rng.integers(len(groups))])
        else:
            region = _wavy_region(rng, label.shape[0], label.shape[1], rng.uniform(0.20, 0.60))
        winner = np.bincount(label[region]).argmax()
        return Change(np.where(region, winner, label).astype(np.uint8), f"{region.mean():.0%} {CLASSES[winner].name}")

    return _first_visible(label, draw, above=0.10)


def shredded(label: np.ndarray, rng: np.random.Generator) -> Optional[Change]:
    """Replace 15..45 % of the picture by patches of wrong classes.

    The patches are blobs near the outlines (as of an uncertain network), blocks (as of a failed decoder) or lines (as
    of a damaged file). Three in four patches have a class that is in the picture. More than a tenth of the picture must
    look wrong afterwards.
    """
    tears = {"blobs": _blobs, "blocks": _blocks, "lines": _lines}

    def draw() -> Change:
        style = rng.choice(list(tears))
        torn, patches = tears[style](label, rng, rng.uniform(0.15, 0.45))
        classes = _patch_classes(label, rng)
        fill = classes[patches % len(classes)]
        # Consecutive entries of `classes` differ.
        fill = np.where(fill == label, classes[(patches + 1) % len(classes)], fill)
        return Change(np.where(torn, fill, label).astype(np.uint8), f"{style} {torn.mean():.0%}")

    return _first_visible(label, draw, above=0.10)


def one_class(label: np.ndarray, rng: np.random.Generator) -> Optional[Change]:
    """Set the whole map to one class: in half of the maps the largest class, in the others any class.

    More than 15 % of the picture must look wrong afterwards.
    """
    largest = np.bincount(label.ravel()).argmax()

    def draw() -> Change:
        winner = largest if rng.random() < 0.5 else rng.integers(NUM_CLASSES)
        return Change(np.full_like(label, winner), CLASSES[winner].name)

    return _first_visible(label, draw, above=0.15)


def _first_visible(label: np.ndarray, draw: Callable[[], Change], above: float) -> Optional[Change]:
    """Draw random changes, at most `_TRIES`, and return the first that makes enough of the picture look wrong.

    Return None if none does.

    Args:
        draw: Draws a change of the label map.
        above: Share of the picture, 0 to 1. A change counts if a larger share looks wrong.
    """
    for _ in range(_TRIES):
        change = draw()
        if visible_change(label, change.pixels) > above:
            return change
    return None


def _to_length(share: float, size: int) -> int:
    """Convert a signed share of a side of `size` pixels to whole pixels, at least one unless the share is 0."""
    return int(np.sign(share) * max(1, round(abs(share) * size))) if share else 0


def _mergeable(label: np.ndarray) -> List[Tuple[int, ...]]:
    """Return the groups of classes that can be merged: they fill 20 to 60 % of the picture together.

    A group has two to four classes. Only the eight classes with the largest areas are considered.
    """
    areas = np.bincount(label.ravel()) / label.size
    largest = [i for i in np.argsort(-areas, kind="stable")[:8].tolist() if areas[i] > 0]
    groups = [group for size in (2, 3, 4) for group in combinations(largest, size)]
    return [group for group in groups if 0.20 <= areas[list(group)].sum() <= 0.60]


def _wavy_region(rng: np.random.Generator, height: int, width: int, share: float) -> np.ndarray:
    """Return the pixels on one side of a random wavy line, [height, width] bool; their share is `share`."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    ramp = np.cos(angle) * x + np.sin(angle) * y
    return highest(ramp + 0.25 * smooth_noise(rng, height, width, cells=4), share)


def _patch_classes(label: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a row of 24 random class ids, uint8. Neighbours differ, and the last differs from the first.

    About three quarters are classes of the label map, the others are any class.
    """
    present = np.unique(label)
    if len(present) == 1:
        present = np.append(present, rng.choice(np.setdiff1d(np.arange(NUM_CLASSES), present)))
    classes = [int(rng.choice(present))]
    while len(classes) < 24:
        pool = present if rng.random() < 0.75 else np.arange(NUM_CLASSES)
        last = {classes[-1]} | ({classes[0]} if len(classes) == 23 else set())
        allowed = [i for i in pool if i not in last] or [i for i in range(NUM_CLASSES) if i not in last]
        classes.append(int(rng.choice(allowed)))
    return np.array(classes, np.uint8)


def _blobs(label: np.ndarray, rng: np.random.Generator, share: float) -> Tuple[np.ndarray, np.ndarray]:
    """Choose blobs near outlines that cover `share` of the picture.

    Returns:
        Whether to replace each pixel, [H, W] bool, and the number of the patch that it belongs to, [H, W] int.
    """
    height, width = label.shape
    edges = np.zeros(label.shape, np.float32)
    edges[:, 1:] += label[:, 1:] != label[:, :-1]
    edges[1:] += label[1:] != label[:-1]
    near_edges = blurred_field(edges, sigma=0.02 * width)
    near_edges /= max(float(near_edges.max()), 1e-6)
    score = sum(smooth_noise(rng, height, width, cells=12 * 2**i) * 0.6**i for i in range(4)) + 2 * near_edges
    return highest(score, share), _scraps(rng, height, width)


def _scraps(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Divide the picture into pieces with ragged edges, about twelve along the width.

    Returns:
        [height, width] int, the random number of the piece that each pixel belongs to.
    """
    cell = width / 12
    dx, dy = (0.5 * smooth_noise(rng, height, width, cells=16) for _ in range(2))
    columns = np.floor(np.arange(width) / cell + dx).astype(int) % 64
    rows = np.floor(np.arange(height)[:, None] / cell + dy).astype(int) % 64
    return rng.integers(0, 1000, (64, 64))[rows, columns]


def _blocks(label: np.ndarray, rng: np.random.Generator, share: float) -> Tuple[np.ndarray, np.ndarray]:
    """Choose random square blocks that cover `share` of the picture. Returns as in `_blobs`."""
    cell = rng.uniform(0.03, 0.08) * label.shape[1]
    return _cells(label, rng, share, cell_height=cell, cell_width=cell, clustering=1.0)


def _lines(label: np.ndarray, rng: np.random.Generator, share: float) -> Tuple[np.ndarray, np.ndarray]:
    """Choose random short horizontal stripes that cover `share` of the picture. Returns as in `_blobs`."""
    height, width = label.shape
    return _cells(label, rng, share, rng.uniform(0.008, 0.025) * height, rng.uniform(0.15, 0.50) * width, 0.3)


def _cells(
    label: np.ndarray, rng: np.random.Generator, share: float, cell_height: float, cell_width: float, clustering: float
) -> Tuple[np.ndarray, np.ndarray]:
    """Choose random cells of a grid that cover `share` of the picture.

    Wide cells begin at another random offset in each row of the grid.

    Args:
        clustering: Weight of a smooth field that keeps chosen cells together, relative to independent noise.

    Returns:
        As in `_blobs`.
    """
    height, width = label.shape
    rows = (np.arange(height) / max(1.0, cell_height)).astype(int)
    starts = rng.uniform(0, 1, rows[-1] + 1) * (cell_width > 2 * cell_height)
    columns = (np.arange(width) / max(1.0, cell_width) + starts[rows][:, None]).astype(int)
    number = rows[:, None] * (columns.max() + 1) + columns
    score = rng.standard_normal(number.max() + 1)
    score += clustering * _cell_means(smooth_noise(rng, height, width, cells=4), number)
    order = np.argsort(-score, kind="stable")
    sizes = np.bincount(number.ravel(), minlength=len(score))[order]
    torn = np.zeros(len(score), bool)
    torn[order[np.cumsum(sizes) <= share * number.size]] = True
    return torn[number], rng.integers(0, 1000, len(score))[number]


def _cell_means(field: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return the mean of a field [H, W] over the pixels of each cell.

    Args:
        number: [H, W] integers, the cell that each pixel belongs to.

    Returns:
        [number of cells]
    """
    sums = np.bincount(number.ravel(), weights=field.ravel())
    return sums / np.maximum(np.bincount(number.ravel()), 1)
