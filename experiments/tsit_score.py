"""TSIT with one more loss term: the part of the contest's 2022 formula that can be computed for a single image.

The term is 1 - (mean over the pixels of the probability that a frozen segmenter gives to the label's class)
x (NIMA's mean score / 10). Without `nima=FILE` the second factor is left out. FID is not part of the term, because FID
is defined for sets of images only.

Command: bash run.sh fetch vgg19 nima, and .venv/bin/pip install h5py to read NIMA's file
    bash run.sh train --experiment experiments/segformer_landscape.py --data DIR
    bash run.sh train --experiment experiments/tsit_score.py --data DIR \
        segmenter=runs/segformer_landscape/best.safetensors nima=judges/nima.h5
"""

from jittor_tsit.config import Experiment, OptimConfig, RunConfig, TSITConfig, TSITWeights

EPOCH = 10_000  # images of the contest's training set

experiment = Experiment(
    system="tsit",
    config=TSITConfig(
        weights=TSITWeights(score=10.0),  # the term is between 0 and 1 and changes by tenths; 10 is a guess, not tuned
        optim=OptimConfig(constant_nimg=100 * EPOCH, decay_nimg=100 * EPOCH, epoch_nimg=EPOCH),
    ),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=EPOCH),
)
