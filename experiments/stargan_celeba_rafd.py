"""StarGAN as published (Choi et al., CVPR 2018) on two sets at once: CelebA's attributes and RaFD's expressions.

The folder of --data contains CelebA (`images`, `list_attr_celeba.txt`). The folder of second_root contains RaFD's
images, aligned and cropped to 256 x 256 pixels: in `train` and in `test`, a folder for each expression. Each step uses
one batch of each set.

Command: bash run.sh train --experiment experiments/stargan_celeba_rafd.py --data DIR second_root=DIR
"""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig, StarGANConfig

BATCH = 16
HALF = 100_000 * BATCH  # images of each set

experiment = Experiment(
    system="stargan",
    config=StarGANConfig(
        classes=("angry", "contemptuous", "disgusted", "fearful", "happy", "neutral", "sad", "surprised"),
        optim=OptimConfig(
            lr_G=1e-4,
            lr_D=1e-4,
            betas=(0.5, 0.999),
            constant_nimg=HALF,
            decay_nimg=HALF,
            epoch_nimg=1_000 * BATCH,  # the official code lowers the learning rate once in 1,000 steps
        ),
    ),
    data=DataConfig(image_width=128, image_height=128, crop=178, second_crop=256, num_test=1_999),
    run=RunConfig(total_nimg=2 * HALF, batch_size=BATCH, status_nimg=100 * BATCH, snapshot_nimg=10_000 * BATCH),
)
