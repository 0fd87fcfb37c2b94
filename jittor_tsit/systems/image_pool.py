"""Pools of earlier generated images for the discriminator (Shrivastava et al., CVPR 2017).

Training D on older images, too, keeps it from forgetting G's earlier outputs.
"""

from __future__ import annotations

import zlib
from typing import Dict, Optional, Sequence, Tuple

import jittor as jt
import numpy as np

SWAP_PROBABILITY = 0.5  # probability that D gets an older image in place of a new one; CycleGAN's value


class ImagePool:
    """CycleGAN's pool: half of the queries return an older image and store the new one in its place.

    The random decisions depend on the seed and on each image's place in the run, so a resumed run repeats them.

    Args:
        size: Number of images in the pool; 0: no pool, every image is returned unchanged.
        shape: Shape of an image, [C, H, W].
        name: Name of the pool; pools of different names make independent decisions.

    Source: junyanz/pytorch-CycleGAN-and-pix2pix util/image_pool.py.
    """

    def __init__(self, size: int, shape: Tuple[int, int, int], name: str, seed: int):
        self.size, self.seeds = size, (seed, zlib.crc32(name.encode()))
        self.images = jt.zeros(max(size, 1), *shape).stop_grad()

    def query(self, images: jt.Var, index: Sequence[int]) -> jt.Var:
        """Return each image itself, or an older image. In the second case, store the image in its place.

        The first `size` images of a run are stored and returned unchanged. If the step of one of them was skipped (see
        `run.on_nan`), its slot stays grey, and the grey image is returned once.

        Args:
            images: Detached images [N, C, H, W].
            index: Places of the images in the run.

        Returns:
            [N, C, H, W]
        """
        returned = []
        for k, place in enumerate(index):
            image, slot = images[k : k + 1], self.slot(place)
            if slot is None:
                returned.append(image)
                continue
            returned.append(image if place < self.size else self.images[slot : slot + 1].clone())
            self.images[slot : slot + 1] = image
        return jt.concat(returned, 0)

    def slot(self, place: int) -> Optional[int]:
        """Return the slot in which the image number `place` of the run is stored; None if it is not stored."""
        if place < self.size or not self.size:
            return place if self.size else None
        rng = np.random.default_rng([*self.seeds, place])
        return int(rng.integers(self.size)) if rng.uniform() < SWAP_PROBABILITY else None

    def state_dict(self) -> Dict[str, jt.Var]:
        """Return the arrays for a checkpoint."""
        return {"images": self.images}


class HalfPool:
    """SimGAN's pool: every second image is replaced by a random image of the pool.

    Images number 1, 3, 5, … are returned unchanged and stored: in a free slot, or in a random slot if the pool is full.
    In place of images number 2, 4, 6, … a random stored image is returned. Therefore half of each batch comes from the
    pool, for every batch size.

    Args:
        size: Number of images in the pool.
        shape, name, seed: See `ImagePool`.

    Source: Shrivastava et al., CVPR 2017, section 2.3: b / 2 images of a batch of b come from the buffer, and b / 2
        random images of the buffer are replaced. The paper does not say how the buffer is filled.
    """

    def __init__(self, size: int, shape: Tuple[int, int, int], name: str, seed: int):
        self.size, self.seeds = size, (seed, zlib.crc32(name.encode()))
        self.images = jt.zeros(size, *shape).stop_grad()
        self.num_seen = jt.zeros(1).int32().stop_grad()  # images queried; when the pool is full, only its parity counts

    def query(self, images: jt.Var, index: Sequence[int]) -> jt.Var:
        """Return each image itself or an image of the pool. See `ImagePool.query` for the arguments."""
        num_seen, shown = int(self.num_seen.item()), []
        kept: Dict[int, int] = {}  # slot -> number of the image that is kept there
        for k, place in enumerate(index):
            rng, num_kept = np.random.default_rng([*self.seeds, place]), min((num_seen + 1) // 2, self.size)
            if num_seen % 2:
                slot = int(rng.integers(num_kept))
                shown.append(kept.get(slot, images.shape[0] + slot))
            else:
                kept[num_kept if num_kept < self.size else int(rng.integers(self.size))] = k
                shown.append(k)
            num_seen += 1
        returned = self._gather(images, shown)
        if kept:
            self.images[jt.array(list(kept))] = images[jt.array(list(kept.values()))]
        self.num_seen.update(jt.array([num_seen if num_seen < 2 * self.size else 2 * self.size + num_seen % 2]).int32())
        return returned

    def _gather(self, images: jt.Var, places: Sequence[int]) -> jt.Var:
        """Return the images at these places, in this order, [len(places), C, H, W].

        Place k below N is images[k]. Place N + k is slot k of the pool.
        """
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
        """Return the arrays for a checkpoint."""
        return {"images": self.images, "num_seen": self.num_seen}
