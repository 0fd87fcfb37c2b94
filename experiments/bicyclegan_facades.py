"""BicycleGAN as published (Zhu et al., NIPS 2017) on CMP facades: label pictures -> photographs, 256 x 256.

DIR contains `train/*.jpg`: in each picture, a photograph (A) on the left and its labels (B) on the right. The labels
are the input. 200 epochs at the full learning rate, then 200 epochs of linear decay. The official code uses batches of
two images and takes only the target of the second. Here this is a batch of one, and an epoch is half of the images.

Command: bash run.sh train --experiment experiments/bicyclegan_facades.py --data DIR
"""

from jittor_tsit.config import BicycleGANConfig, DataConfig, Experiment, RunConfig, image_gan_optim

EPOCH = 200  # steps of an official epoch, two of the 400 images each

experiment = Experiment(
    system="bicyclegan",
    config=BicycleGANConfig(
        source="images",
        dropout=True,
        optim=image_gan_optim(EPOCH, constant=200, decay=200, falls_early=False),
    ),
    data=DataConfig(direction="BtoA", image_width=256, image_height=256, load_width=286, load_height=286),
    run=RunConfig(total_nimg=400 * EPOCH, status_nimg=100, snapshot_nimg=20 * EPOCH),
)
