"""pix2pix (Isola et al., CVPR 2017) on landscapes: label maps in the classes' colours -> photographs, 256 x 256.

The official recipe for pairs: U-Net of 8 levels, discriminator on patches of 70 x 70 pixels, L1 weight 100, batch 1,
100 epochs at the full learning rate, then 100 epochs of linear decay. Images are scaled to 286 x 286, cropped at random
and mirrored at random. The contest's baseline was such a model: score 0.1775 on board A.

Command: bash run.sh train --experiment experiments/pix2pix_landscape.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, Pix2PixConfig, RunConfig, image_gan_optim

EPOCH = 10_000  # images of the contest's training set

experiment = Experiment(
    system="pix2pix",
    config=Pix2PixConfig(
        optim=image_gan_optim(EPOCH, constant=100, decay=100),
    ),
    data=DataConfig(image_width=256, image_height=256, load_width=286, load_height=286),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=EPOCH),
)
