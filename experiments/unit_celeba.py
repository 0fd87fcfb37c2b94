"""UNIT as published (Liu et al., NIPS 2017) on faces, such as blond hair <-> other hair, 128 x 128.

The folder holds `trainA` and `trainB`. The paper's code, preset COCOResGen2 with the shared discriminator: batch 1 of
each side, no decay of the rate; 500,000 steps.

Command: bash run.sh train --experiment experiments/unit_celeba.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, RunConfig
from jittor_tsit.systems.unit import UNITConfig

experiment = Experiment(
    system="unit",
    config=UNITConfig(),
    data=DataConfig(image_width=128, image_height=128),
    run=RunConfig(total_nimg=500_000, status_nimg=100, snapshot_nimg=10_000),
)
