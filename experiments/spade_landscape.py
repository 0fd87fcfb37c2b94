"""SPADE (Park et al., CVPR 2019) on the contest's 10,000 landscapes, 512 x 384, with the official code's options.

No latent code, hinge loss, feature matching weight 10, VGG weight 10, Adam with TTUR; 100 epochs at the full learning
rate, then 100 epochs of linear decay, as for ADE20K. Batch norm needs more than one image: each GPU gets 4, as in the
papers.

Command: bash run.sh fetch vgg19
    bash run.sh train --experiment experiments/spade_landscape.py --data DIR
"""

from jittor_tsit.config import Experiment, OptimConfig, RunConfig, SPADEConfig

EPOCH = 10_000  # images of the contest's training set

experiment = Experiment(
    system="spade",
    config=SPADEConfig(optim=OptimConfig(constant_nimg=100 * EPOCH, decay_nimg=100 * EPOCH, epoch_nimg=EPOCH)),
    run=RunConfig(total_nimg=200 * EPOCH, batch_size=4, status_nimg=100, snapshot_nimg=EPOCH),
)
