"""UNIT's adaptation of a classifier of digits as published (Liu et al., NIPS 2017): SVHN -> MNIST, 32 x 32.

The folder holds `trainA` with a folder for each of the classes 0 to 9, `trainB` without labels (or with such folders,
whose names are not looked at), and, for `test`, `testB`, with such folders if the share of right ones is to be known.
For MNIST -> USPS or back: channels=1,1. Batch 64 of each side, 200,000 steps; digits are not mirrored.

Command: bash run.sh train --experiment experiments/unit_digits.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, RunConfig
from jittor_tsit.systems.unit_digits import UNITDigitsConfig

BATCH = 64

experiment = Experiment(
    system="unit_digits",
    config=UNITDigitsConfig(),
    data=DataConfig(image_width=32, image_height=32, flip=False),
    run=RunConfig(total_nimg=200_000 * BATCH, batch_size=BATCH, status_nimg=100 * BATCH, snapshot_nimg=5_000 * BATCH),
)
