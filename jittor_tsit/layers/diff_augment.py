"""Random changes of the images that a discriminator sees, with gradients by the images.

Source: DiffAugment (Zhao et al., NeurIPS 2020) and its code DiffAugment_pytorch.py (mit-han-lab/data-efficient-gans).
    Differs: photo and generated image of a sample get the same change, so that one label map fits both and feature
    matching compares the same places. The authors, whose discriminators see no label map, draw a change for each.
"""

from functools import partial
from typing import Callable, Dict, Sequence, Tuple

import jittor as jt
import numpy as np

from jittor_tsit.kernels.autograd import linear
from jittor_tsit.layers.image_layouts import Image, OneHot, to_nchw
from jittor_tsit.layers.reductions import broadcast_like, mean

SHIFT = 0.125  # largest translation as a share of the side; the authors' value
CUTOUT = 0.5  # side of the cut rectangle as a share of the image's side; the authors' value
NUM_DRAWS = 7  # brightness, saturation, contrast, shift of rows and columns, rows and columns of the cut
NO_CLASS = 255  # id of pixels that are 0 in all channels of a one-hot map with at most so many classes


class DiffAugment:
    """The change of one batch: the same numbers change photos, generated images and label maps.

    Args:
        policy: Names of the changes in their order: color, translation, cutout.
        draws: Uniform in [0, 1), [N, NUM_DRAWS].
    """

    def __init__(self, policy: Sequence[str], draws: np.ndarray):
        self.policy, self.draws = policy, draws.astype(np.float64)  # float32 could round a product up to its limit
        self.changes: Dict[str, Callable[[jt.Var], jt.Var]] = {
            "color": self._color,
            "translation": self._translation,
            "cutout": self._cutout,
        }

    def image(self, x: jt.Var) -> jt.Var:
        """Change images [N, C, H, W]. Pixels from outside the image, and cut ones, become 0."""
        for name in self.policy:
            x = self.changes[name](x)
        return x

    def label_map(self, segmap: Image) -> Image:
        """Move and cut a label map like the images. Pixels from outside, and cut ones, are 0 in all channels.

        Shapes:
            segmap [N, K, H, W], one-hot -> the same; a `OneHot` map stays one if there is an id for pixels of no class
        """
        if isinstance(segmap, OneHot) and segmap.channels <= NO_CLASS:
            # Ids are counted from NO_CLASS downwards, so that the 0 of moved and cut pixels becomes NO_CLASS.
            ids = NO_CLASS - self._geometry(NO_CLASS - segmap.ids.int32().unsqueeze(1)).squeeze(1)
            return OneHot(ids.uint8(), segmap.channels)
        return self._geometry(to_nchw(segmap))

    def _geometry(self, x: jt.Var) -> jt.Var:
        for name in self.policy:
            x = x if name == "color" else self.changes[name](x)
        return x

    def _color(self, x: jt.Var) -> jt.Var:
        """Change brightness by -0.5 to 0.5, saturation by a factor of 0 to 2, contrast by a factor of 0.5 to 1.5."""
        brightness, saturation, contrast = (
            jt.array(self.draws[:, k].astype(np.float32).reshape(-1, 1, 1, 1)) for k in range(3)
        )
        x = x + (brightness - 0.5)
        grey = broadcast_like(mean(x, [1], keepdims=True), x)
        x = (x - grey) * (saturation * 2) + grey
        level = broadcast_like(mean(x, [1, 2, 3], keepdims=True), x)
        return (x - level) * (contrast + 0.5) + level

    def _translation(self, x: jt.Var) -> jt.Var:
        rows, columns = (shifts(self.draws[:, 3 + k], side) for k, side in enumerate(x.shape[2:]))
        return linear(partial(_moved, rows=rows, columns=columns), partial(_moved, rows=-rows, columns=-columns), x)

    def _cutout(self, x: jt.Var) -> jt.Var:
        (top, bottom), (left, right) = (cuts(self.draws[:, 5 + k], side) for k, side in enumerate(x.shape[2:]))
        kept = np.ones((len(x), 1, *x.shape[2:]), np.float32)
        for k, rectangle in enumerate(zip(top, bottom, left, right)):
            kept[k, 0, rectangle[0] : rectangle[1], rectangle[2] : rectangle[3]] = 0
        return x * jt.array(kept).cast(x.dtype)


def shifts(draws: np.ndarray, side: int) -> np.ndarray:
    """Return whole numbers from -most to most, where most is SHIFT of the side, rounded.

    Shapes:
        [N] float64 in [0, 1) -> [N] int32
    """
    most = int(side * SHIFT + 0.5)
    return np.floor(draws * (2 * most + 1)).astype(np.int32) - most


def cuts(draws: np.ndarray, side: int) -> Tuple[np.ndarray, np.ndarray]:
    """Return the first of the cut rows or columns, and the one behind the last.

    Their middle is any pixel, or any border between pixels if their number is even. At the edge fewer are cut.

    Shapes:
        [N] float64 in [0, 1) -> two [N] int
    """
    size = int(side * CUTOUT + 0.5)
    first = np.floor(draws * (side + 1 - size % 2)).astype(int) - size // 2
    return np.maximum(first, 0), np.minimum(first + size, side)


def _moved(x: jt.Var, rows: np.ndarray, columns: np.ndarray) -> jt.Var:
    """Return y with y[n, :, i, j] = x[n, :, i + rows[n], j + columns[n]], and 0 where x has no such pixel."""
    places = ["i0", "i1", "i2+@e0(i0)", "i3+@e1(i0)"]
    return x.reindex(x.shape, places, extras=[jt.array(rows), jt.array(columns)])
