"""A SimGAN that a CPU can train on landscapes: rendered ones -> photographs, in colour.

DIR contains `trainA`, for example the photos that `bash run.sh synth` renders, and `trainB`, photographs.

Command: bash run.sh train --experiment experiments/simgan_landscape_cpu.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig, SimGANConfig

experiment = Experiment(
    system="simgan",
    config=SimGANConfig(
        channels=3,
        width=32,
        pretrain_G=200,
        pretrain_D=50,
        pool_size=1_000,
        optim=OptimConfig(lr_G=2e-3, lr_D=2e-3),  # twice the paper's, because the run is short
    ),
    data=DataConfig(image_width=96, image_height=96),
    run=RunConfig(total_nimg=24_000, batch_size=8, status_nimg=400, snapshot_nimg=4_000),
)
