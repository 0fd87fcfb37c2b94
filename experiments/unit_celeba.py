"""UNIT as published (Liu et al., NIPS 2017) on faces, such as blond hair <-> other hair, 128 x 128.

DIR contains `trainA` and `trainB`. The preset COCOResGen2 of the paper's code, with the shared discriminator: one image
of each domain a step, constant learning rate, 500,000 steps.

Command: bash run.sh train --experiment experiments/unit_celeba.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, RunConfig, UNITConfig

experiment = Experiment(
    system="unit",
    config=UNITConfig(),
    data=DataConfig(image_width=128, image_height=128),
    run=RunConfig(total_nimg=500_000, status_nimg=100, snapshot_nimg=10_000),
)
