"""BicycleGAN as published (Zhu et al., NIPS 2017) on edges -> shoes, 256 x 256.

DIR contains `train/*.jpg`: in each picture, edges (A) on the left and a photograph (B) on the right. 30 epochs at the
full learning rate, then 30 epochs of linear decay. The official code uses batches of two images and takes only the
target of the second. Here this is a batch of one, and an epoch is half of the images.

Command: bash run.sh train --experiment experiments/bicyclegan_edges2shoes.py --data DIR
"""

from jittor_tsit.config import BicycleGANConfig, DataConfig, Experiment, RunConfig, image_gan_optim

EPOCH = 24_912  # steps of an official epoch, two of the 49,825 images each

experiment = Experiment(
    system="bicyclegan",
    config=BicycleGANConfig(
        source="images",
        in_channels=1,
        dropout=True,
        optim=image_gan_optim(EPOCH, constant=30, decay=30, falls_early=False),
    ),
    data=DataConfig(image_width=256, image_height=256),
    run=RunConfig(total_nimg=60 * EPOCH, status_nimg=100, snapshot_nimg=EPOCH),
)
