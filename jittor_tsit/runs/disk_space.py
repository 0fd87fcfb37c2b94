"""Room on the disk for the checkpoints of a run, estimated from the options. Imports no Jittor."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Dict, NamedTuple, Tuple

from data_tools.basics.errors import InputError
from jittor_tsit.config import CycleGANConfig, Experiment, SegFormerConfig, SimGANConfig
from jittor_tsit.runs.checkpoint import checkpoint_paths

BYTES = 4  # of a float32
MOMENTS = 2  # arrays that Adam keeps for each weight
# System, or system and form -> millions of weights at its default options: of the networks that `width` scales, and of
# those that `width_D` scales. Most weights lie between two layers whose channels both grow with the width: their number
# grows with its square. tests/networks/test_sizes.py holds the exact numbers.
MILLIONS: Dict[str, Tuple[float, float]] = {
    "tsit": (345.0, 5.6),
    "tsit ast": (398.1, 5.6),
    "spade": (92.8, 5.6),
    "oasis": (74.3, 22.9),
    "pix2pix": (54.4, 2.8),
    "pix2pix resnet": (11.4, 2.8),
    "cyclegan": (22.8, 5.5),
    "bicyclegan": (57.4, 6.9),
    "simgan": (0.3, 0.1),
    "unit": (18.0, 25.2),
    "unit rewrite": (22.3, 16.5),
    "unit_digits": (22.6, 4.3),
    "stargan": (8.4, 44.8),
}
SEGFORMER_MILLIONS = {"b0": 3.8, "b1": 13.7, "b2": 27.5, "b3": 47.3, "b4": 64.1, "b5": 84.7}  # as published
SHARE = 0.8  # of the estimate must be free, because depth and number of classes are left out of it


class Need(NamedTuple):
    """What a run needs, in bytes. 0: unknown."""

    checkpoint: int  # size of one checkpoint
    memory: int  # weights, gradients and optimizer while it trains, without activations


def need_of(experiment: Experiment, run_dir: Path) -> Need:
    """Return what a run needs. The size of a checkpoint that the run has written goes before the estimate."""
    weights, averaged, pools = _values(experiment)
    written = [path.stat().st_size for path in checkpoint_paths(run_dir)]
    estimate = BYTES * ((1 + MOMENTS) * weights + averaged + pools)
    return Need(written[-1] if written else estimate, BYTES * ((2 + MOMENTS) * weights + averaged))


def require_space(experiment: Experiment, run_dir: Path) -> None:
    """Check that the checkpoints of a run fit on the disk of its folder.

    Raises:
        InputError: They do not. The message says how much is needed and how much is free.
    """
    size = need_of(experiment, run_dir).checkpoint
    count = num_checkpoints(experiment)
    free = free_bytes(run_dir)
    if free < SHARE * count * size:
        raise InputError(
            f"--run-dir {run_dir}: {in_gb(free)} are free there, but {count} checkpoints of {in_gb(size)} need "
            f"{in_gb(count * size)}; free some space, choose another --run-dir or a smaller keep_snapshots"
        )


def num_checkpoints(experiment: Experiment) -> int:
    """Return how many checkpoints lie on the disk at the same time: one more is written before the oldest is deleted.

    With evaluations the best one is kept besides.
    """
    return experiment.run.keep_snapshots + 1 + bool(experiment.run.evaluate_every)


def free_bytes(run_dir: Path) -> int:
    """Return the free bytes for the checkpoints of a run. The run's own checkpoints count as free.

    The run deletes its old checkpoints when it writes new ones.
    """
    place = next(each for each in (run_dir.absolute(), *run_dir.absolute().parents) if each.is_dir())
    own = sum(path.stat().st_size for path in checkpoint_paths(run_dir))
    return shutil.disk_usage(place).free + own


def in_gb(size: float) -> str:
    """Return a number of bytes as text, in GB, or in MB if it is less than 0.1 GB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def _values(experiment: Experiment) -> Tuple[int, int, int]:
    """Estimate the numbers of a run's weights, averaged weights, and values in the pools of images."""
    config, data = experiment.config, experiment.data
    of_width, of_width_D = _millions(experiment.system, config)
    pixels = data.image_width * data.image_height
    pools = 0
    if isinstance(config, CycleGANConfig):
        pools = 2 * config.pool_size * 3 * pixels
    if isinstance(config, SimGANConfig):
        pools = config.pool_size * config.channels * pixels
    averaged = of_width if config.optim.ema_halflife_nimg else 0
    return int(1e6 * (of_width + of_width_D)), int(1e6 * averaged), pools


def _millions(system: str, config) -> Tuple[float, float]:
    """Return MILLIONS for the widths and the number of scales of these options; 0 for a system that is not there."""
    if isinstance(config, SegFormerConfig):
        return SEGFORMER_MILLIONS[config.size], 0
    form = getattr(config, "form", getattr(config, "generator", ""))
    of_width, of_width_D = MILLIONS.get(f"{system} {form}", MILLIONS.get(system, (0, 0)))
    for name, power in (("width", 2), ("width_D", 2), ("num_scales_D", 1)):
        default = getattr(type(config), name, 0)
        factor = (getattr(config, name) / default) ** power if default else 1
        of_width, of_width_D = (of_width * factor, of_width_D) if name == "width" else (of_width, of_width_D * factor)
    return of_width, of_width_D
