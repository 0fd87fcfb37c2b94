"""UNIT's later rewrite by its authors, which shares no weights, on any two domains, 256 x 256.

The folder holds `trainA` and `trainB`. Batch 1 of each side, the rate halved after every 100,000 of 1,000,000 steps.
Images are brought to 256 x 256; the official code brings the shorter side to 256 and cuts out a square at random, which
`load_width` and `load_height` do for images that are all of one shape.

Command: bash run.sh train --experiment experiments/unit_rewrite.py --data DIR
"""

from jittor_tsit.config import DataConfig, Experiment, Phase, RunConfig
from jittor_tsit.systems.unit import REWRITE_WEIGHTS, UNITConfig

LR, PART = 1e-4, 100_000  # images

experiment = Experiment(
    system="unit",
    config=UNITConfig(form="rewrite", num_blocks=4, num_layers_D=4, gan_loss="lsgan", weights=REWRITE_WEIGHTS),
    data=DataConfig(image_width=256, image_height=256),
    run=RunConfig(status_nimg=100, snapshot_nimg=10_000),
    phases=tuple(Phase(nimg=PART, lr_G=LR / 2**k, lr_D=LR / 2**k) for k in range(10)),
)
