"""TSIT with a frozen segmenter's cross-entropy as one more term for G: the contest's report tried it.

The segmenter must see in the image what the label map says. Train it first, on the same pairs:
    bash run.sh train --experiment experiments/segformer_landscape.py --data DIR
Judge the result by another segmenter than this one: the one it was trained with flatters it.

Command: bash run.sh train --experiment experiments/tsit_segmenter.py --data DIR \
    perceptual_weights=vgg19.pth segmenter=runs/segformer_landscape/best.safetensors
"""

from jittor_tsit.config import Experiment, OptimConfig, RunConfig
from jittor_tsit.systems.tsit import TSITConfig, TSITWeights

EPOCH = 10_000  # images of the contest's training set

experiment = Experiment(
    system="tsit",
    config=TSITConfig(
        weights=TSITWeights(segmenter=1.0),  # as much as the adversarial term; a first guess, not tuned
        optim=OptimConfig(constant_nimg=100 * EPOCH, decay_nimg=100 * EPOCH, epoch_nimg=EPOCH),
    ),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=EPOCH),
)
