"""UNIT as published (Liu et al., NIPS 2017) on streets: SYNTHIA's renderings <-> Cityscapes, 640 x 480.

DIR contains `trainA` and `trainB`. The preset COCOResGen2 of the paper's code, with dropout and with the discriminator
on three scales: one image of each domain a step, constant learning rate, 500,000 steps.

Command: bash run.sh train --experiment experiments/unit_streets.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, RunConfig, UNITConfig

experiment = Experiment(
    system="unit",
    config=UNITConfig(discriminator="pyramid", num_layers_D=4, dropout=True),
    data=DataConfig(image_width=640, image_height=480),
    run=RunConfig(total_nimg=500_000, status_nimg=100, snapshot_nimg=10_000),
)
