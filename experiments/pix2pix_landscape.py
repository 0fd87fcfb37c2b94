"""pix2pix (Isola et al., CVPR 2017) on landscapes: label maps in the classes' colours -> photographs, 256 x 256.

The official recipe for pairs: U-Net of 8 levels, patches of 70 pixels, L1 100, batch 1, 100 epochs at the full rate and
100 of linear decay; images are cut at random from 286 x 286 and mirrored. The contest's baseline was such a model:
0.1775 on board A.

Command: bash run.sh train --experiment experiments/pix2pix_landscape.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig
from jittor_tsit.systems.pix2pix import Pix2PixConfig

EPOCH = 10_000  # images of the contest's training set

experiment = Experiment(
    system="pix2pix",
    config=Pix2PixConfig(
        # The official schedule has its rate fall in epoch 100 for the first time, and reach 0 in epoch 200.
        optim=OptimConfig(
            lr_G=2e-4,
            lr_D=2e-4,
            betas=(0.5, 0.999),
            constant_nimg=98 * EPOCH,
            decay_nimg=101 * EPOCH,
            epoch_nimg=EPOCH,
        )
    ),
    data=DataConfig(image_width=256, image_height=256, load_width=286, load_height=286),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=EPOCH),
)
