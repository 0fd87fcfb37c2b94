"""UNIT as published (Liu et al., NIPS 2017) on breeds of cats or dogs, 216 x 216.

DIR contains `trainA` and `trainB`. The preset COCOResGen of the paper's code, with a discriminator of six layers for
each domain: one image of each domain a step, constant learning rate, 500,000 steps.

Command: bash run.sh train --experiment experiments/unit_breeds.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, RunConfig, UNITConfig

experiment = Experiment(
    system="unit",
    config=UNITConfig(discriminator="separate", num_layers_D=6, has_norms=True),
    data=DataConfig(image_width=216, image_height=216, load_width=256, load_height=256),
    run=RunConfig(total_nimg=500_000, status_nimg=100, snapshot_nimg=10_000),
)
