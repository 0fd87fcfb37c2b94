"""SimGAN as published (Shrivastava et al., CVPR 2017) on hands: rendered -> NYU's depth images, 224 x 224, greyscale.

DIR contains `trainA` (rendered) and `trainB` (real). The networks are the paper's. The paper states neither the
batch size nor the length of training.

Command: bash run.sh train --experiment experiments/simgan_hand.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, RunConfig, SimGANConfig

BATCH = 32

experiment = Experiment(
    system="simgan",
    config=SimGANConfig(kind="hand", pool_size=1_600),  # 50 batches: an image needs 26 times the memory of an eye image
    data=DataConfig(image_width=224, image_height=224, flip=False),
    run=RunConfig(total_nimg=10_000 * BATCH, batch_size=BATCH, status_nimg=20 * BATCH, snapshot_nimg=500 * BATCH),
)
