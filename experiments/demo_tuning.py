"""The demo model, trained further on one's own pairs: the experiment of `train --from-weights demo`.

Command: bash run.sh train --data DIR --from-weights demo
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
        weights=SynthesisWeights(vgg=0),  # needs no downloaded weights; with them: perceptual=vgg16 weights.vgg=10
        diff_augment=("color", "translation", "cutout"),  # own sets are often small
        # The rates of the quickstart. At 2e-4 without the perceptual loss, dots appeared there.
        optim=OptimConfig(lr_G=3e-5, lr_D=1e-4, ema_halflife_nimg=500),
    ),
    data=DataConfig(image_width=256, image_height=192),
    run=RunConfig(total_nimg=5000, snapshot_nimg=500, initial="demo"),
)
