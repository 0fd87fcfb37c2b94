"""pix2pix as published (Isola et al., CVPR 2017) on CMP facades: label pictures -> photographs, 256 x 256.

The folder holds `train/*.jpg`, each a photograph (A) and its labels (B) side by side; labels are the input.
No decay of the rate, as in the paper; 200 epochs of 400 images, batch 1.

Command: bash run.sh train --experiment experiments/pix2pix_facades.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, RunConfig
from jittor_tsit.systems.pix2pix import Pix2PixConfig

EPOCH = 400  # images of the training set

experiment = Experiment(
    system="pix2pix",
    config=Pix2PixConfig(source="images"),
    data=DataConfig(direction="BtoA", image_width=256, image_height=256, load_width=286, load_height=286),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=10 * EPOCH),
)
