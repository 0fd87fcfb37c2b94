"""Typed options of an experiment and their JSON form."""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Optional, Tuple, get_type_hints

from data_tools.basics.errors import InputError
from data_tools.sets.classes import IMAGE_HEIGHT, IMAGE_WIDTH, NUM_CLASSES


@dataclass(frozen=True)
class OptimConfig:
    """Adam with two time scales (Heusel et al., NIPS 2017) and a stepwise linear decay."""

    lr_G: float = 1e-4  # half of the papers' 2e-4, as TTUR in SPADE and TSIT has it
    lr_D: float = 4e-4  # twice the papers' 2e-4
    betas: Tuple[float, float] = (0.0, 0.9)  # TTUR's; (0.5, 0.999) without it
    constant_nimg: int = 0  # images at the full rate; used only with decay_nimg
    decay_nimg: int = 0  # images over which the rate falls; 0: it never does
    epoch_nimg: int = 1000  # the rate falls once in so many images; an epoch in the papers
    weight_decay: float = 0.0  # AdamW's, of the segmenter; the papers of image synthesis have none
    ema_halflife_nimg: float = 0.0  # half-life of G's averaged weights; 0: no average is kept
    clip_norm: float = 0.0  # longest gradient of one optimizer, over all its parameters; 0, as in the papers: any

    def __post_init__(self):
        for name in ("lr_G", "lr_D", "constant_nimg", "decay_nimg", "weight_decay", "ema_halflife_nimg", "clip_norm"):
            _require(getattr(self, name) >= 0, f"optim.{name}={getattr(self, name)}: must be 0 or more")
        _require(self.epoch_nimg > 0, f"optim.epoch_nimg={self.epoch_nimg}: must be positive")
        _require(all(0 <= beta < 1 for beta in self.betas), f"optim.betas={self.betas}: each from 0 to below 1")


def image_gan_optim(epoch_nimg: int, constant: int, decay: int, falls_early: bool = True) -> OptimConfig:
    """Rates and schedule of the official code of pix2pix, CycleGAN and BicycleGAN.

    Args:
        epoch_nimg: Images of an epoch.
        constant, decay: Epochs at the full rate, and of linear decay after them.
        falls_early: The rate falls at the start of the last constant epoch for the first time, and is 0 in the last of
            all, as in pix2pix' and CycleGAN's code since 2020; otherwise an epoch later, and never 0.
    """
    full = (constant - 1 - falls_early) * epoch_nimg
    length = (decay + 1) * epoch_nimg
    return OptimConfig(2e-4, 2e-4, (0.5, 0.999), constant_nimg=full, decay_nimg=length, epoch_nimg=epoch_nimg)


MAX_CLASSES = 255  # ids are kept in 8 bits; one is left for pixels without a class


