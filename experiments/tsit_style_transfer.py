"""TSIT's other form: the content of one photograph in the style of another, 256 x 256, as for summer and winter.

The released recipe for style transfer: both streams, three-layer discriminator, feature matching 1, VGG 1, constant
rate. Results show in the sample grids: content, ours, style.

Command: bash run.sh train --experiment experiments/tsit_style_transfer.py --data DIR perceptual_weights=vgg19.pth
    with photographs in DIR/trainA (content) and DIR/trainB (style)
"""

from jittor_tsit.config import DataConfig, Experiment, RunConfig
from jittor_tsit.systems.tsit import TSITConfig, TSITWeights

EPOCH = 1200  # images of one epoch; set it to the number of content photographs

experiment = Experiment(
    system="tsit",
    config=TSITConfig(form="ast", num_layers_D=3, weights=TSITWeights(feat=1, vgg=1)),
    data=DataConfig(image_width=256, image_height=256),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=10 * EPOCH),
)
