"""A TSIT that a CPU can train on photographs: 256 x 256, a quarter of the paper's channels, VGG-16 or VGG-19 loss.

Command: bash run.sh fetch vgg19
    bash run.sh train --experiment experiments/landscape_cpu.py --data DIR
    With VGG-16 in its place: bash run.sh fetch vgg16, and add perceptual=vgg16 to the second command.
"""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig, TSITConfig

experiment = Experiment(
    system="tsit",
    config=TSITConfig(
        width=16,
        width_D=16,
        # Thousands of steps, not millions as in the papers: higher learning rates, shorter averaging of the weights.
        optim=OptimConfig(lr_G=4e-4, lr_D=4e-4, ema_halflife_nimg=300),
    ),
    data=DataConfig(image_width=256, image_height=256),
    run=RunConfig(total_nimg=20_000, status_nimg=25, snapshot_nimg=250),
)
