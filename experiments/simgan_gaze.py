"""SimGAN (Shrivastava et al., CVPR 2017) on eyes: UnityEyes' renderings -> MPIIGaze, 55 x 35, greyscale.

DIR contains `trainA` (rendered) and `trainB` (real). For each step of the discriminator the refiner takes two, as in
the paper's first version (arXiv 1612.07828v1); in the later version it takes 50 (`k_g=50`). Batch 512. The paper does
not state the length of training; the 10,000 rounds are those of carpedm20's implementation.

Command: bash run.sh train --experiment experiments/simgan_gaze.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, RunConfig, SimGANConfig

BATCH = 512
STEPS = 1_000 + 200 + 10_000 * (2 + 1)  # before the rounds: 1,000 steps of the refiner alone, then 200 of D

experiment = Experiment(
    system="simgan",
    config=SimGANConfig(),
    data=DataConfig(image_width=55, image_height=35, flip=False),  # gaze has a direction
    run=RunConfig(total_nimg=STEPS * BATCH, batch_size=BATCH, status_nimg=20 * BATCH, snapshot_nimg=500 * BATCH),
)
