"""A StarGAN that a CPU can train on photographs in class folders, such as the Intel scene set's forest and glacier.

DIR contains a folder for each class, or `train` and `test`, each with a folder for each class.

Command: bash run.sh train --experiment experiments/stargan_scenes_cpu.py --data DIR classes=forest,glacier,mountain,sea
"""

from jittor_tsit.config import DataConfig, Experiment, RunConfig, StarGANConfig

experiment = Experiment(
    system="stargan",
    config=StarGANConfig(
        attributes=(),
        classes=("forest", "glacier", "mountain", "sea"),
        num_blocks=3,
        num_layers_D=5,
        width=16,  # a quarter of the paper's
        width_D=16,
    ),
    data=DataConfig(image_width=96, image_height=96),
    run=RunConfig(total_nimg=24_000, batch_size=8, status_nimg=400, snapshot_nimg=4_000),
)
