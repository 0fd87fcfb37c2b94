"""The demo model: a small SPADE with a latent code, trained on rendered landscapes on two CPU cores.

Differs from SPADE: normalisation of each image alone, the code and noise of each pixel act in every block of G, and
SPADE's hidden layers are narrow.

Command: bash run.sh data synth --out data/renders --count 1200 --seed 1
    bash run.sh fetch vgg16
    bash run.sh train --experiment demo_model --data data/renders
    python -m experiments.demo.pack runs/demo_model
"""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, Phase, RunConfig
from jittor_tsit.systems.spade import SPADEConfig
from jittor_tsit.systems.synthesis import SynthesisWeights

experiment = Experiment(
    system="spade",
    config=SPADEConfig(
        width=16,  # a quarter of the paper's
        width_D=32,
        hidden_channels=16,  # an eighth of the paper's; they cost most of the time
        use_vae=True,
        z_dim=32,
        norm_G="instance",  # batches of one image: training and `test` normalise alike
        code_in_norms=True,
        pixel_noise=True,
        perceptual="vgg16",
        perceptual_halvings=1,  # a quarter of the time
        weights=SynthesisWeights(vgg=10, feat=10),
        # Thousands of steps, not millions as in the papers: higher learning rates, shorter averaging of the weights.
        optim=OptimConfig(lr_G=4e-4, lr_D=4e-4, ema_halflife_nimg=500),
    ),
    data=DataConfig(image_width=256, image_height=192),
    run=RunConfig(snapshot_nimg=1000),
    phases=(Phase(nimg=60_000),),
)
