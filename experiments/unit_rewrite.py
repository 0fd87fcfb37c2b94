"""UNIT as later rewritten by its authors, without shared weights, on any two domains, 256 x 256.

DIR contains `trainA` and `trainB`. One image of each domain a step, 1,000,000 steps; the learning rate is halved after
every 100,000. Images are scaled until the shorter side is 256, and a square is cropped at random. `test` scales whole
images to 256 x 256.
For renderings -> streets (GTA, Cityscapes): bash run.sh fetch vgg16-caffe, and add
weights.vgg=1 perceptual_weights=judges/vgg16_caffe.pth to the command.

Command: bash run.sh train --experiment experiments/unit_rewrite.py --data DIR
"""

from jittor_tsit.config import REWRITE_WEIGHTS, DataConfig, Experiment, Phase, RunConfig, UNITConfig

LR, PHASE = 1e-4, 100_000  # images of a phase

experiment = Experiment(
    system="unit",
    config=UNITConfig(form="rewrite", num_blocks=4, num_layers_D=4, gan_loss="lsgan", weights=REWRITE_WEIGHTS),
    data=DataConfig(image_width=256, image_height=256, load_side=256),
    run=RunConfig(status_nimg=100, snapshot_nimg=10_000),
    phases=tuple(Phase(nimg=PHASE, lr_G=LR / 2**k, lr_D=LR / 2**k) for k in range(10)),
)
