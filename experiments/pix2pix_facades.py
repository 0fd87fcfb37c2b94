"""pix2pix as published (Isola et al., CVPR 2017) on CMP facades: label pictures -> photographs, 256 x 256.

DIR contains `train/*.jpg`: in each picture, a photograph (A) on the left and its labels (B) on the right. The labels
are the input. Batch 1; 200 epochs of 400 images at a constant learning rate, as in the paper.

Command: bash run.sh train --experiment experiments/pix2pix_facades.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, Pix2PixConfig, RunConfig

EPOCH = 400  # images of the training set

experiment = Experiment(
    system="pix2pix",
    config=Pix2PixConfig(source="images"),
    data=DataConfig(direction="BtoA", image_width=256, image_height=256, load_width=286, load_height=286),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=10 * EPOCH),
)
