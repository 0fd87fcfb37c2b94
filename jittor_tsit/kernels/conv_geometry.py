"""How a convolution's kernel moves over an image."""

from __future__ import annotations

from typing import Dict, NamedTuple, Sequence, Tuple


class Geometry(NamedTuple):
    """Of a convolution; height first."""

    stride: Tuple[int, int]
    padding: Tuple[int, int]
    groups: int

    def output_size(self, size: Sequence[int], kernel: Sequence[int]) -> Tuple[int, ...]:
        """Height and width of what it makes of an image of this size."""
        sides = zip(size, kernel, self.stride, self.padding)
        return tuple((side + 2 * padding - window) // stride + 1 for side, window, stride, padding in sides)

    def numbers(self) -> Dict[str, int]:
        """Stride and padding by name."""
        names = ("stride_h", "stride_w", "padding_h", "padding_w")
        return dict(zip(names, (*self.stride, *self.padding)))
