"""Typed options of an experiment, their overrides from the command line, and their JSON form."""

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any, Dict, List, Tuple, get_type_hints

from data_tools.classes import IMAGE_HEIGHT, IMAGE_WIDTH, NUM_CLASSES
from data_tools.errors import InputError


@dataclass(frozen=True)
class OptimConfig:
    """Adam with two time scales (Heusel et al., NIPS 2017) and a stepwise linear decay."""

    lr_G: float = 1e-4  # half of the papers' 2e-4, as TTUR in SPADE and TSIT has it
    lr_D: float = 4e-4  # twice the papers' 2e-4
    betas: Tuple[float, float] = (0.0, 0.9)  # TTUR's; (0.5, 0.999) without it
    constant_nimg: int = 0  # images at the full rate; used only with decay_nimg
    decay_nimg: int = 0  # images over which the rate falls; 0: it never does
    epoch_nimg: int = 1000  # the rate falls once in so many images; an epoch in the papers
    ema_halflife_nimg: float = 0.0  # half-life of G's averaged weights; 0: no average is kept

    def __post_init__(self):
        for name in ("lr_G", "lr_D", "constant_nimg", "decay_nimg", "ema_halflife_nimg"):
            _require(getattr(self, name) >= 0, f"optim.{name}={getattr(self, name)}: must be 0 or more")
        _require(self.epoch_nimg > 0, f"optim.epoch_nimg={self.epoch_nimg}: must be positive")
        _require(all(0 <= beta < 1 for beta in self.betas), f"optim.betas={self.betas}: each from 0 to below 1")


@dataclass(frozen=True)
class DataConfig:
    """What is read, and at which size."""

    root: str = ""  # folder in the contest's layout; --data sets it
    split: str = ""  # file of stems to train on; empty: all pairs
    image_width: int = IMAGE_WIDTH  # the contest's 512
    image_height: int = IMAGE_HEIGHT  # the contest's 384
    num_classes: int = NUM_CLASSES  # the contest's 29
    flip: bool = True  # mirror half of the pairs, photo and label together
    workers: int = 1  # processes that read ahead; one keeps up with a CPU's training step

    def __post_init__(self):
        _require(self.image_width > 0 and self.image_height > 0, "image_width and image_height must be positive")
        _require(
            1 <= self.num_classes <= NUM_CLASSES, f"num_classes={self.num_classes}: allowed are 1 to {NUM_CLASSES}"
        )
        _require(self.workers >= 1, f"workers={self.workers}: at least 1")


@dataclass(frozen=True)
class RunConfig:
    """How long to train, and when to report. All counts are images."""

    total_nimg: int = 2_000_000  # 200 epochs of the contest's 10,000 pairs
    batch_size: int = 1
    status_nimg: int = 100  # one line of numbers
    snapshot_nimg: int = 10_000  # one checkpoint and one sample grid
    keep_snapshots: int = 3  # newest checkpoints kept; one of full width takes about 5 GB
    grid_rows: int = 4  # pairs in the sample grid
    seed: int = 0

    def __post_init__(self):
        for name in ("total_nimg", "batch_size", "status_nimg", "snapshot_nimg", "keep_snapshots", "grid_rows"):
            _require(getattr(self, name) > 0, f"{name}={getattr(self, name)}: must be positive")
        _require(0 <= self.seed < 2**32, f"seed={self.seed}: allowed are 0 to 2^32 - 1")
        for name in ("total_nimg", "status_nimg", "snapshot_nimg"):
            value = getattr(self, name)
            _require(value % self.batch_size == 0, f"{name}={value}: not a multiple of batch_size={self.batch_size}")


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


PARTS = ("config", "data", "run")  # of an Experiment; their field names do not overlap, so overrides need no prefix


def override(experiment: Experiment, assignments: List[str]) -> Experiment:
    """The experiment with fields replaced by `field=value` texts, such as "weights.vgg=20".

    Raises:
        InputError: No such field (the message lists all), or a value of another type.
    """
    changed = {part: {} for part in PARTS}
    for text in assignments:
        path, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"{text}: not an option; overrides read field=value, such as total_nimg=1000")
        part = _part_of(experiment, path)
        changed[part][path] = _parse(path, value, fields_of(getattr(experiment, part))[path])
    parts = {part: _replace(getattr(experiment, part), values) for part, values in changed.items()}
    return dataclasses.replace(experiment, **parts)


def _part_of(experiment: Experiment, path: str) -> str:
    for part in PARTS:
        if path in fields_of(getattr(experiment, part)):
            return part
    known = sorted(name for part in PARTS for name in fields_of(getattr(experiment, part)))
    raise InputError(f"{path}: no such field; there are {', '.join(known)}")


def fields_of(config: Any) -> Dict[str, type]:
    """Dotted name -> type of every field, nested configs unfolded."""
    fields: Dict[str, type] = {}
    for name, kind in get_type_hints(type(config)).items():
        value = getattr(config, name)
        if dataclasses.is_dataclass(value):
            fields.update({f"{name}.{inner}": inner_kind for inner, inner_kind in fields_of(value).items()})
        else:
            fields[name] = kind
    return fields


def _replace(config: Any, values: Dict[str, Any]) -> Any:
    """A copy with other values in the named fields, dotted for nested configs."""
    changes, nested = {}, {}
    for path, value in values.items():
        outer, dot, inner = path.partition(".")
        if dot:
            nested.setdefault(outer, {})[inner] = value
        else:
            changes[path] = value
    changes.update({name: _replace(getattr(config, name), inner) for name, inner in nested.items()})
    return dataclasses.replace(config, **changes)


def _parse(path: str, text: str, kind: type) -> Any:
    try:
        return _PARSERS[kind](text)
    except (ValueError, KeyError):
        raise InputError(f"{path}={text}: not {_KIND_NAMES[kind]}") from None


def _parse_finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _parse_pair(text: str) -> Tuple[float, float]:
    first, second = text.strip("()").split(",")
    return _parse_finite(first), _parse_finite(second)


_PARSERS = {
    int: lambda text: int(text.replace("_", "")),
    float: _parse_finite,
    bool: lambda text: {"true": True, "false": False, "1": True, "0": False}[text.lower()],
    str: str,
    Tuple[float, float]: _parse_pair,
}
_KIND_NAMES = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text",
    Tuple[float, float]: "two numbers, such as 0,0.9",
}


def to_json(experiment: Experiment) -> str:
    """The options as JSON, indented."""
    return json.dumps(dataclasses.asdict(experiment), indent=2) + "\n"


def from_dict(kind: type, values: Dict[str, Any]) -> Any:
    """A config from the dict that its JSON form gives, nested configs included.

    Raises:
        InputError: A field that this version does not know.
    """
    kinds = get_type_hints(kind)
    unknown = sorted(set(values) - set(kinds))
    if unknown:
        raise InputError(f"{kind.__name__} has no field {unknown[0]}; there are {', '.join(sorted(kinds))}")
    return kind(**{name: _from_json(kinds[name], value) for name, value in values.items()})


def _from_json(kind: type, value: Any) -> Any:
    if dataclasses.is_dataclass(kind):
        return from_dict(kind, value)
    return tuple(value) if isinstance(value, list) else value
