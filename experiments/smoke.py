"""Train all nine systems one after the other, for a few images each at the smallest size, to see that they run.

Each system's folder is created in the run's folder. The two halves of the photos serve as the two unpaired image sets
and as the two classes.

Command: bash run.sh train --experiment experiments/smoke.py
"""

from pathlib import Path
from typing import Any, Dict

from data_tools.basics.files import write_atomic
from data_tools.sets.pairing import find_pairs
from jittor_tsit.config import (
    BicycleGANConfig,
    CycleGANConfig,
    DataConfig,
    Experiment,
    OASISConfig,
    Pix2PixConfig,
    RunConfig,
    SimGANConfig,
    SPADEConfig,
    StarGANConfig,
    SynthesisWeights,
    TSITConfig,
    TSITWeights,
    UNITConfig,
)

HALVES = ("trainA", "trainB")
WIDTH, HEIGHT = 256, 128  # the smallest that TSIT accepts

CONFIGS: Dict[str, Any] = {
    "tsit": TSITConfig(width=2, width_D=2, weights=TSITWeights(vgg=0)),
    "spade": SPADEConfig(width=2, width_D=2, weights=SynthesisWeights(vgg=0)),
    "oasis": OASISConfig(width=2, width_D=2, z_dim=3),
    "pix2pix": Pix2PixConfig(num_levels=6, width=2, width_D=2),
    "cyclegan": CycleGANConfig(num_blocks=1, width=2, width_D=2, num_layers_D=1, pool_size=2),
    "simgan": SimGANConfig(width=2, pretrain_G=1, pretrain_D=1, k_g=1, pool_size=2),
    "unit": UNITConfig(num_blocks=1, num_layers_D=1, width=2, width_D=2),
    "bicyclegan": BicycleGANConfig(
        num_levels=6, width=2, width_D=2, width_E=2, num_layers_E=1, num_layers_D=1, z_dim=3
    ),
    "stargan": StarGANConfig(
        attributes=(), classes=HALVES, num_blocks=1, num_layers_D=2, width=2, width_D=2, n_critic=2
    ),
}
PAIRED = ("tsit", "spade", "oasis", "pix2pix", "bicyclegan")


def prepare(data: Path, folder: Path) -> None:
    """Copy every second photo to `trainA` and the others to `trainB`.

    Args:
        data: A set in the contest's layout.
    """
    for number, pair in enumerate(find_pairs(data)):
        target = folder / HALVES[number % 2] / pair.photo.name
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(target, pair.photo.read_bytes())


def experiments(data: Path, folder: Path) -> Dict[str, Experiment]:
    """One experiment for each system. Systems that need pairs read `data`, the others read `folder`."""
    run = RunConfig(total_nimg=4, status_nimg=2, snapshot_nimg=2, grid_rows=2)
    roots = {system: data if system in PAIRED else folder for system in CONFIGS}
    return {
        system: Experiment(system, config, DataConfig(str(roots[system]), image_width=WIDTH, image_height=HEIGHT), run)
        for system, config in CONFIGS.items()
    }
