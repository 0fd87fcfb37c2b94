"""Stride, padding and groups of a convolution."""

from __future__ import annotations

from typing import Dict, NamedTuple, Sequence, Tuple


class Geometry(NamedTuple):
    """Stride, padding and groups of a convolution; height before width."""

    stride: Tuple[int, int]
    padding: Tuple[int, int]
    groups: int

    def output_size(self, size: Sequence[int], kernel: Sequence[int]) -> Tuple[int, ...]:
        """Return (height, width) of the result, from the (height, width) of the image and of the kernel."""
        sides = zip(size, kernel, self.stride, self.padding)
        return tuple((side + 2 * padding - window) // stride + 1 for side, window, stride, padding in sides)

    def numbers(self) -> Dict[str, int]:
        """Return stride and padding by the names under which csrc/ reads them."""
        names = ("stride_h", "stride_w", "padding_h", "padding_w")
        return dict(zip(names, (*self.stride, *self.padding)))
