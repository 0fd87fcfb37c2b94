"""TSIT with a frozen segmenter's cross-entropy as one more loss term of G, as tried in the contest's report.

The term is low where the segmenter finds the label map's classes in the image. Train the segmenter first, on the same
pairs:
    bash run.sh train --experiment experiments/segformer_landscape.py --data DIR
Score the result with another segmenter: the one that was used in training gives too high a score.

Command: bash run.sh fetch vgg19
    bash run.sh train --experiment experiments/tsit_segmenter.py --data DIR \
        segmenter=runs/segformer_landscape/best.safetensors
"""

from jittor_tsit.config import Experiment, OptimConfig, RunConfig, TSITConfig, TSITWeights

EPOCH = 10_000  # images of the contest's training set

experiment = Experiment(
    system="tsit",
    config=TSITConfig(
        weights=TSITWeights(segmenter=1.0),  # the same as the adversarial term's; a first guess, not tuned
        optim=OptimConfig(constant_nimg=100 * EPOCH, decay_nimg=100 * EPOCH, epoch_nimg=EPOCH),
    ),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=EPOCH),
)