@dataclass(frozen=True)
class DataConfig:
    """What is read, and at which size."""

    root: str = ""  # folder in the contest's layout; --data sets it
    split: str = ""  # file of stems to train on, or the folder of the phases' files; empty: all pairs
    image_width: int = IMAGE_WIDTH  # the contest's 512
    image_height: int = IMAGE_HEIGHT  # the contest's 384
    load_width: int = 0  # size from which a training image is cut out at random; 0: the image's own, uncut
    load_height: int = 0
    load_side: int = 0  # of unpaired images, in place of both: to this their shorter side is brought, bilinearly
    output_width: int = (
        IMAGE_WIDTH  # of the files that `test` writes for label maps; the contest's, whatever G works at
    )
    output_height: int = IMAGE_HEIGHT
    num_classes: int = NUM_CLASSES  # the contest's 29
    unknown_id: int = -1  # of pixels without a class, a channel of their own; 0: classes count from 1; -1: no such
    domains: Tuple[str, str] = ("trainA", "trainB")  # folders of unpaired images, a and b
    direction: str = "AtoB"  # of pairs of images: a is the input, or with BtoA b
    side_by_side: Optional[bool] = None  # pairs of images: a left, b right in one file; null: train sets what it finds
    instance_edges: bool = False  # one more channel: borders of the instances, whose numbers lie in `instances`
    flip: bool = True  # mirror half of the pairs, photo and label together
    color_jitter: float = 0.0  # photos' brightness, contrast and saturation change by up to this share; 0: they do not
    folds: int = 0  # parts into which the pairs fall by name, one of which is held out of training; 0: none is
    fold: int = 1  # the part that is held out, counted from 1
    crop: int = 0  # of photos with labels: side of the square in their middle that is seen, in pixels; 0: all
    second_crop: int = 0  # the same of the second set's photos
    num_test: int = 0  # photos of an attribute list that are kept for test; StarGAN keeps 1,999 of CelebA
    second_root: str = ""  # of photos with labels in two sets: folder of those with classes
    workers: int = 1  # processes that read ahead; one keeps up with a CPU's training step
    cache: str = ""  # file of the pairs decoded and resized, made where it is missing or stale; empty: there is none
    max_skipped: int = 10  # files that training goes on without when they cannot be read; more is a fault of the disk

    def __post_init__(self):
        for name in ("image_width", "image_height", "output_width", "output_height"):
            _require(getattr(self, name) > 0, f"{name}={getattr(self, name)}: must be positive")
        for name in ("crop", "second_crop", "num_test", "max_skipped"):
            _require(getattr(self, name) >= 0, f"{name}={getattr(self, name)}: must be 0 or more")
        for load, size in (("load_width", "image_width"), ("load_height", "image_height")):
            fits = getattr(self, load) >= getattr(self, size) if self.load_width else getattr(self, load) == 0
            _require(fits, f"{load}={getattr(self, load)}: must be at least {size}, or both load sizes 0")
        least = max(self.image_width, self.image_height)
        fits = not self.load_side or (self.load_side >= least and not self.load_width)
        _require(fits, f"load_side={self.load_side}: must be at least {least}, with both load sizes 0; or 0")
        _require(
            1 <= self.num_classes <= MAX_CLASSES, f"num_classes={self.num_classes}: allowed are 1 to {MAX_CLASSES}"
        )
        has_place = self.unknown_id in (-1, 0) or self.num_classes <= self.unknown_id <= MAX_CLASSES
        _require(has_place, f"unknown_id={self.unknown_id}: allowed are -1, 0 and {self.num_classes} to {MAX_CLASSES}")
        _require(self.direction in ("AtoB", "BtoA"), f"direction={self.direction}: allowed are AtoB, BtoA")
        _require(0 <= self.color_jitter < 1, f"color_jitter={self.color_jitter}: from 0 to below 1")
        _require(self.folds == 0 or self.folds >= 2, f"folds={self.folds}: must be 0, or at least 2")
        in_range = 1 <= self.fold <= max(self.folds, 1)
        _require(in_range, f"fold={self.fold}: allowed are 1 to {max(self.folds, 1)} (folds)")
        _require(self.workers >= 1, f"workers={self.workers}: at least 1")


ON_NAN = ("stop", "skip")
PRECISIONS = ("float32", "bf16", "fp16")


@dataclass(frozen=True)
class RunConfig:
    """How long to train, and when to report. All counts are images."""

    total_nimg: int = 0  # where the phases, if there are any, do not say it
    batch_size: int = 1
    accumulate: int = 1  # parts in which a batch goes through the networks: less memory, batch norm by part
    status_nimg: int = 100  # one line of numbers
    snapshot_nimg: int = 10_000  # one checkpoint and one sample grid
    keep_snapshots: int = 3  # newest checkpoints kept; one of full width takes about 5 GB
    evaluate_every: int = 0  # snapshots from one scoring of the held-out pairs (data.folds) to the next; 0: none
    judges: str = "judges"  # folder of the judges' weights for it, as `score` has it
    grid_rows: int = 4  # pairs in the sample grid
    seed: int = 0
    initial: str = ""  # checkpoint whose networks a new run begins with, as --from-weights names it; empty: none
    on_nan: str = "stop"  # or skip: what a loss or gradient that is not finite does to its step
    precision: str = "float32"  # of convolutions in training; or bf16, or fp16, whose losses are scaled

    def __post_init__(self):
        _require(self.total_nimg >= 0, f"total_nimg={self.total_nimg}: must be 0 or more")
        for name in ("batch_size", "accumulate", "status_nimg", "snapshot_nimg", "keep_snapshots", "grid_rows"):
            _require(getattr(self, name) > 0, f"{name}={getattr(self, name)}: must be positive")
        _require(self.evaluate_every >= 0, f"evaluate_every={self.evaluate_every}: must be 0 or more")
        _require(0 <= self.seed < 2**32, f"seed={self.seed}: allowed are 0 to 2^32 - 1")
        _require(self.on_nan in ON_NAN, f"on_nan={self.on_nan}: allowed are {', '.join(ON_NAN)}")
        allowed = ", ".join(PRECISIONS)
        _require(self.precision in PRECISIONS, f"precision={self.precision}: allowed are {allowed}")


