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
            index: Places of the images in the run, of which none is left out from its first image on. Where one of the
                first `size` was, because its step was taken back, a grey image is given once.

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


class HalfPool:
    """As many images as it is given, half of them older ones.

    Of every two images the first is shown as it is and kept, in a slot of its own until the pool is full and then in
    that of a random older image. In place of the second a random kept image is shown. So half of each batch is
    history, whatever the batches are.

    Args:
        size: Images kept.
        shape, name, seed: As of `ImagePool`.

    Source: Shrivastava et al., CVPR 2017, section 2.3: of a batch of b, b / 2 come from the buffer, and b / 2 random
        ones of the buffer are replaced. The paper does not say how it is filled.
    """

    def __init__(self, size: int, shape: Tuple[int, int, int], name: str, seed: int):
        self.size, self.seeds = size, (seed, zlib.crc32(name.encode()))
        self.images = jt.zeros(size, *shape).stop_grad()
        self.num_seen = jt.zeros(1).int32().stop_grad()  # images ever given, modulo 2 * size once it is full

    def query(self, images: jt.Var, index: Sequence[int]) -> jt.Var:
        """Shapes and arguments as of `ImagePool`; places may be left out."""
        num_seen, shown, kept = int(self.num_seen.item()), [], {}
        for k, place in enumerate(index):
            rng, num_kept = np.random.default_rng([*self.seeds, place]), min((num_seen + 1) // 2, self.size)
            if num_seen % 2:
                slot = int(rng.integers(num_kept))
                shown.append(kept.get(slot, images.shape[0] + slot))
            else:
                kept[num_kept if num_kept < self.size else int(rng.integers(self.size))] = k
                shown.append(k)
            num_seen += 1
        given = self._gathered(images, shown)
        if kept:
            self.images[jt.array(list(kept))] = images[jt.array(list(kept.values()))]
        self.num_seen.update(jt.array([num_seen if num_seen < 2 * self.size else 2 * self.size + num_seen % 2]).int32())
        return given

    def _gathered(self, images: jt.Var, places: Sequence[int]) -> jt.Var:
        """Of these images, or with their number added to it, of the pool's slots."""
        own = [place for place in places if place < images.shape[0]]
        older = [place - images.shape[0] for place in places if place >= images.shape[0]]
        parts = [images[jt.array(own)]] if own else []
        parts += [self.images[jt.array(older)]] if older else []
        order, firsts = [], [0, len(own)]
        for place in places:
            order.append(firsts[place >= images.shape[0]])
            firsts[place >= images.shape[0]] += 1
        return jt.concat(parts, 0)[jt.array(order)]

    def state_dict(self) -> Dict[str, jt.Var]:
        """What a checkpoint keeps."""
        return {"images": self.images, "num_seen": self.num_seen}
