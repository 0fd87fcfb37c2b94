"""SimGAN (Shrivastava et al., CVPR 2017) on eyes: UnityEyes' renderings -> MPIIGaze, 55 x 35, grey.

The folder holds `trainA` (rendered) and `trainB` (real). Two steps of the refiner for each of D, as the paper's first
version has it (arXiv 1612.07828v1); the later one has 50 (`k_g=50`). Batches of 512; how many, the paper does not say:
10,000 such rounds, as carpedm20's version has them.

Command: bash run.sh train --experiment experiments/simgan_gaze.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, RunConfig
from jittor_tsit.systems.simgan import SimGANConfig

BATCH = 512
STEPS = 1_000 + 200 + 10_000 * (2 + 1)  # before the rounds the refiner learns alone, then D

experiment = Experiment(
    system="simgan",
    config=SimGANConfig(),
    data=DataConfig(image_width=55, image_height=35, flip=False),  # gaze has a direction
    run=RunConfig(total_nimg=STEPS * BATCH, batch_size=BATCH, status_nimg=20 * BATCH, snapshot_nimg=500 * BATCH),
)
