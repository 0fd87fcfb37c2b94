"""TSIT as published (Jiang et al., ECCV 2020) on the contest's 10,000 landscapes, 512 x 384, one phase.

The released recipe for semantic synthesis: hinge loss, feature matching weight 10, VGG weight 20, VAE, Adam with TTUR,
100 epochs at the full learning rate, then 100 epochs of linear decay, no averaged weights.

Command: bash run.sh fetch vgg19
    bash run.sh train --data DIR
"""

from jittor_tsit.config import Experiment, OptimConfig, RunConfig, TSITConfig

EPOCH = 10_000  # images of the contest's training set

experiment = Experiment(
    system="tsit",
    config=TSITConfig(optim=OptimConfig(constant_nimg=100 * EPOCH, decay_nimg=100 * EPOCH, epoch_nimg=EPOCH)),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=EPOCH),
)
