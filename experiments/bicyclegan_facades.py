"""BicycleGAN as published (Zhu et al., NIPS 2017) on CMP facades: label pictures -> photographs, 256 x 256.

The folder holds `train/*.jpg`, each a photograph (A) and its labels (B) side by side; labels are the input.
200 epochs at the full rate and 200 of linear decay. Officially a batch is two images, of which the second lends its
target alone; here that is a batch of one, and an epoch counts half of the images.

Command: bash run.sh train --experiment experiments/bicyclegan_facades.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig
from jittor_tsit.systems.bicyclegan import BicycleGANConfig

EPOCH = 200  # steps of an official epoch, two of the 400 images each

experiment = Experiment(
    system="bicyclegan",
    config=BicycleGANConfig(
        source="images",
        dropout=True,
        # The official schedule has its rate fall in epoch 201 for the first time, to 1 / 201 of it in epoch 400.
        optim=OptimConfig(
            lr_G=2e-4,
            lr_D=2e-4,
            betas=(0.5, 0.999),
            constant_nimg=199 * EPOCH,
            decay_nimg=201 * EPOCH,
            epoch_nimg=EPOCH,
        ),
    ),
    data=DataConfig(direction="BtoA", image_width=256, image_height=256, load_width=286, load_height=286),
    run=RunConfig(total_nimg=400 * EPOCH, status_nimg=100, snapshot_nimg=20 * EPOCH),
)
