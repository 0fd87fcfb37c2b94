"""Inference in training mode, as the official programs of pix2pix and CycleGAN do it without --eval."""

from typing import Callable

import jittor as jt
from jittor import nn

from jittor_tsit.layers.train_mode import holding_statistics
from jittor_tsit.runtime import parallel


def one_by_one(G: nn.Module, images: jt.Var, translate: Callable[[slice], jt.Var]) -> jt.Var:
    """Translate images one at a time with batch norm in training mode.

    Batch norm then uses the statistics of the single image, for every batch size and number of processes. Its running
    statistics stay unchanged.

    Args:
        G: The network that `translate` uses.
        translate: Translates the images of a slice of `images`.
    """
    with jt.no_grad(), holding_statistics(G), parallel.local_statistics():
        return jt.concat([translate(slice(k, k + 1)) for k in range(images.shape[0])], 0)
