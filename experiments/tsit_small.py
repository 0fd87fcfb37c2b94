"""A small TSIT on the rendered sample set, from random weights: minutes on a CPU.

Command: bash run.sh train --experiment tsit_small
"""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig, TSITConfig, TSITWeights

experiment = Experiment(
    system="tsit",
    config=TSITConfig(
        width=8,  # an eighth of the paper's
        width_D=8,
        weights=TSITWeights(vgg=0),  # needs no downloaded weights
        # A run of a few hundred steps: higher learning rates than in the papers, shorter averaging of the weights.
        optim=OptimConfig(lr_G=4e-4, lr_D=4e-4, ema_halflife_nimg=100),
    ),
    data=DataConfig(image_width=256, image_height=256),  # a third of the contest's pixels; `test` scales images up
    run=RunConfig(total_nimg=600, status_nimg=25, snapshot_nimg=150),
)
