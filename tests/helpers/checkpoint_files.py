"""Checkpoints for tests: made, and damaged."""

import numpy as np

from jittor_tsit.runs.checkpoint import Checkpoint, Progress, checkpoint_path, save_checkpoint


def make(value=1.0, nimg=10):
    arrays = {"G.weight": np.full((2, 3), value, np.float32), "G_ema.weight": np.zeros(4, np.float32)}
    return Checkpoint(arrays, Progress(nimg, nimg // 2), {"system": "tsit", "config": {"width": 2}})


def save_two(run_dir):
    """Checkpoints after 10 and 20 images; the path of the newer."""
    for nimg in (10, 20):
        save_checkpoint(checkpoint_path(run_dir, nimg), make(nimg=nimg))
    return checkpoint_path(run_dir, 20)


def flip(path, place, mask=1):
    """Change bits of one byte."""
    data = bytearray(path.read_bytes())
    data[place] ^= mask
    path.write_bytes(data)
