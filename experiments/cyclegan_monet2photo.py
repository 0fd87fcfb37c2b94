"""CycleGAN as published (Zhu et al., ICCV 2017): Monet's paintings <-> photographs, 256 x 256.

The folder holds `trainA` and `trainB`. 100 epochs at the full rate and 100 of linear decay, batch 1, images cut at
random from 286 x 286 and mirrored.

Command: bash run.sh train --experiment experiments/cyclegan_monet2photo.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig
from jittor_tsit.systems.cyclegan import CycleGANConfig, CycleGANWeights

EPOCH = 6_287  # the published archive's photographs; there are 1,072 paintings

experiment = Experiment(
    system="cyclegan",
    config=CycleGANConfig(
        weights=CycleGANWeights(),  # with identity terms, which keep the colours
        # The official schedule has its rate fall in epoch 100 for the first time, and reach 0 in epoch 200.
        optim=OptimConfig(
            lr_G=2e-4,
            lr_D=2e-4,
            betas=(0.5, 0.999),
            constant_nimg=98 * EPOCH,
            decay_nimg=101 * EPOCH,
            epoch_nimg=EPOCH,
        ),
    ),
    data=DataConfig(image_width=256, image_height=256, load_width=286, load_height=286),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=EPOCH),
)
