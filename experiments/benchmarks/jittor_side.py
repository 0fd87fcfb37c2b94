"""Our own systems behind the methods that a benchmark calls."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Optional

import jittor as jt
import numpy as np

from data_tools.sets.pairing import find_pairs
from experiments.benchmarks.case import COPIED, MATMUL_SIDE, PEAK_TRIALS, SETTLING_PASSES, Case
from experiments.benchmarks.timing import seconds_of_each
from jittor_tsit.data.batches import PairedBatch, batches, full_share, to_image
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.data.run_samples import PhasedSamples
from jittor_tsit.data.samples import Augmentation, PairedSamples
from jittor_tsit.kernels import backend
from jittor_tsit.layers.image_layouts import label_image
from jittor_tsit.networks.vgg import STAGES, published_shapes
from jittor_tsit.runtime.parallel import split_batch
from jittor_tsit.systems import SYSTEMS
from jittor_tsit.systems.draws import Noise, initial_draws
from jittor_tsit.systems.synthesis import SynthesisSystem


class JittorSide:
    """A system and its batch. A benchmark calls the public methods.

    Args:
        imported_at: Time of `time.monotonic` after the import of Jittor, for `import_time`.
    """

    def __init__(self, case: Case, imported_at: float = 0.0):
        self.imported_at = imported_at
        self.case, self.system = case, make_system(case)
        label, photo = case.batch_arrays()
        self.ids, self.photo = jt.array(label), to_image(photo)
        self.noise, self.steps = Noise(0), 0
        _wait()

    def describe(self) -> Dict[str, object]:
        """Version, device and number of threads."""
        threads = len(os.sched_getaffinity(0))  # Jittor uses all cores that the process may use
        versions = {"jittor": jt.__version__, "python": sys.version.split()[0]}
        return {**versions, "device": _device(), "threads": threads, "cuda_kernels": backend.uses_cuda_kernels()}

    def import_time(self) -> float:
        """The time after the import of Jittor, by a clock that all processes of the machine share."""
        return self.imported_at

    def train(self, count: int) -> List[float]:
        """Do `count` training steps. Return the seconds of each."""
        return seconds_of_each(self._step, _wait, count)

    def train_from(self, folder: str, num_pairs: int, count: int) -> List[float]:
        """Do `count` training steps with batches from a data set. Return the seconds of each, with the wait for data.

        Args:
            folder: Folder of a few pairs.
            num_pairs: Size of the data set. It lists the pairs of the folder repeatedly.
        """
        few, size = find_pairs(Path(folder)), (self.case.image_width, self.case.image_height)
        pairs = [few[k % len(few)] for k in range(num_pairs)]
        samples = PairedSamples(pairs, LabelMaps(self.case.num_classes), Augmentation(size, size, flip=True), (0, 1))
        pieces = (split_batch(first, self.case.batch) for first in itertools.count(0, self.case.batch))
        incoming = batches("paired", PhasedSamples([samples], [0]), self.case.num_classes, pieces, workers=1)
        try:
            return seconds_of_each(lambda: self._step(next(incoming)), _wait, count)
        finally:
            incoming.close()

    def generate(self, count: int) -> List[float]:
        """Generate `count` batches of images. Return the seconds of each."""
        return seconds_of_each(lambda: self._image().sync(), _wait, count)

    def rest(self) -> None:
        """Release unused GPU memory, because all workers share the GPU."""
        if jt.flags.use_cuda:
            jt.gc()

    def peaks(self) -> List[float]:
        """Measure the operations per second of a large matrix product and the bytes per second of a large copy."""
        side = MATMUL_SIDE[_device()]
        a, x = jt.rand(side, side), jt.rand(COPIED)
        _wait()
        product = min(seconds_of_each(lambda: jt.matmul(a, a).sync(), _wait, PEAK_TRIALS))
        copy = min(seconds_of_each(lambda: (x + 1).sync(), _wait, PEAK_TRIALS))
        return [2 * side**3 / product, 2 * 4 * COPIED / copy]

    def outputs(self, path: str) -> None:
        """Write images in both modes, and the losses and gradients of a step in which G's learning rate is 0.

        Adam's first update has the size of the learning rate even where a gradient is only rounding. With an update of
        G the frameworks' images for D would differ more than by rounding.
        """
        self.system.optimizers["G"].lr = 0.0
        with jt.no_grad():
            images = [self.system.synthesize(self._batch(self.photo), "G")[0].numpy() for _ in range(SETTLING_PASSES)]
        arrays = {"image/training": images[0], "image/evaluation": self._image().numpy()}
        arrays.update({f"loss/{name}": term.numpy() for name, term in self._step().items()})
        for name, optimizer in self.system.optimizers.items():  # beta1 is 0, so the mean is the gradient
            arrays.update({f"gradient {name}/{key}": var.numpy() for key, var in optimizer.mean.items()})
        np.savez(path, **arrays)

    def save(self, path: str) -> None:
        """Write the weights, the batch and the random draws, for another framework to start from the same state."""
        label, photo = self.case.batch_arrays()
        config, index = self.system.config, range(self.case.batch)
        codes = ((self.system.noise, "G"), (self.system.noise, "D"), (self.noise, "z"))
        *eps, z = [noise.normal(purpose, index, (config.z_dim,)).numpy() for noise, purpose in codes]
        arrays = {"label": label, "photo": photo, "eps": np.stack(eps), "z": z}
        for name, options in (("case", self.case), ("config", config)):
            arrays[name] = np.array(json.dumps(dataclasses.asdict(options)))
        for name, network in self.system.networks.items():
            arrays.update({f"{name}.{key}": var.numpy() for key, var in network.state_dict().items()})
        if self.case.vgg:
            arrays.update({f"vgg.{name}": array for name, array in draw_vgg().items()})
        np.savez(path, **arrays)

    def _batch(self, photo: Optional[jt.Var]) -> PairedBatch:
        """The batch, with a new label map each time, because preparing the map is part of a step."""
        segmap = label_image(self.ids, self.case.num_classes)
        return PairedBatch(segmap, photo, range(self.case.batch), full_share(self.case.batch))

    def _image(self) -> jt.Var:
        return self.system.generate(self._batch(None), self.noise)

    def _step(self, parts: Optional[List[PairedBatch]] = None) -> Dict[str, jt.Var]:
        terms = self.system.train_step(parts or [self._batch(self.photo)], self.steps)
        self.steps += 1
        return terms


def _device() -> str:
    return "cuda" if jt.flags.use_cuda else "cpu"


def _wait() -> None:
    jt.sync_all(True)


def make_system(case: Case) -> SynthesisSystem:
    """Create the system with its default options at the case's size, ready for training."""
    kind = SYSTEMS[case.system]
    config = kind.Config()
    weights = config.weights if case.vgg else dataclasses.replace(config.weights, vgg=0.0)
    config = dataclasses.replace(config, width=case.width, width_D=case.width, weights=weights)
    with tempfile.TemporaryDirectory() as folder, initial_draws(0):
        if case.vgg:
            path = Path(folder, "vgg19.npz")
            np.savez(path, **draw_vgg())
            config = dataclasses.replace(config, perceptual_weights=str(path))
        system = kind(config, case.num_classes, case.image_height, case.image_width, seed=0)
        system.prepare_training([name for name, weight in vars(weights).items() if weight])
    system.set_precision(case.precision)
    return system


def make_untrained_system(case: Case) -> SynthesisSystem:
    """Create the system with its default options and random weights, for making images only."""
    kind = SYSTEMS[case.system]
    with initial_draws(0):
        return kind(kind.Config(width=case.width), case.num_classes, case.image_height, case.image_width, seed=0)


def draw_vgg() -> Dict[str, np.ndarray]:
    """Random weights for VGG-19 up to relu5_1 that keep the scale of activations. The speed is that of real weights."""
    rng, arrays = np.random.default_rng(0), {}
    unused = {str(index) for index in STAGES["vgg19"][-1][1:]}
    for name, shape in published_shapes("vgg19").items():
        if name.split(".")[1] in unused:
            continue
        scale = np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else 0  # Kaiming initialisation; biases are 0
        arrays[name] = rng.standard_normal(shape, np.float32) * np.float32(scale)
    return arrays
