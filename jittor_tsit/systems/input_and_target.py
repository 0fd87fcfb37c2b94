"""Input and target of systems that turn one image into another, whatever they are read from."""

from typing import Any, Optional, Tuple

import jittor as jt
import numpy as np

from data_tools.sets.classes import colorize
from jittor_tsit.data.batch_kinds import IMAGE_PAIRS, LABEL_MAPS_TO_PHOTOS
from jittor_tsit.layers.conv import conv2d_to_nchw

SOURCES = ("labels", "images")


class InputAndTarget:
    """Takes input and target from a batch.

    Args:
        source: "labels": a label map in the classes' colours, and its photo; "images": both are images.
        in_channels: Of the label map in one-hot form.
    """

    def __init__(self, source: str, in_channels: int):
        self.batch_kind = LABEL_MAPS_TO_PHOTOS if source == "labels" else IMAGE_PAIRS
        colors = colorize(np.arange(in_channels), in_channels).T / 127.5 - 1  # [3, K] in [-1, 1]
        self.palette = jt.array(colors.astype(np.float32)[:, :, None, None]).stop_grad()

    def images(self, batch: Any) -> Tuple[jt.Var, Optional[jt.Var]]:
        """[N, 3, H, W] each; there is no target for label maps alone."""
        if self.batch_kind is LABEL_MAPS_TO_PHOTOS:
            return conv2d_to_nchw(batch.segmap, self.palette), batch.image
        return batch.a, batch.b
