"""The smallest system, batch and experiment of each kind, shared by the tests so that kernels compile once."""

import contextlib
import dataclasses
from pathlib import Path

import jittor as jt
import numpy as np

from helpers.variants import VARIANTS
from jittor_tsit.config import DataConfig, Experiment, OptimConfig, RunConfig
from jittor_tsit.data.batch_kinds import PhotosWithLabels, TwoDomainsWithClasses
from jittor_tsit.data.batches import (
    ImageBatch,
    LabelledBatch,
    LabelledImages,
    PairedBatch,
    full_share,
    to_image,
    to_segmap,
)
from jittor_tsit.layers.image_layouts import OneHot, label_image
from jittor_tsit.layers.norm import BatchNorm
from jittor_tsit.runtime.parallel import Share
from jittor_tsit.systems import system_class
from jittor_tsit.systems.bicyclegan import BicycleGANConfig
from jittor_tsit.systems.cyclegan import CycleGANConfig
from jittor_tsit.systems.draws import initial_draws
from jittor_tsit.systems.oasis import OASISConfig
from jittor_tsit.systems.pix2pix import Pix2PixConfig
from jittor_tsit.systems.segformer import SegFormerConfig
from jittor_tsit.systems.simgan import SimGANConfig
from jittor_tsit.systems.spade import SPADEConfig
from jittor_tsit.systems.stargan import StarGANConfig
from jittor_tsit.systems.synthesis import SynthesisWeights
from jittor_tsit.systems.tsit import TSITConfig, TSITWeights
from jittor_tsit.systems.unit import UNITConfig
from jittor_tsit.systems.unit_digits import UNITDigitsConfig

HEIGHT, WIDTH, NUM_CLASSES = 128, 256, 29  # TSIT's least size
# Rows and columns for tests that take many steps. A step at HEIGHT x WIDTH costs up to eight times as much.
SIZES = {"tsit": (HEIGHT, WIDTH), "spade": (64, 128), "pix2pix": (64, 128), "bicyclegan": (64, 128)}
SIZES.update(dict.fromkeys(("cyclegan", "simgan", "unit", "unit_digits", "stargan"), (32, 64)))
SIZES["segformer"] = SIZES["oasis"] = (64, 128)

CONFIGS = {
    "tsit": TSITConfig(width=2, width_D=2, weights=TSITWeights(vgg=0), optim=OptimConfig(ema_halflife_nimg=2.0)),
    "tsit-ast": TSITConfig(  # with everything that is off by default
        form="ast",
        width=2,
        width_D=2,
        num_layers_D=3,
        gan_loss="wgan",
        attention_G=2,
        attention_D=2,
        weights=TSITWeights(vgg=0, cycle=1, gp=10),
    ),
    "spade": SPADEConfig(width=2, width_D=2, weights=SynthesisWeights(vgg=0)),
    "oasis": OASISConfig(width=2, width_D=2, z_dim=3),
    "pix2pix": Pix2PixConfig(num_levels=6, width=2, width_D=2),
    "cyclegan": CycleGANConfig(num_blocks=1, width=2, width_D=2, num_layers_D=1, pool_size=2),
    "cyclegan-dropout": CycleGANConfig(num_blocks=1, width=2, width_D=2, num_layers_D=1, pool_size=2, dropout=True),
    "bicyclegan": BicycleGANConfig(
        num_levels=6, width=2, width_D=2, width_E=2, num_layers_E=1, num_layers_D=1, z_dim=3
    ),
    "stargan": StarGANConfig(attributes=("a", "b"), num_blocks=1, num_layers_D=2, width=2, width_D=2, n_critic=1),
    "simgan": SimGANConfig(width=2, pretrain_G=0, pretrain_D=0, k_g=1, pool_size=2),
    "unit": UNITConfig(num_blocks=1, num_layers_D=1, width=2, width_D=2),
    "unit_digits": UNITDigitsConfig(classes=("a", "b"), width=1, width_D=1),
    "segformer": SegFormerConfig(balance=0, optim=OptimConfig(weight_decay=0.01)),  # by class a part weighs its own way
}


