"""SimGAN as published (Shrivastava et al., CVPR 2017) on eyes: UnityEyes' renderings -> MPIIGaze, 55 x 35, grey.

The folder holds `trainA` (rendered) and `trainB` (real). Batches of 512; how many, the paper does not say:
10,000 steps, as carpedm20's version has them.

Command: bash run.sh train --experiment experiments/simgan_gaze.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, RunConfig
from jittor_tsit.systems.simgan import SimGANConfig

BATCH = 512

experiment = Experiment(
    system="simgan",
    config=SimGANConfig(),
    data=DataConfig(image_width=55, image_height=35, flip=False),  # gaze has a direction
    run=RunConfig(total_nimg=10_000 * BATCH, batch_size=BATCH, status_nimg=20 * BATCH, snapshot_nimg=500 * BATCH),
)
