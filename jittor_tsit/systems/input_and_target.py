"""Input and target images of systems that translate one image into another, from label maps or image pairs."""

from typing import Any, Optional, Tuple

import jittor as jt
import numpy as np

from data_tools.sets.classes import colorize
from jittor_tsit.data.batch_kinds import IMAGE_PAIRS, LABEL_MAPS_TO_PHOTOS
from jittor_tsit.layers.conv import conv2d_to_nchw


class InputAndTarget:
    """Return the input and target images of a batch.

    Args:
        source: "labels": the input is a label map in the colours of its classes, the target its photo. "images": both
            are images of a pair.
        in_channels: Number of channels of the one-hot label map.
    """

    def __init__(self, source: str, in_channels: int):
        self.batch_kind = LABEL_MAPS_TO_PHOTOS if source == "labels" else IMAGE_PAIRS
        colors = colorize(np.arange(in_channels), in_channels).T / 127.5 - 1  # [3, K] in [-1, 1]
        self.palette = jt.array(colors.astype(np.float32)[:, :, None, None]).stop_grad()

    def images(self, batch: Any) -> Tuple[jt.Var, Optional[jt.Var]]:
        """Return input and target, [N, 3, H, W] each. The target is None if the batch holds label maps only."""
        if self.batch_kind is LABEL_MAPS_TO_PHOTOS:
            return conv2d_to_nchw(batch.segmap, self.palette), batch.image
        return batch.a, batch.b
