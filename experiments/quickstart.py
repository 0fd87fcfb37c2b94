"""The demo model, trained further on the rendered sample set: every part of a training within minutes on a CPU.

Command: bash run.sh train
    From random weights, which look worse for a long time: bash run.sh train --from-weights none
"""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig
from jittor_tsit.systems.spade import SPADEConfig
from jittor_tsit.systems.synthesis import SynthesisWeights

experiment = Experiment(
    system="spade",
    config=SPADEConfig(
        width=16,  # this and the next six options are the demo model's
        width_D=32,
        hidden_channels=16,
        use_vae=True,
        z_dim=32,
        norm_G="instance",
        code_in_norms=True,
        pixel_noise=True,
        weights=SynthesisWeights(vgg=0),  # needs no downloaded weights
        # A short run from trained weights, without the perceptual loss: at rates of 2e-4, dots appeared.
        optim=OptimConfig(lr_G=3e-5, lr_D=1e-4, ema_halflife_nimg=50),
    ),
    data=DataConfig(image_width=256, image_height=192),  # a quarter of the contest's pixels; `test` scales images up
    run=RunConfig(total_nimg=120, status_nimg=20, snapshot_nimg=40, initial="demo"),
)
