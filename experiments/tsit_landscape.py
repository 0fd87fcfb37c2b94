"""TSIT as published (Jiang et al., ECCV 2020) on the contest's 10,000 landscapes, 512 x 384, one phase.

The released recipe for semantic synthesis: hinge loss, feature matching 10, VGG 20, VAE, TTUR Adam, 100 epochs
at the full rate and 100 of linear decay, no averaged weights.

Command: bash run.sh train --data DIR perceptual_weights=vgg19.pth
"""

from jittor_tsit.config import Experiment, OptimConfig, RunConfig
from jittor_tsit.systems.tsit import TSITConfig

EPOCH = 10_000  # images of the contest's training set

experiment = Experiment(
    system="tsit",
    config=TSITConfig(optim=OptimConfig(constant_nimg=100 * EPOCH, decay_nimg=100 * EPOCH, epoch_nimg=EPOCH)),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=EPOCH),
)
