"""OASIS (Sushko et al., ICLR 2021) on the contest's 10,000 landscapes, 512 x 384, with the paper's options.

No perceptual loss, LabelMix weight 10, Adam with TTUR at constant rates, batches of 32, moving average of G's weights
with 0.9999 a step. The length is that of spade_landscape.py. One GPU holds fewer than 32 images of this size: several
processes or `accumulate=N` divide the batch. The classes are balanced over the whole batch all the same.

Command: bash run.sh train --experiment experiments/oasis_landscape.py --data DIR --procs 8
"""

from jittor_tsit.config import Experiment, OASISConfig, RunConfig

experiment = Experiment(
    system="oasis",
    config=OASISConfig(),
    run=RunConfig(total_nimg=2_000_000, batch_size=32, status_nimg=3_200, snapshot_nimg=20_000),
)
