"""BicycleGAN (Zhu et al., NIPS 2017) on landscapes: label maps in the classes' colours -> photographs, 256 x 256.

The recipe of facades on the contest's pairs: 100 epochs at the full learning rate, then 100 epochs of linear decay.
For each pair of a batch, the batch also contains the photo of another pair.

Command: bash run.sh train --experiment experiments/bicyclegan_landscape.py --data DIR
"""

from jittor_tsit.config import BicycleGANConfig, DataConfig, Experiment, RunConfig, image_gan_optim

EPOCH = 10_000  # images of the contest's training set

experiment = Experiment(
    system="bicyclegan",
    config=BicycleGANConfig(dropout=True, optim=image_gan_optim(EPOCH, constant=100, decay=100, falls_early=False)),
    data=DataConfig(image_width=256, image_height=256, load_width=286, load_height=286),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=EPOCH),
)
