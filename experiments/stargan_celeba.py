"""StarGAN as published (Choi et al., CVPR 2018) on CelebA: hair colour, gender and age of faces, 128 x 128.

DIR contains CelebA as it was downloaded: photographs, and list_attr_celeba.txt or .csv (docs/data.md). 200,000 steps of
16 faces. In the second half the learning rate falls linearly to 0, as in the paper. The official code intends the same,
but lowers the rate only a thousandth as much.

Command: bash run.sh train --experiment experiments/stargan_celeba.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig, StarGANConfig

BATCH = 16
HALF = 100_000 * BATCH  # images

experiment = Experiment(
    system="stargan",
    config=StarGANConfig(
        optim=OptimConfig(
            lr_G=1e-4,
            lr_D=1e-4,
            betas=(0.5, 0.999),
            constant_nimg=HALF,
            decay_nimg=HALF,
            epoch_nimg=1_000 * BATCH,  # the official code lowers the learning rate once in 1,000 steps
        ),
    ),
    data=DataConfig(image_width=128, image_height=128, crop=178, num_test=1_999),
    run=RunConfig(total_nimg=2 * HALF, batch_size=BATCH, status_nimg=100 * BATCH, snapshot_nimg=10_000 * BATCH),
)
