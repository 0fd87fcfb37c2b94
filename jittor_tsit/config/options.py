"""The options of an experiment as typed dataclasses, and their JSON form."""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Optional, Tuple, get_type_hints

from data_tools.basics.errors import InputError
from data_tools.sets.class_list import MAX_CLASSES
from data_tools.sets.classes import IMAGE_HEIGHT, IMAGE_WIDTH, MAX_ID, NUM_CLASSES


@dataclass(frozen=True)
class OptimConfig:
    """Options of Adam with two learning rates (TTUR, Heusel et al., NIPS 2017) and a stepwise linear decay.

    Numbers of images are counted over all processes.
    """

    lr_G: float = 1e-4  # half of the papers' 2e-4, because of TTUR, as in SPADE and TSIT
    lr_D: float = 4e-4  # twice the papers' 2e-4, because of TTUR
    betas: Tuple[float, float] = (0.0, 0.9)  # as with TTUR; (0.5, 0.999) without it
    constant_nimg: int = 0  # images at the full learning rate; used only with decay_nimg
    decay_nimg: int = 0  # images over which the learning rate decays linearly to 0; 0: no decay
    epoch_nimg: int = 1000  # the learning rate changes once in this number of images; one epoch in the papers
    weight_decay: float = 0.0  # of AdamW, for the segmenter; the papers of image synthesis use none
    ema_halflife_nimg: float = 0.0  # half-life, in images, of the moving average of G's weights; 0: no average
    clip_norm: float = 0.0  # largest norm of the gradient over all parameters of an optimizer; 0: no clipping

    def __post_init__(self):
        for name in ("lr_G", "lr_D", "constant_nimg", "decay_nimg", "weight_decay", "ema_halflife_nimg", "clip_norm"):
            _require(getattr(self, name) >= 0, f"optim.{name}={getattr(self, name)}: must be 0 or more")
        _require(self.epoch_nimg > 0, f"optim.epoch_nimg={self.epoch_nimg}: must be positive")
        _require(all(0 <= beta < 1 for beta in self.betas), f"optim.betas={self.betas}: each from 0 to below 1")


def image_gan_optim(epoch_nimg: int, constant: int, decay: int, falls_early: bool = True) -> OptimConfig:
    """Return the learning rates and the schedule of the official code of pix2pix, CycleGAN and BicycleGAN.

    Args:
        epoch_nimg: Images in an epoch.
        constant: Number of epochs at the full learning rate.
        decay: Number of epochs of linear decay after them.
        falls_early: Whether the decay starts with the last constant epoch and ends with an epoch at learning rate 0,
            as in the code of pix2pix and CycleGAN since 2020. Otherwise it starts one epoch later and never reaches 0.
    """
    full = (constant - 1 - falls_early) * epoch_nimg
    length = (decay + 1) * epoch_nimg
    return OptimConfig(2e-4, 2e-4, (0.5, 0.999), constant_nimg=full, decay_nimg=length, epoch_nimg=epoch_nimg)


