"""A small TSIT on the rendered sample set: shows every part at work in minutes on a CPU.

Command: bash run.sh train
"""

from jittor_tsit.config import Experiment, OptimConfig, RunConfig
from jittor_tsit.systems.tsit import TSITConfig, TSITWeights

experiment = Experiment(
    system="tsit",
    config=TSITConfig(
        width=8,  # an eighth of the paper's: a step takes about a second on 2 cores
        width_D=8,
        num_layers_D=3,
        weights=TSITWeights(vgg=0),  # needs no downloaded weights
        optim=OptimConfig(lr_G=4e-4, lr_D=8e-4, ema_halflife_nimg=100),  # a short run: larger steps, short memory
    ),
    run=RunConfig(total_nimg=300, status_nimg=25, snapshot_nimg=100),
)
