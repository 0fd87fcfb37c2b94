"""The four phases of the contest's best TSIT (2022, track 1, score 0.5189), on the splits of data_tools.

    epochs    batch  split         learning rate
    1-38      2      Total         2e-4
    39-71     30     Selection I   1.2e-3
    72-95     5      Selection II  4e-4
    96-110    5      Selection I   2e-4

A learning rate r of the table means r / 2 for G and 2 r for D, as in the official code's TTUR. The loss weights are
those of the team's scripts: GAN 1, feature matching 10, VGG 20. The report's "GAN : VGG = 20 : 10" names the same two
numbers: 20 is the weight of VGG, and 10 is the weight of the discriminator's feature matching, which the report counts
as part of the GAN loss.

Two things differ from the team's training. Adam's moments are kept from phase to phase; theirs started at zero in each
phase (with betas of 0 and 0.9 this matters for some tens of steps only). The order of an epoch's pairs depends on our
seed.

Command: bash run.sh fetch vgg19
    bash run.sh curate --data DIR --out curation
    bash run.sh train --experiment experiments/tsit_contest.py --data DIR --split curation
    If batch 30 does not fit into the memory of one GPU, add phases.2.accumulate=6. --dry-run prints the plan.
"""

from jittor_tsit.config import Experiment, Phase, RunConfig, TSITConfig


def phase(epochs: int, split: str, batch_size: int, rate: float) -> Phase:
    """A phase from a row of the table above."""
    return Phase(epochs=epochs, split=split, batch_size=batch_size, lr_G=rate / 2, lr_D=rate * 2)


experiment = Experiment(
    system="tsit",
    config=TSITConfig(),
    run=RunConfig(status_nimg=100, snapshot_nimg=10_000),
    phases=(
        phase(38, "total.txt", 2, 2e-4),
        phase(33, "selection_1.txt", 30, 1.2e-3),
        phase(24, "selection_2.txt", 5, 4e-4),
        phase(15, "selection_1.txt", 5, 2e-4),
    ),
)
