"""TSIT for style transfer: the content of one photograph in the style of another, such as summer -> winter, 256 x 256.

The released recipe for style transfer: both streams, discriminator of three layers, feature matching weight 1, VGG
weight 1, constant learning rate. The columns of the sample grids are: content, result, style.

Command: bash run.sh fetch vgg19
    bash run.sh train --experiment experiments/tsit_style_transfer.py --data DIR
    DIR/trainA contains the content photographs, DIR/trainB the style photographs.
"""

from jittor_tsit.config import DataConfig, Experiment, RunConfig, TSITConfig, TSITWeights

EPOCH = 1200  # images of one epoch; set it to the number of content photographs

experiment = Experiment(
    system="tsit",
    config=TSITConfig(form="ast", num_layers_D=3, weights=TSITWeights(feat=1, vgg=1)),
    data=DataConfig(image_width=256, image_height=256),
    run=RunConfig(total_nimg=200 * EPOCH, status_nimg=100, snapshot_nimg=10 * EPOCH),
)