@dataclass(frozen=True)
class Phase:
    """A part of a run with data, batch size, rates or loss weights of its own; 0 or empty: the experiment's."""

    epochs: int = 0  # passes over its pairs; or
    nimg: int = 0  # images
    split: str = ""  # file of stems, in the folder that data.split names
    batch_size: int = 0
    accumulate: int = 0
    lr_G: float = 0.0
    lr_D: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)  # of loss terms, by name

    def __post_init__(self):
        for name in ("epochs", "nimg", "batch_size", "accumulate", "lr_G", "lr_D"):
            _require(getattr(self, name) >= 0, f"{name}={getattr(self, name)} of a phase: must be 0 or more")
        _require((self.epochs > 0) != (self.nimg > 0), "a phase needs its length, either in epochs or in nimg")


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InputError(message)


@dataclass(frozen=True)
class Experiment:
    """One run: a system with its options, its data and its length. An experiment file defines one of them."""

    system: str  # a name in systems.SYSTEMS
    config: Any  # that system's Config
    data: DataConfig = DataConfig()
    run: RunConfig = RunConfig()
    phases: Tuple[Phase, ...] = ()  # one after the other; none: one stretch of run.total_nimg images

    def __post_init__(self):
        if self.run.evaluate_every:
            _require(self.data.folds > 0, "evaluate_every: needs pairs that are held out; set folds, such as folds=10")
        if self.phases:
            _require(self.run.total_nimg == 0, "total_nimg: the phases say how long this experiment trains")
        else:
            _require(self.run.total_nimg > 0, "total_nimg=0: must be positive where there are no phases")


def to_json(experiment: Experiment) -> str:
    """The options as JSON, indented."""
    return json.dumps(dataclasses.asdict(experiment), indent=2) + "\n"


def from_dict(kind: type, values: Dict[str, Any]) -> Any:
    """A config from the dict that its JSON form gives, nested configs included.

    Raises:
        InputError: A field that this version does not know, or a value of another type.
    """
    if not isinstance(values, dict):
        raise InputError(f"{kind.__name__}: {_shown(values)} in place of its fields")
    kinds = get_type_hints(kind)
    unknown = sorted(set(values) - set(kinds))
    if unknown:
        raise InputError(f"{kind.__name__} has no field {unknown[0]}; there are {', '.join(sorted(kinds))}")
    return kind(**{name: _from_json(f"{kind.__name__}.{name}", kinds[name], value) for name, value in values.items()})


def _from_json(name: str, kind: type, value: Any) -> Any:
    if dataclasses.is_dataclass(kind):
        return from_dict(kind, value)
    value = tuple(value) if isinstance(value, list) else value
    if not _IS_OF[kind](value):
        raise InputError(f"{name} is {_shown(value)}, which is of another type")
    return value


def _shown(value: Any) -> str:
    return repr(value)[:60]  # enough to tell what it is


def _is_number(value: Any) -> bool:
    return type(value) is int and abs(value) < 2**63 or type(value) is float and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return type(value) is int and abs(value) < 2**63  # as C and NumPy count


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_tuple_of(is_of: Callable[[Any], bool], *lengths: int) -> Callable[[Any], bool]:
    return lambda value: (
        type(value) is tuple and (not lengths or len(value) in lengths) and all(is_of(each) for each in value)
    )


_IS_OF: Dict[Any, Callable[[Any], bool]] = {  # every type of a field
    int: _is_whole,
    float: _is_number,
    bool: lambda value: type(value) is bool,
    Optional[bool]: lambda value: value is None or type(value) is bool,
    str: _is_text,
    Tuple[float, float]: _is_tuple_of(_is_number, 2),
    Tuple[int, int]: _is_tuple_of(_is_whole, 2),
    Tuple[str, str]: _is_tuple_of(_is_text, 2),
    Tuple[str, ...]: _is_tuple_of(_is_text),
    Mapping[str, float]: lambda value: type(value) is dict and all(map(_is_number, value.values())),
}
