"""The contest's four phases at the smallest size, to test in minutes on a CPU that curation and training work together.

Command: bash run.sh curate --data DIR --out curation
    bash run.sh train --experiment experiments/tsit_contest_smoke.py --data DIR --split curation
"""

from jittor_tsit.config import DataConfig, Experiment, Phase, RunConfig, TSITConfig, TSITWeights

experiment = Experiment(
    system="tsit",
    config=TSITConfig(width=2, width_D=2, weights=TSITWeights(vgg=0)),
    data=DataConfig(image_width=256, image_height=128),
    run=RunConfig(status_nimg=4, snapshot_nimg=8, grid_rows=2),
    phases=(
        Phase(nimg=12, split="total.txt", batch_size=2, lr_G=1e-4, lr_D=4e-4),
        Phase(nimg=14, split="selection_1.txt", batch_size=6, accumulate=2, lr_G=6e-4, lr_D=2.4e-3),
        Phase(nimg=8, split="selection_2.txt", batch_size=4, lr_G=2e-4, lr_D=8e-4),
        Phase(nimg=8, split="selection_1.txt", batch_size=4, lr_G=1e-4, lr_D=4e-4),
    ),
)