ALL_CONFIGS = {**CONFIGS, **VARIANTS}


def executing(name: str):
    """For the time of a `with` block, a variant's operators run one by one."""
    return jt.flag_scope(lazy_execution=0) if name in VARIANTS else contextlib.nullcontext()


def make_system(name: str, is_training=True, seed=0, size=(HEIGHT, WIDTH)):
    """A system with the same weights every time.

    Args:
        seed: Of the weights.
        size: Rows and columns of its images.
    """
    config = ALL_CONFIGS[name]
    with initial_draws(seed):
        system = system_class(name.partition("-")[0], config)(config, NUM_CLASSES, *size, seed=0)
        if is_training:
            system.prepare_training(terms=())
    return system


def train_once(system, parts) -> dict:
    """The terms of the steps from the first on in which every network has been updated."""
    terms = {}
    for step in range(sum(system.cycle)):  # SimGAN's networks learn in turn, StarGAN's G more rarely than D
        terms.update(system.train_step(parts, step))
    return terms


def make_batch(system, size=1, with_image=True, height=HEIGHT, width=WIDTH, first=0):
    """Random input of a system.

    Args:
        first: Place in the run of the first image.
    """
    kind, place = system.batch_kind, (range(first, first + size), full_share(size))
    rng = np.random.default_rng(1 + first)
    photos = [rng.integers(0, 256, (size, height, width, 3)).astype(np.uint8) for _ in range(2)]
    (a, b), other = kind.channels, to_image(photos[0][:, ::-1], kind.channels[1])
    if isinstance(kind, PhotosWithLabels):
        num_sets = 2 if isinstance(kind, TwoDomainsWithClasses) else 1 + system.names.has_two_sets
        sets = []
        for number, photo in enumerate(photos[:num_sets]):
            labels = [
                jt.array(np.stack([draw_label(system.names, number, rng) for _ in range(size)])) for _ in range(2)
            ]
            sets.append(LabelledImages(to_image(photo), *labels, *place, number))
        return LabelledBatch(tuple(sets))
    if not kind.has_label_maps:
        return ImageBatch(to_image(photos[0], a), to_image(photos[1], b), *place, other)
    label = rng.integers(0, NUM_CLASSES, (size, height // 8, width // 8)).astype(np.uint8).repeat(8, 1).repeat(8, 2)
    return PairedBatch(
        to_segmap(NUM_CLASSES, label),
        to_image(photos[0]) if with_image or kind.predicts_label_maps else None,
        *place,
        other,
    )


def draw_label(names, number: int, rng: np.random.Generator) -> np.ndarray:
    """A random label of a set."""
    if number == 0 and names.attributes:
        return names.of_attributes(rng.integers(0, 2, len(names.attributes)))
    return names.of_class(int(rng.integers(len(names.classes))))


def piece_of(batch, index: range, share: Share):
    """Some images of a batch."""
    fields = {"index": index, "share": share}
    if isinstance(batch, LabelledBatch):
        return LabelledBatch(tuple(piece_of(each, index, share) for each in batch.sets))
    if isinstance(batch, LabelledImages):
        fields["number"] = batch.number
    for name in ("segmap", "image", "a", "b", "other", "label", "target"):
        if getattr(batch, name, None) is not None:
            fields[name] = images_of(getattr(batch, name), slice(index.start, index.stop))
    return type(batch)(**fields)


def images_of(x, place: slice):
    """Some of a batch of images or labels."""
    return label_image(x.ids[place], x.channels) if isinstance(x, OneHot) else x[place]


def record_step(system, parts) -> dict:
    """What one step of a new system computes: losses, gradients, running statistics.

    Gradients are read from Adam's first moments, which they are after the first step with betas (0, 0.9).
    """
    terms = train_once(system, parts)
    jt.sync_all()
    state = {name: var for name, var in system.state_dict().items() if ".mean." in name or "running_" in name}
    return {name: var.numpy() for name, var in {**state, **terms}.items()}


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
