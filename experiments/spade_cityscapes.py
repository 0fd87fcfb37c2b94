"""SPADE (Park et al., CVPR 2019) on Cityscapes, 512 x 256: 35 classes, borders of instances, one more upsampling.

Batch 16 on 8 GPUs; 100 epochs at the full learning rate, then 100 epochs of linear decay. Published results of the
official code: mIoU 62.3, pixel accuracy 81.9 %, FID 71.8.

Data: in DIR, `imgs`, `labels` and `instances` contain links to the files in the city folders. The three links of a
photo have the same stem:
    mkdir -p DIR/imgs DIR/labels DIR/instances
    for photo in "$PWD"/leftImg8bit/train/*/*_leftImg8bit.png; do
        stem=$(basename "$photo" _leftImg8bit.png) fine=${photo%_leftImg8bit.png}
        fine=${fine/leftImg8bit/gtFine}_gtFine
        ln -s "$photo" DIR/imgs/$stem.png
        ln -s "${fine}_labelIds.png" DIR/labels/$stem.png
        ln -s "${fine}_instanceIds.png" DIR/instances/$stem.png
    done
Command: bash run.sh fetch vgg19
    bash run.sh train --experiment experiments/spade_cityscapes.py --data DIR --procs 8
    On one GPU: accumulate=8 instead of --procs 8.
    bash run.sh test --data VAL, with `labels` and `instances` in VAL
"""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig, SPADEConfig

EPOCH = 2_975  # training images

experiment = Experiment(
    system="spade",
    config=SPADEConfig(
        upsampling="more",
        optim=OptimConfig(constant_nimg=100 * EPOCH, decay_nimg=100 * EPOCH, epoch_nimg=EPOCH),
    ),
    data=DataConfig(
        image_width=512,
        image_height=256,
        output_width=512,
        output_height=256,
        num_classes=35,
        instance_edges=True,
        workers=4,
    ),
    run=RunConfig(total_nimg=200 * EPOCH, batch_size=16, status_nimg=160, snapshot_nimg=10 * EPOCH),
)
