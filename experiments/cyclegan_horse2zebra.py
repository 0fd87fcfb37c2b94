"""CycleGAN as published (Zhu et al., ICCV 2017): horses <-> zebras, 256 x 256.

DIR contains `trainA` and `trainB`. Batch 1; 100 epochs at the full learning rate, then 100 epochs of linear decay.
Images are scaled to 286 x 286, cropped at random and mirrored at random.

Command: bash run.sh train --experiment experiments/cyclegan_horse2zebra.py --data DIR
"""

from jittor_tsit.config import CycleGANConfig, CycleGANWeights, DataConfig, Experiment, RunConfig, image_gan_optim

EPOCH = 1_334  # the published archive's zebras; there are 1,067 horses

experiment = Experiment(
    system="cyclegan",
    config=CycleGANConfig(
        weights=CycleGANWeights(idt_a=0.0, idt_b=0.0),  # the paper uses the identity terms for paintings only
        optim=image_gan_optim(EPOCH, constant=100, decay=100),
    ),
    data=DataConfig(image_width=256, image_height=256, load_width=286, load_height=286),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=EPOCH),
)
