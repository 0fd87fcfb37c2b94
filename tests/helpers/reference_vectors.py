"""Numeric vectors of the official PyTorch code: find the files, put their weights in, compare.

The folder is $JTSIT_REFERENCE, by default ../shared/reference beside the repository, and without that the compact set
in tests/fixtures/reference. Tests choose files by their `config` and read every size and option from it.
"""

import json
import os
import zlib
from functools import lru_cache
from pathlib import Path

import jittor as jt
import numpy as np
import pytest

from jittor_tsit.conversion.renaming import from_official, official_names

SHARED, OWN = Path(__file__).parents[3] / "shared/reference", Path(__file__).parents[1] / "fixtures/reference"
FOLDER = Path(os.environ.get("JTSIT_REFERENCE", SHARED if SHARED.is_dir() else OWN))


class Vectors:
    """One file: its arrays, its `config`, and all options: `config`'s own, with the official defaults and `opt`.

    Args:
        dtype: Of the Vars that are made of its arrays.
    """

    def __init__(self, path: Path, dtype: str = "float32"):
        self.arrays, self.dtype = np.load(path), dtype
        self.config = json.loads(str(self.arrays["config"]))
        self.options = {**self.config, **self.config.get("options_resolved", {}), **self.config.get("opt", {})}
        self.is_train = self.config.get("mode") == "train"

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def var(self, name: str, part=slice(None)) -> jt.Var:
        """The array, or this part of its rows, as a Var."""
        return jt.array(self.arrays[name][part]).cast(self.dtype)

    def thin(self, name: str, array: np.ndarray) -> np.ndarray:
        """Return our array as the file stores it under this name: with every s-th row and column, s by its config."""
        fields = {"output/": "output_stride", "grad/input/": "grad_input_stride"}
        for prefix, field in fields.items():
            stride = self.config.get(field, {}).get(name[len(prefix) :], 1) if name.startswith(prefix) else 1
            if stride > 1:
                return array[..., ::stride, ::stride]
        return array

    def group(self, prefix: str) -> dict:
        """Arrays whose name starts with `prefix`, by the rest of the name."""
        return {name[len(prefix) :]: self.arrays[name] for name in self.arrays.files if name.startswith(prefix)}


def reference_files(**wanted):
    """Return parameters for pytest: every file whose config has these values.

    Without such a file there is one entry, which pytest skips. With JTSIT_REQUIRE_REFERENCE=1 it fails instead
    (reference_rules.py).
    """
    assert "JTSIT_REFERENCE" not in os.environ or FOLDER.is_dir(), f"JTSIT_REFERENCE={FOLDER}: no such folder"
    paths = [path for path in sorted(FOLDER.glob("*.npz")) if _matches(config_of(path), wanted)]
    if not paths:
        reason = f"no reference vectors for {wanted} in {FOLDER} (set JTSIT_REFERENCE)"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="absent")]
    return [pytest.param(path, id=path.stem) for path in paths]


@lru_cache(maxsize=None)  # every test module asks for several kinds of files
def config_of(path: Path) -> dict:
    """Return the `config` of a file, or {} if it has none."""
    with np.load(path) as arrays:
        return json.loads(str(arrays["config"])) if "config" in arrays.files else {}


class Given:
    """A wanted value that equals every value that a config has."""

    def __eq__(self, other):
        return other is not None


def _matches(config: dict, wanted: dict) -> bool:
    return all(value == config.get(key) for key, value in wanted.items())


def draw_weight(key: str, shape, salt: int) -> np.ndarray:
    """An array by the rule of README-judges.md, for networks whose weights are not stored."""
    n = np.random.RandomState((zlib.crc32(key.encode()) ^ salt) & 0x7FFFFFFF).standard_normal(tuple(shape))
    if key.endswith("running_var"):
        n = abs(1 + 0.1 * n)
    elif key.endswith(("running_mean", "bias")):
        n = 0.1 * n
    else:
        n = 1 + 0.1 * n if len(shape) == 1 else n * np.sqrt(2 / np.prod(shape[1:]))
    return n.astype(np.float32)


