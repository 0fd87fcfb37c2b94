"""The smallest system, batch and experiment of each kind, shared by the tests so that kernels compile once."""

import dataclasses
from pathlib import Path

import jittor as jt
import numpy as np

from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig
from jittor_tsit.data import IMAGES_ONLY, ImageBatch, PairedBatch, alone, one_hot, to_image
from jittor_tsit.layers.norm import BatchNorm
from jittor_tsit.parallel import Share
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.bicyclegan import BicycleGANConfig
from jittor_tsit.systems.cyclegan import CycleGANConfig
from jittor_tsit.systems.pix2pix import Pix2PixConfig
from jittor_tsit.systems.segformer import SegFormerConfig
from jittor_tsit.systems.spade import SPADEConfig
from jittor_tsit.systems.synthesis import SynthesisWeights
from jittor_tsit.systems.tsit import TSITConfig, TSITWeights

HEIGHT, WIDTH, NUM_CLASSES = 128, 256, 29  # TSIT's least size

CONFIGS = {
    "tsit": TSITConfig(width=2, width_D=2, weights=TSITWeights(vgg=0), optim=OptimConfig(ema_halflife_nimg=2.0)),
    "tsit-ast": TSITConfig(form="ast", width=2, width_D=2, num_layers_D=3, weights=TSITWeights(vgg=0)),
    "spade": SPADEConfig(width=2, width_D=2, weights=SynthesisWeights(vgg=0)),
    "pix2pix": Pix2PixConfig(num_levels=6, width=2, width_D=2),
    "cyclegan": CycleGANConfig(num_blocks=1, width=2, width_D=2, num_layers_D=1, pool_size=2),
    "bicyclegan": BicycleGANConfig(
        num_levels=6, width=2, width_D=2, width_E=2, num_layers_E=1, num_layers_D=1, z_dim=3
    ),
    "segformer": SegFormerConfig(balance=0, optim=OptimConfig(weight_decay=0.01)),  # by class a part weighs its own way
}


def make_system(name: str, is_training=True):
    """A system with the same weights every time."""
    jt.set_global_seed(0)
    config = CONFIGS[name]
    system = SYSTEMS[name.partition("-")[0]](config, NUM_CLASSES, HEIGHT, WIDTH, seed=0)
    if is_training:
        system.prepare_training(terms=())
    return system


def make_batch(kind: str, size=1, with_image=True, height=HEIGHT, width=WIDTH):
    """Random input of a batch kind."""
    rng = np.random.default_rng(1)
    photos = [rng.integers(0, 256, (size, height, width, 3)).astype(np.uint8) for _ in range(2)]
    other = to_image(photos[0][:, ::-1])
    if kind in IMAGES_ONLY:
        return ImageBatch(to_image(photos[0]), to_image(photos[1]), range(size), alone(size), other)
    label = rng.integers(0, NUM_CLASSES, (size, height // 8, width // 8)).astype(np.uint8).repeat(8, 1).repeat(8, 2)
    return PairedBatch(
        one_hot(label, NUM_CLASSES),
        to_image(photos[0]) if with_image or kind == "segmentation" else None,
        range(size),
        alone(size),
        other,
    )


def piece_of(batch, index: range, share: Share):
    """Some images of a batch."""
    fields = {"index": index, "share": share}
    for name in ("segmap", "image", "a", "b", "other"):
        if getattr(batch, name, None) is not None:
            fields[name] = getattr(batch, name)[index.start : index.stop]
    return type(batch)(**fields)


def record_step(system, parts) -> dict:
    """What one step of a new system computes: losses, gradients, running statistics.

    Gradients are read from Adam's first moments, which they are after the first step with betas (0, 0.9).
    """
    terms = system.train_step(parts, 0)
    jt.sync_all()
    state = {name: var for name, var in system.state_dict().items() if ".mean." in name or "running_" in name}
    return {name: var.numpy() for name, var in {**state, **terms}.items()}


def assert_same_step(ours: dict, other: dict, rtol: float) -> None:
    """Every array to `rtol` of the largest value that its network's arrays of that kind have."""
    assert set(ours) == set(other)
    scale = {}
    for name, array in other.items():
        scale[kind_of(name)] = max(scale.get(kind_of(name), 0.0), float(np.abs(array).max()))
    for name, array in other.items():
        difference = float(np.abs(ours[name] - array).max())
        bound = rtol * scale[kind_of(name)] + 1e-10  # the KL divergence of codes near N(0, 1) is a sum that cancels
        assert difference <= bound, f"{name}: off by {difference}, scale {scale[kind_of(name)]}"


def kind_of(name: str) -> str:
    """ "optimizer_G.mean.E.linear_mu.bias" -> "optimizer_G.mean.E", all of D alike, other names -> themselves"""
    depth = 2 if name.startswith("optimizer_D") else 3
    return ".".join(name.split(".")[:depth]) if ".mean." in name else name


def hold_batch_norm(system) -> None:
    """Batch norm by running statistics, so that no image depends on another."""
    for part in (part for net in system.networks.values() for part in net.modules()):
        if isinstance(part, BatchNorm):
            part.is_train = False


def make_experiment(root: Path, **run) -> Experiment:
    """A run of a few images on a set of tiny pairs."""
    data = DataConfig(root=str(root), image_width=WIDTH, image_height=HEIGHT)
    defaults = RunConfig(total_nimg=4, status_nimg=1, snapshot_nimg=2, grid_rows=1)
    return Experiment("tsit", CONFIGS["tsit"], data, dataclasses.replace(defaults, **run))
