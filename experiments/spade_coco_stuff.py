"""SPADE (Park et al., CVPR 2019) on COCO-Stuff, 256 x 256: 182 classes, id 255 is "unknown", borders of instances.

Batch 32 on 8 GPUs; 100 epochs at a constant learning rate. Published results of the official code: mIoU 37.4,
pixel accuracy 67.9 %, FID 22.6.

Data: in DIR, `imgs` (train2017's photos), `labels` (the stuff-and-thing pixel maps) and `instances` (8-bit or 16-bit
    maps of object numbers, as SPADE's own coco_generate_instance_map.py writes them). The three files of a photo have
    the same stem.
Command: bash run.sh fetch vgg19
    bash run.sh train --experiment experiments/spade_coco_stuff.py --data DIR --procs 8
    On one GPU: accumulate=8 instead of --procs 8.
    bash run.sh test --data VAL, with `labels` and `instances` in VAL
"""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig, SPADEConfig

EPOCH = 118_287  # training images

experiment = Experiment(
    system="spade",
    config=SPADEConfig(optim=OptimConfig(epoch_nimg=EPOCH)),
    data=DataConfig(
        image_width=256,
        image_height=256,
        load_width=286,
        load_height=286,
        output_width=256,
        output_height=256,
        num_classes=182,
        unknown_id=255,
        instance_edges=True,
        workers=4,
    ),
    run=RunConfig(total_nimg=100 * EPOCH, batch_size=32, status_nimg=320, snapshot_nimg=EPOCH // 2),
)