@dataclass(frozen=True)
class DataConfig:
    """The data set, and the sizes and augmentations of its images."""

    root: str = ""  # folder in the contest's layout; --data sets it
    split: str = ""  # file with the stems to train on, or the folder of the phases' files; empty: all pairs
    image_width: int = IMAGE_WIDTH  # the contest's 512
    image_height: int = IMAGE_HEIGHT  # the contest's 384
    load_width: int = 0  # training images are resized to this, then cropped at random; 0: no crop
    load_height: int = 0  # see load_width; 0: no crop
    load_side: int = 0  # unpaired images, instead of both: resize the shorter side to this, bilinearly, then crop
    output_width: int = IMAGE_WIDTH  # of the images that `test` writes for label maps; the contest's 512
    output_height: int = IMAGE_HEIGHT  # the contest's 384
    num_classes: int = NUM_CLASSES  # the contest's 29
    unknown_id: int = -1  # id of pixels without a class; 0: classes are numbered from 1; -1: there are no such pixels
    domains: Tuple[str, str] = ("trainA", "trainB")  # unpaired images: folders of the domains a and b
    direction: str = "AtoB"  # pairs of images: a is the input (AtoB), or b (BtoA)
    side_by_side: Optional[bool] = None  # pairs of images: both in one file, a left, b right; auto: train detects it
    class_names: Tuple[str, ...] = ()  # names of the classes, one for each, with or without a colour (--class-names)
    instance_edges: bool = False  # add a channel with the borders of objects, read from the folder `instances`
    flip: bool = True  # mirror half of the pairs at random, photo and label map together
    color_jitter: float = 0.0  # change photos' brightness, contrast and saturation by up to this share; 0: no change
    warp: float = 0.0  # TSIT, SPADE: warp G's label maps at random by up to this share of a side; 0: not at all
    balance_pairs: float = 0.0  # draw pairs with rare classes more often: 0 not at all, 1 by rarity, 0.5 by its root
    folds: int = 0  # parts of about equal size, split by a hash of the name; training leaves out one part; 0: no split
    fold: int = 1  # the held-out part, counted from 1
    crop: int = 0  # labelled photos: side of the square to cut from the middle, in pixels; 0: the whole photo
    second_crop: int = 0  # the same for the photos of the second set
    num_test: int = 0  # photos of an attribute list to keep for testing; StarGAN keeps 1,999 of CelebA
    second_root: str = ""  # labelled photos of two sets: folder of the set with classes
    workers: int = 1  # processes that read ahead; one is fast enough for training on a CPU
    cache: str = ""  # file for decoded and resized pairs, written if missing or outdated; empty: no cache
    max_skipped: int = 10  # training skips up to so many unreadable files; more files stop it

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
        has_place = self.unknown_id in (-1, 0) or self.num_classes <= self.unknown_id <= MAX_ID
        _require(has_place, f"unknown_id={self.unknown_id}: allowed are -1, 0 and {self.num_classes} to {MAX_ID}")
        has_names = len(self.class_names) in (0, self.num_classes)
        _require(has_names, f"class_names: {len(self.class_names)} names for num_classes={self.num_classes}")
        _require(self.direction in ("AtoB", "BtoA"), f"direction={self.direction}: allowed are AtoB, BtoA")
        _require(0 <= self.color_jitter < 1, f"color_jitter={self.color_jitter}: from 0 to below 1")
        _require(0 <= self.warp < 0.125, f"warp={self.warp}: from 0 to below 0.125, where maps could fold over")
        _require(0 <= self.balance_pairs <= 1, f"balance_pairs={self.balance_pairs}: from 0 to 1")
        _require(self.folds == 0 or self.folds >= 2, f"folds={self.folds}: must be 0, or at least 2")
        in_range = 1 <= self.fold <= max(self.folds, 1)
        _require(in_range, f"fold={self.fold}: allowed are 1 to {max(self.folds, 1)} (folds)")
        _require(self.workers >= 1, f"workers={self.workers}: at least 1")


ON_NAN = ("stop", "skip")
PRECISIONS = ("float32", "bf16", "fp16")


@dataclass(frozen=True)
class RunConfig:
    """Length of training, and intervals of reports and checkpoints. All intervals are numbers of images."""

    total_nimg: int = 0  # images to train on; 0 if the experiment has phases
    batch_size: int = 1  # images in a step
    accumulate: int = 1  # forward passes in a step; more need less memory, and batch norm sees a part of the batch
    status_nimg: int = 100  # between lines of the log
    snapshot_nimg: int = 10_000  # between checkpoints and sample grids
    keep_snapshots: int = 3  # number of newest checkpoints to keep; one of full width takes about 5 GB
    evaluate_every: int = 0  # score the held-out pairs (data.folds) after so many snapshots; 0: never
    judges: str = "judges"  # folder of the judges' weights for that, as in `score`
    grid_rows: int = 4  # pairs in the sample grid
    seed: int = 0  # of the initial weights, the order of the images and all random draws
    initial: str = ""  # checkpoint from which a new run takes its networks (--from-weights); empty: random weights
    on_nan: str = "stop"  # for a loss or gradient that is not finite: "stop" the run or "skip" the step
    tensorboard: bool = False  # write event files for TensorBoard into the run's folder (--tensorboard)
    precision: str = "float32"  # of convolutions in training: float32, bf16, or fp16 with loss scaling

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
    """A part of a run with its own data, sizes, learning rates or loss weights. 0 or empty: as in the experiment.

    Give its length either in epochs or in images.
    """

    epochs: int = 0  # length in passes over its pairs
    nimg: int = 0  # length in images
    split: str = ""  # file of stems, in the folder data.split
    batch_size: int = 0  # images in a step
    accumulate: int = 0  # forward passes in a step
    image_width: int = 0  # TSIT, SPADE: width of the training images in pixels; give image_height, too
    image_height: int = 0  # see image_width; a size before the crop (load_width, load_height) is scaled alike
    lr_G: float = 0.0  # learning rate of G, and of E
    lr_D: float = 0.0  # learning rate of D
    weights: Mapping[str, float] = field(default_factory=dict)  # loss term -> weight

    def __post_init__(self):
        for name in ("epochs", "nimg", "batch_size", "accumulate", "image_width", "image_height", "lr_G", "lr_D"):
            _require(getattr(self, name) >= 0, f"{name}={getattr(self, name)} of a phase: must be 0 or more")
        _require((self.epochs > 0) != (self.nimg > 0), "a phase needs its length, either in epochs or in nimg")


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InputError(message)


