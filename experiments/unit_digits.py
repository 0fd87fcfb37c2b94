"""UNIT's adaptation of a digit classifier as published (Liu et al., NIPS 2017): SVHN -> MNIST, 32 x 32.

DIR contains `trainA` with a folder for each of the classes 0 to 9, and `trainB` without labels (class folders are
allowed there, but their names are not used). `test` reads `testB`. If it has class folders, `test` prints the accuracy.
For MNIST -> USPS or back: channels=1,1. 64 images of each domain a step, 200,000 steps. Digits are not mirrored.

Command: bash run.sh train --experiment experiments/unit_digits.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, RunConfig, UNITDigitsConfig

BATCH = 64

experiment = Experiment(
    system="unit_digits",
    config=UNITDigitsConfig(),
    data=DataConfig(image_width=32, image_height=32, flip=False),
    run=RunConfig(total_nimg=200_000 * BATCH, batch_size=BATCH, status_nimg=100 * BATCH, snapshot_nimg=5_000 * BATCH),
)
