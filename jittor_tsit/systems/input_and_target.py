"""Input and target images of systems that translate one image into another, from label maps or image pairs."""

from typing import Any, Optional, Tuple

import jittor as jt
import numpy as np

from data_tools.sets.classes import colorize
from data_tools.sets.image_io import with_channels
from jittor_tsit.data.batch_kinds import LABEL_MAPS_TO_PHOTOS, BatchKind, ImagePairs
from jittor_tsit.data.samples import Channels
from jittor_tsit.layers.conv import conv2d_to_nchw


class InputAndTarget:
    """Return the input and target images of a batch.

    Args:
        source: "labels": the input is a label map in the colours of its classes, the target its photo. "images": both
            are images of a pair.
        label_channels: Number of channels of the one-hot label map.
        channels: Of the inputs and of the targets: 3, or 1 for grey. The photos of label maps have 3.
    """

    def __init__(self, source: str, label_channels: int, channels: Channels):
        self.batch_kind: BatchKind = LABEL_MAPS_TO_PHOTOS if source == "labels" else ImagePairs(channels)
        palette = with_channels(colorize(np.arange(label_channels)[None], label_channels), channels[0])[0]  # [K, 3]
        colors = palette.T[: channels[0]] / 127.5 - 1  # [C, K] in [-1, 1]
        self.palette = jt.array(colors.astype(np.float32)[:, :, None, None]).stop_grad()

    def images(self, batch: Any) -> Tuple[jt.Var, Optional[jt.Var]]:
        """Return input and target, [N, C, H, W] each; C may differ.

        The target is None if the batch holds label maps only.
        """
        if self.batch_kind is LABEL_MAPS_TO_PHOTOS:
            return conv2d_to_nchw(batch.segmap, self.palette), batch.image
        return batch.a, batch.b
