"""SegFormer-B0 (Xie et al., NeurIPS 2021) on your own pairs. It measures the mask accuracy of generated landscapes.

Training starts from random weights. `pretrained=FILE` starts from a published encoder (for B2, also set size=b2).
About every tenth pair is held out. `best.safetensors` is the checkpoint with the best mean IoU on the held-out pairs.
To judge every pair by a model that was not trained on it, train one model for each fold:
    for fold in 1 2 3 4 5; do
        bash run.sh train --experiment experiments/segformer_landscape.py --data DIR \
            --run-dir runs/fold$fold folds=5 fold=$fold
    done
Then give the `disagreement.csv` of each run to `curate --disagreement`.

Command: bash run.sh train --experiment experiments/segformer_landscape.py --data DIR
    bash run.sh score --segmenter runs/segformer_landscape/best.safetensors --images … --labels … --real …
    bash run.sh label --segmenter runs/segformer_landscape/best.safetensors --images … --out …
"""

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig, SegFormerConfig

experiment = Experiment(
    system="segformer",
    config=SegFormerConfig(
        optim=OptimConfig(
            lr_G=5e-4,  # for random initial weights; for a published encoder the paper uses 6e-5
            betas=(0.9, 0.999),
            weight_decay=0.01,
            decay_nimg=40_000,
            epoch_nimg=400,
            ema_halflife_nimg=500.0,
        )
    ),
    data=DataConfig(
        image_width=256, image_height=192, load_width=288, load_height=216, color_jitter=0.3, folds=10, workers=1
    ),
    run=RunConfig(total_nimg=40_000, batch_size=8, status_nimg=400, snapshot_nimg=2_000, evaluate_every=1),
)
