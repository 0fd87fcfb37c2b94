"""CycleGAN as published (Zhu et al., ICCV 2017): Monet's paintings <-> photographs, 256 x 256.

DIR contains `trainA` and `trainB`. Batch 1; 100 epochs at the full learning rate, then 100 epochs of linear decay.
Images are scaled to 286 x 286, cropped at random and mirrored at random.

Command: bash run.sh train --experiment experiments/cyclegan_monet2photo.py --data DIR
"""

from jittor_tsit.config import CycleGANConfig, CycleGANWeights, DataConfig, Experiment, RunConfig, image_gan_optim

EPOCH = 6_287  # the published archive's photographs; there are 1,072 paintings

experiment = Experiment(
    system="cyclegan",
    config=CycleGANConfig(
        weights=CycleGANWeights(),  # with the identity terms, so that the colours are kept
        optim=image_gan_optim(EPOCH, constant=100, decay=100),
    ),
    data=DataConfig(image_width=256, image_height=256, load_width=286, load_height=286),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=EPOCH),
)
