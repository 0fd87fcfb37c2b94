"""Draw the histogram of a signal as inline SVG, without JavaScript."""

from __future__ import annotations

from html import escape
from math import ceil, floor, isfinite, log10
from typing import List, Tuple

import numpy as np

from data_tools.pages.texts import TEXTS, Text
from data_tools.pages.words import attribute, joined, say, spans, text

GROUPS = ("kept", "elsewhere", "dropped")  # by this rule; the texts are called "group kept" and so on

_BINS = 60
_TOP, _FLOOR, _HEIGHT = 26, 166, 190  # y in pixels: top of the highest bar, axis, bottom of the drawing
_TICKS = 6


def histogram(name: str, values: np.ndarray, groups: np.ndarray, limit: float) -> str:
    """Return an HTML figure with the histogram of a signal.

    The width is in per cent and the height in pixels, so that text has the same size on every screen.

    Args:
        values: [N]; values that are not finite are left out.
        groups: [N] integers, index in GROUPS of each pair.
        limit: Limit of the rule, drawn as a line.
    """
    finite = np.isfinite(values)
    if not finite.any():
        return f'<p class="none">{say("no value", name=escape(name))}</p>'
    edges, mark = _edges(values[finite], limit)
    counts = _counts(values[finite], groups[finite], edges)
    parts = [
        *_grid(int(counts.sum(axis=1).max())),
        *_bars(counts, edges),
        *_axis(edges),
        *_limit_line(mark, limit, edges),
    ]
    low, high = f"{values[finite].min():.4g}", f"{values[finite].max():.4g}"
    summary = attribute("aria-label", text("histogram", name=name, count=f"{finite.sum():,}", low=low, high=high))
    return (
        f'<figure class="chart"><svg role="img" {summary} width="100%" height="{_HEIGHT}">'
        f"{''.join(parts)}</svg>{_caption(counts.sum(axis=0), int((~finite).sum()))}</figure>"
    )


def _edges(values: np.ndarray, limit: float) -> Tuple[np.ndarray, float]:
    """Return the edges of the bins, and the place of the limit among the values. A bin includes its right edge.

    The limit is an edge, so that no bar lies on both sides of it, unless the limit is far from all values. Whole
    numbers get one bin each.
    """
    low, high = float(values.min()), float(values.max())
    span = (high - low) or abs(high) or 1.0
    is_near = low - span <= limit <= high + span
    if is_near:
        low, high = min(low, limit), max(high, limit)
    is_whole = span <= _BINS and bool((values == np.floor(values)).all())
    width = 1.0 if is_whole else ((high - low) or span) / _BINS
    mark = floor(limit) + 0.5 if is_whole and is_near else limit
    origin = mark if is_near else floor(low) + 0.5 if is_whole else low
    first = ceil((low - origin) / width) - 1
    last = max(ceil((high - origin) / width), first + 1)
    return origin + width * np.arange(first, last + 1), mark


def _counts(values: np.ndarray, groups: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Count the values in each bin, separately for each group: [bins, groups] int. Values outside count at the ends.

    Args:
        groups: Number of each value's group, an index of GROUPS.
        edges: Edges of the bins.
    """
    bins = np.clip(np.searchsorted(edges, values, side="left") - 1, 0, len(edges) - 2)
    counts = np.zeros((len(edges) - 1, len(GROUPS)), int)
    np.add.at(counts, (bins, groups), 1)
    return counts


def _grid(most: int) -> List[str]:
    """Return the SVG of the horizontal grid lines: at 1, 3, 10, … up to `most` pairs, with the number on the left."""
    steps = (1, 10) if most >= 100 else (1, 3, 10, 30)
    lines = []
    for count in (step * 100**power for power in range(5) for step in steps):
        if count <= most:
            y = _FLOOR - _bar_height(count, most)
            lines.append(
                f'<line class="grid" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text class="tick" x="-8" y="{y + 4:.1f}" text-anchor="end">{count:,}</text>'
            )
    return lines


def _bar_height(count: int, most: int) -> float:
    """Return the height in pixels of a bar of `count` pairs, if the largest bar has `most`.

    The scale is logarithmic, so that single pairs are visible beside thousands.
    """
    return (_FLOOR - _TOP) * log10(1 + count) / log10(1 + most)


def _bars(counts: np.ndarray, edges: np.ndarray) -> List[str]:
    most = int(counts.sum(axis=1).max())
    width = 100 / len(counts)
    bars = []
    for i, by_group in enumerate(counts.tolist()):
        total, y = sum(by_group), float(_FLOOR)
        if not total:
            continue
        bars.append(f"<g>{_bin_title(edges[i], edges[i + 1], by_group)}")
        for group, count in zip(GROUPS, by_group):
            height = _bar_height(total, most) * count / total
            y -= height
            if count:
                bars.append(
                    f'<rect class="{group}" x="{i * width + 0.05 * width:.3f}%" y="{y:.2f}" '
                    f'width="{0.9 * width:.3f}%" height="{height:.2f}"/>'
                )
        bars.append("</g>")
    return bars


def _bin_title(low: float, high: float, by_group: List[int]) -> str:
    """Return the SVG of what the browser shows over a bar."""
    counts = ((TEXTS[f"group {group}"], count) for group, count in zip(GROUPS, by_group) if count)
    parts = joined(Text(f"{count} {words.en}", f"{words.zh} {count}") for words, count in counts)
    words = text("bin", low=f"{low:.4g}", high=f"{high:.4g}", parts=parts)
    return f'<title data-zh="{words.zh}">{words.en}</title>'


def _axis(edges: np.ndarray) -> List[str]:
    low, high = float(edges[0]), float(edges[-1])
    step = _round_step((high - low) / _TICKS)
    parts = [f'<line class="axis" x1="0" x2="100%" y1="{_FLOOR}" y2="{_FLOOR}"/>']
    for i in range(ceil(low / step), floor(high / step) + 1):
        x = 100 * (i * step - low) / (high - low)
        parts.append(
            f'<text class="tick" x="{x:.3f}%" y="{_FLOOR + 17}" text-anchor="{_anchor(x)}">{i * step:.6g}</text>'
        )
    return parts


def _round_step(step: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten (10, 20, 50, …, also 0.1, …) that is at least `step`."""
    power = 10.0 ** floor(log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * (1 - 1e-9))


def _anchor(x: float) -> str:
    return "start" if x < 3 else "end" if x > 97 else "middle"


def _limit_line(mark: float, limit: float, edges: np.ndarray) -> List[str]:
    if not isfinite(limit):
        return []
    low, high = float(edges[0]), float(edges[-1])
    x = 100 * min(max((mark - low) / (high - low), 0.0), 1.0)
    words = spans(text("limit line", limit=f"{limit:.6g}"), "tspan")
    words = f"{words} →" if mark > high else f"← {words}" if mark < low else words
    is_right = x > 70
    return [
        f'<line class="limit" x1="{x:.3f}%" x2="{x:.3f}%" y1="4" y2="{_FLOOR}"/>'
        f'<text class="limit" x="{x:.3f}%" dx="{-6 if is_right else 6}" y="14" '
        f'text-anchor="{"end" if is_right else "start"}">{words}</text>'
    ]


def _caption(by_group: np.ndarray, num_absent: int) -> str:
    keys = [
        f'<span class="key {group}">{say(f"group {group}")} {count:,}</span>'
        for group, count in zip(GROUPS, by_group.tolist())
    ]
    absent = f"<span>{say('without value', count=f'{num_absent:,}')}</span>" if num_absent else ""
    return f"<figcaption>{''.join(keys)}{absent}<span>{say('logarithmic')}</span></figcaption>"
