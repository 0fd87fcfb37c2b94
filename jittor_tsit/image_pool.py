"""A history of generated images, so that D does not forget what G used to make (Shrivastava et al., CVPR 2017)."""

from __future__ import annotations

import zlib
from typing import Dict, Optional, Sequence, Tuple

import jittor as jt
import numpy as np

REPLACED = 0.5  # share of the images for which D sees an older one, CycleGAN's


class ImagePool:
    """The last so many images, each until one at random takes its place.

    Decisions follow from the seed and each image's place in the run, so that a resumed run makes the same ones.

    Args:
        size: Images kept; 0: none, and every image is given back.
        shape: Of an image, [C, H, W].
        name: Sets its decisions apart from those of other pools.

    Source: junyanz/pytorch-CycleGAN-and-pix2pix util/image_pool.py.
    """

    def __init__(self, size: int, shape: Tuple[int, int, int], name: str, seed: int):
        self.size, self.seeds = size, (seed, zlib.crc32(name.encode()))
        self.images = jt.zeros(max(size, 1), *shape).stop_grad()

    def query(self, images: jt.Var, index: Sequence[int]) -> jt.Var:
        """For each image itself, or an older one whose place it takes.

        Args:
            index: Places of the images in the run, of which none is left out from its first image on.

        Shapes:
            images [N, C, H, W] without gradient -> the same
        """
        given = []
        for k, place in enumerate(index):
            image, slot = images[k : k + 1], self.slot(place)
            if slot is None:
                given.append(image)
                continue
            given.append(image if place < self.size else self.images[slot : slot + 1].clone())
            self.images[slot : slot + 1] = image
        return jt.concat(given, 0)

    def slot(self, place: int) -> Optional[int]:
        """Where the image is kept; None: nowhere."""
        if place < self.size or not self.size:
            return place if self.size else None
        rng = np.random.default_rng([*self.seeds, place])
        return int(rng.integers(self.size)) if rng.uniform() < REPLACED else None

    def state_dict(self) -> Dict[str, jt.Var]:
        """What a checkpoint keeps."""
        return {"images": self.images}
