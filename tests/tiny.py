"""The smallest system, batch and experiment of each kind, shared by the tests so that kernels compile once."""

import dataclasses
from pathlib import Path

import jittor as jt
import numpy as np

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig
from jittor_tsit.data import PairedBatch, UnpairedBatch, one_hot, to_image
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.tsit import TSITConfig, TSITWeights

HEIGHT, WIDTH, NUM_CLASSES = 128, 256, 29  # TSIT's least size

CONFIGS = {
    "tsit": TSITConfig(width=2, width_D=2, weights=TSITWeights(vgg=0), optim=OptimConfig(ema_halflife_nimg=2.0)),
    "tsit-ast": TSITConfig(form="ast", width=2, width_D=2, num_layers_D=3, weights=TSITWeights(vgg=0)),
}


def make_system(name: str, is_training=True):
    """A system with the same weights every time."""
    jt.set_global_seed(0)
    config = CONFIGS[name]
    system = SYSTEMS[name.partition("-")[0]](config, NUM_CLASSES, HEIGHT, WIDTH, seed=0)
    if is_training:
        system.prepare_training()
    return system


def make_batch(kind: str, size=1, with_image=True):
    """Random input of a batch kind."""
    rng = np.random.default_rng(1)
    photos = [rng.integers(0, 256, (size, HEIGHT, WIDTH, 3)).astype(np.uint8) for _ in range(2)]
    if kind == "unpaired":
        return UnpairedBatch(to_image(photos[0]), to_image(photos[1]), range(size))
    label = rng.integers(0, NUM_CLASSES, (size, HEIGHT // 8, WIDTH // 8)).astype(np.uint8).repeat(8, 1).repeat(8, 2)
    return PairedBatch(one_hot(label, NUM_CLASSES), to_image(photos[0]) if with_image else None, range(size))


def make_experiment(root: Path, **run) -> Experiment:
    """A run of a few images on a set of tiny pairs."""
    data = DataConfig(root=str(root), image_width=WIDTH, image_height=HEIGHT)
    defaults = RunConfig(total_nimg=4, status_nimg=1, snapshot_nimg=2, grid_rows=1)
    return Experiment("tsit", CONFIGS["tsit"], data, dataclasses.replace(defaults, **run))