@dataclass(frozen=True)
class Experiment:
    """All options of one run: the system, the data and the length. An experiment file defines one of them."""

    system: str  # a name in systems.SYSTEMS
    config: Any  # an instance of the system's Config
    data: DataConfig = DataConfig()
    run: RunConfig = RunConfig()
    phases: Tuple[Phase, ...] = ()  # parts of the run, one after the other; empty: run.total_nimg images

    def __post_init__(self):
        if self.data.warp:
            warps = getattr(self.config, "warps_label_maps", False)
            _require(warps, f"warp={self.data.warp}: {self.system} has no such option, only tsit and spade; must be 0")
        self._check_sizes_of_phases()
        if self.run.evaluate_every:
            _require(self.data.folds > 0, "evaluate_every: needs held-out pairs; set folds, such as folds=10")
        if self.phases:
            _require(self.run.total_nimg == 0, "total_nimg: must be 0, because the phases give the length of training")
        else:
            _require(self.run.total_nimg > 0, "total_nimg=0: must be positive in an experiment without phases")

    def _check_sizes_of_phases(self) -> None:
        for number, phase in enumerate(self.phases, start=1):
            width, height = phase.image_width, phase.image_height
            if not (width or height):
                continue
            where = f"phase {number}: image_width={width}, image_height={height}"
            _require(min(width, height) > 0, f"{where}: give both, or none for the experiment's")
            takes = getattr(self.config, "takes_any_size", False)
            _require(takes, f"{where}: {self.system} has one size in a run, only tsit and spade have several")
            _require(not self.data.cache, f"{where}: data.cache holds images of one size; must be empty")
            try:
                self.config.require_size(height, width)
            except InputError as error:
                raise InputError(f"phase {number}: {error}") from None


def to_json(experiment: Experiment) -> str:
    """Return the options as indented JSON."""
    return json.dumps(dataclasses.asdict(experiment), indent=2) + "\n"


def from_dict(kind: type, values: Any) -> Any:
    """Make a config, with nested configs, from the dict of its JSON form.

    Args:
        kind: The dataclass.

    Raises:
        InputError: This version has no such field, or a value has another type.
    """
    if not isinstance(values, dict):
        raise InputError(f"{kind.__name__}: {_describe(values)} instead of its fields")
    kinds = get_type_hints(kind)
    unknown = sorted(set(values) - set(kinds))
    if unknown:
        raise InputError(f"{kind.__name__} has no field {unknown[0]}; the fields are {', '.join(sorted(kinds))}")
    return kind(**{name: _from_json(f"{kind.__name__}.{name}", kinds[name], value) for name, value in values.items()})


def _from_json(name: str, kind: type, value: Any) -> Any:
    if dataclasses.is_dataclass(kind):
        return from_dict(kind, value)
    value = tuple(value) if isinstance(value, list) else value
    if not _IS_OF[kind](value):
        raise InputError(f"{name} is {_describe(value)}, which has the wrong type")
    return value


def _describe(value: Any) -> str:
    return repr(value)[:60]


def _is_number(value: Any) -> bool:
    return type(value) is int and abs(value) < 2**63 or type(value) is float and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return type(value) is int and abs(value) < 2**63  # fits into the int64 of C and NumPy


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_tuple_of(is_of: Callable[[Any], bool], *lengths: int) -> Callable[[Any], bool]:
    return lambda value: (
        type(value) is tuple and (not lengths or len(value) in lengths) and all(is_of(each) for each in value)
    )


_IS_OF: Dict[Any, Callable[[Any], bool]] = {  # type of a field -> check of a value
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
