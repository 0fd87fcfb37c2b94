"""The base of the ablation: SPADE with a latent code as published, but narrow, and trained for a short time."""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig
from jittor_tsit.systems.spade import SPADEConfig
from jittor_tsit.systems.synthesis import SynthesisWeights

experiment = Experiment(
    system="spade",
    config=SPADEConfig(
        width=12,
        width_D=16,
        hidden_channels=16,  # of 128, as time goes mostly there
        use_vae=True,
        z_dim=32,
        weights=SynthesisWeights(vgg=0),
        # Some thousand steps: higher learning rates than in the paper. The average is one of the means.
        optim=OptimConfig(lr_G=4e-4, lr_D=4e-4),
    ),
    data=DataConfig(image_width=256, image_height=192),
    run=RunConfig(total_nimg=1000, keep_snapshots=1),
)