SINGLE = 2.0**-24  # largest relative error of one float32 rounding
# How many times the recorded distance of the official float32 from float64 is allowed. A sum of n terms one after the
# other, as some kernels add, rounds sqrt(n) / log2(n) times as much as the pairwise sums of PyTorch: 4 times for the
# 2,000 terms of a convolution, 8 times for the 10,000 pixels that a gradient adds up. The recorded distance is one
# sample: another is at most 2 times as large in the mean over a layer, and 4 times in a gradient, which passes all
# layers twice.
SPREAD, GRADIENT_SPREAD = 4 * 2, 8 * 4


def noise_of(vectors: Vectors, prefix: str) -> float:
    """Relative error allowed for float32: the file's largest for names that begin so, and at least 64 roundings."""
    recorded = vectors.config["f32_vs_f64_maxabsdiff_and_scale"].items()
    found = [distance / scale for name, (distance, scale) in recorded if name.startswith(prefix) and scale]
    spread = GRADIENT_SPREAD if prefix.startswith("grad/") else SPREAD
    return max(spread * max(found, default=0), 64 * SINGLE)


def cast_state(module, dtype: str) -> None:
    """All parameters and buffers of a module or a system in this type."""
    for var in module.state_dict().values():
        if var.dtype != dtype:
            var.update(var.cast(dtype))


def put_weights(module, official: dict, rules, dtype: str = "float32") -> None:
    """Official parameters and buffers into a module of ours."""
    state = module.state_dict()
    arrays = from_official(official, {name: tuple(var.shape) for name, var in state.items()}, rules)
    for name, var in state.items():
        var.update(jt.array(arrays[name]))
    cast_state(module, dtype)
    jt.sync_all()  # Jittor 1.3.11 cannot fuse a pending jt.array into a broadcast


def by_official_name(module, rules) -> dict:
    """Official name -> our Var."""
    state = module.state_dict()
    return {official: state[name] for name, official in official_names(state, rules).items()}


def assert_close(ours, reference: np.ndarray, rtol: float, what: str) -> None:
    """max |ours - reference| <= rtol * max |reference|, the comparison of the vectors' README."""
    ours = np.asarray(ours.numpy() if isinstance(ours, jt.Var) else ours)
    assert _without_ones(ours) == _without_ones(reference), f"{what}: shape {ours.shape}, not {reference.shape}"
    difference = np.abs(ours.reshape(reference.shape) - reference).max()
    assert difference <= rtol * np.abs(reference).max(), f"{what}: off by {difference}, scale {np.abs(reference).max()}"


def _without_ones(array) -> tuple:
    return tuple(side for side in array.shape if side != 1)


def record_outputs(module) -> dict:
    """Our module name -> output of its latest call, filled as the module runs."""
    outputs = {}

    def keep(name):
        def hook(module, arguments, output, keywords=None):
            outputs[name] = output

        return hook

    for name, part in module.named_modules():
        part.register_forward_hook(keep(name))
    return outputs


def one_hot_with_edges(vectors: Vectors) -> np.ndarray:
    """The networks' label input: one-hot map, don't-care channel and instance edges, as the options say."""
    options = vectors.options
    label = vectors["input/label"][:, 0]
    channels = options["label_nc"] + bool(options.get("contain_dontcare_label", False))
    segmap = (label[:, None] == np.arange(channels)[None, :, None, None]).astype(np.float32)
    if options.get("no_instance", True):
        return segmap
    return np.concatenate([segmap, _edges(vectors["input/instance"][:, 0])[:, None]], 1)


def _edges(instance: np.ndarray) -> np.ndarray:
    edges = np.zeros(instance.shape, np.float32)
    across = instance[:, :, 1:] != instance[:, :, :-1]
    down = instance[:, 1:] != instance[:, :-1]
    for target, differs in (
        (edges[:, :, 1:], across),
        (edges[:, :, :-1], across),
        (edges[:, 1:], down),
        (edges[:, :-1], down),
    ):
        target[differs] = 1
    return edges
