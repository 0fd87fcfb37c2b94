"""Checkpoints of untrained networks, and inputs for them."""

import dataclasses

import numpy as np

from helpers.tiny import CONFIGS, HEIGHT, WIDTH, make_experiment
from jittor_tsit.config import DataConfig
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, checkpoint_path, save_checkpoint
from jittor_tsit.systems.build import make_system
from jittor_tsit.systems.draws import initial_draws


def save_model(run_dir, name, config=None, **data):
    """Write a checkpoint of untrained networks; returns its path."""
    config = config or CONFIGS[name]
    data = dataclasses.replace(DataConfig(root=str(run_dir), image_width=WIDTH, image_height=HEIGHT), **data)
    experiment = dataclasses.replace(make_experiment(run_dir), system=name, config=config, data=data)
    with initial_draws(0):
        system = make_system(experiment)
    arrays = {key: var.numpy() for key, var in system.state_dict().items()}
    path = checkpoint_path(run_dir, 4)
    run_dir.mkdir(exist_ok=True)
    save_checkpoint(path, Checkpoint(arrays, Progress(4, 4), dataclasses.asdict(experiment)))
    return path


def draw_map(rng, width=40, height=30, num_classes=29):
    return rng.integers(0, num_classes, (height // 5, width // 5)).astype(np.uint8).repeat(5, 0).repeat(5, 1)


def draw_photo(rng, width=50, height=30):
    return rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
