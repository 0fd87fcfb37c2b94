"""SPADE (Park et al., CVPR 2019) on ADE20K, 256 x 256: 150 classes, id 0 is "unknown".

Batch 32 on 8 GPUs; 100 epochs at the full learning rate, then 100 epochs of linear decay. Published results of the
official code: mIoU 38.5, pixel accuracy 79.9 %, FID 33.9.

Data: in DIR, `imgs` and `labels` are links to ADEChallengeData2016's folders:
    mkdir DIR && ln -s "$PWD"/ADEChallengeData2016/images/training DIR/imgs
    ln -s "$PWD"/ADEChallengeData2016/annotations/training DIR/labels
Command: bash run.sh fetch vgg19
    bash run.sh train --experiment experiments/spade_ade20k.py --data DIR --procs 8
    On one GPU: accumulate=8 instead of --procs 8.
    bash run.sh test --data ADEChallengeData2016/annotations/validation
"""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig, SPADEConfig

EPOCH = 20_210  # training images

experiment = Experiment(
    system="spade",
    config=SPADEConfig(optim=OptimConfig(constant_nimg=100 * EPOCH, decay_nimg=100 * EPOCH, epoch_nimg=EPOCH)),
    data=DataConfig(
        image_width=256,
        image_height=256,
        load_width=286,
        load_height=286,
        output_width=256,
        output_height=256,
        num_classes=150,
        unknown_id=0,
        workers=4,
    ),
    run=RunConfig(total_nimg=200 * EPOCH, batch_size=32, status_nimg=320, snapshot_nimg=EPOCH),
)
