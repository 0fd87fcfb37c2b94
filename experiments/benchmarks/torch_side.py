"""The PyTorch twins behind the methods that a benchmark calls."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Optional

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.benchmarks.case import COPIED, MATMUL_SIDE, PEAK_TRIALS, SETTLING_PASSES, Case
from experiments.benchmarks.timing import seconds_of_each
from experiments.benchmarks.torch_parts import (
    ConvEncoder,
    LatentStart,
    MapStart,
    MultiscaleDiscriminator,
    VGGFeatures,
    load_arrays,
)
from experiments.benchmarks.torch_spade import SPADEGenerator
from experiments.benchmarks.torch_training import Terms, Trainer
from experiments.benchmarks.torch_tsit import TSITGenerator

GENERATORS = {"tsit": TSITGenerator, "spade": SPADEGenerator}
STRIDES = {"tsit": 128, "spade": 32}  # the image's side divided by that of the generator's first tensor


class Setting(NamedTuple):
    """PyTorch's options for a benchmark."""

    channels_last: bool
    compiled: bool
    tf32: bool = False
    autocast: Optional[torch.dtype] = None


_LAYOUTS = {
    "contiguous": Setting(channels_last=False, compiled=False),  # PyTorch's default
    "channels_last": Setting(channels_last=True, compiled=False),
    "compiled": Setting(channels_last=True, compiled=True),
}
SETTINGS: Dict[str, Setting] = {
    **_LAYOUTS,
    **{f"{name}-tf32": layout._replace(tf32=True) for name, layout in _LAYOUTS.items()},
    **{f"{name}-bf16": layout._replace(tf32=True, autocast=torch.bfloat16) for name, layout in _LAYOUTS.items()},
}


class TorchSide:
    """A twin with the weights and the batch of a file. A benchmark calls the public methods.

    Args:
        path: A file that `JittorSide.save` wrote.
    """

    def __init__(self, path: Path, setting: Setting):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.backends.cudnn.benchmark = True  # pays off because the sizes never change
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = setting.tf32
        self.layout = torch.channels_last if setting.channels_last else torch.contiguous_format
        with np.load(path) as arrays:
            case, config = Case(**json.loads(str(arrays["case"]))), json.loads(str(arrays["config"]))
            networks = make_networks(case, config)
            vgg = VGGFeatures() if case.vgg else None
            for name, network in {**networks, "vgg": vgg}.items():
                if network is not None:
                    load_arrays(network, _group(arrays, f"{name}."))
            self.segmap = self._to_device(F.one_hot(torch.from_numpy(arrays["label"]).long(), case.num_classes))
            self.image = self._to_device(torch.from_numpy(arrays["photo"])) / 127.5 - 1
            self.eps, self.z = (torch.from_numpy(arrays[name]).to(self.device) for name in ("eps", "z"))
        for network in [*networks.values(), *([vgg] if vgg else [])]:
            network.to(self.device, memory_format=self.layout)
            if setting.compiled:
                network.compile(dynamic=False)
        optim = config["optim"]
        rates, betas = (optim["lr_G"], optim["lr_D"]), tuple(optim["betas"])
        self.trainer = Trainer(networks, vgg, config["weights"], rates, betas, setting.autocast)

    def describe(self) -> Dict[str, object]:
        """Version, device and number of threads."""
        python, threads = sys.version.split()[0], torch.get_num_threads()
        return {"torch": torch.__version__, "python": python, "device": self.device.type, "threads": threads}

    def train(self, count: int) -> List[float]:
        """Do `count` training steps with new random draws. Return the seconds of each."""
        return seconds_of_each(lambda: self._step(torch.randn_like(self.eps)), self._wait, count)

    def generate(self, count: int) -> List[float]:
        """Generate `count` batches of images. Return the seconds of each."""
        return seconds_of_each(self._image, self._wait, count)

    def rest(self) -> None:
        """Release unused GPU memory, because all workers share the GPU."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def peaks(self) -> List[float]:
        """Measure the operations per second of a large matrix product and the bytes per second of a large copy."""
        side = MATMUL_SIDE[self.device.type]
        a, x = torch.rand(side, side, device=self.device), torch.rand(COPIED, device=self.device)
        b, y = torch.empty_like(a), torch.empty_like(x)
        product = min(seconds_of_each(lambda: torch.mm(a, a, out=b), self._wait, PEAK_TRIALS))
        copy = min(seconds_of_each(lambda: y.copy_(x), self._wait, PEAK_TRIALS))
        return [2 * side**3 / product, 2 * 4 * COPIED / copy]

    def outputs(self, path: str) -> None:
        """Write the same arrays as `JittorSide.outputs`."""
        self.trainer.optimizer_G.param_groups[0]["lr"] = 0.0
        with torch.no_grad():
            images = [self._trained_image() for _ in range(SETTLING_PASSES)]
        arrays = {"image/training": images[0], "image/evaluation": self._image()}
        arrays.update({f"loss/{name}": term for name, term in self._step(self.eps).items()})
        arrays.update(self.trainer.gradients())
        np.savez(path, **{name: tensor.float().cpu().numpy() for name, tensor in arrays.items()})

    def _trained_image(self) -> Tensor:
        return self.trainer.synthesize(self.segmap, self.image, self.eps[0])[0]

    def _image(self) -> Tensor:
        return self.trainer.generate(self.segmap, self.z)

    def _step(self, eps: Tensor) -> Terms:
        return self.trainer.train_step(self.segmap, self.image, eps)

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def _to_device(self, x: Tensor) -> Tensor:
        """[N, H, W, C] of any type -> [N, C, H, W] float32 on the device, in the setting's layout"""
        return x.permute(0, 3, 1, 2).to(self.device, torch.float32).contiguous(memory_format=self.layout)


def make_networks(case: Case, config: Mapping[str, object]) -> Dict[str, nn.Module]:
    """Create G, D and, if the system has a latent code, E.

    Args:
        config: A `SynthesisConfig` as a dict.
    """
    channels, stride = 16 * case.width, STRIDES[case.system]
    size = case.image_height // stride, case.image_width // stride
    if config["use_vae"]:
        start = LatentStart(config["z_dim"], channels, *size)
    else:
        start = MapStart(case.num_classes, channels, *size)
    layers, scales = config["num_layers_D"], config["num_scales_D"]
    networks = {
        "G": GENERATORS[case.system](case.num_classes, case.width, start),
        "D": MultiscaleDiscriminator(case.num_classes + 3, case.width, layers, scales),
    }
    return {**networks, "E": ConvEncoder(case.width, config["z_dim"])} if config["use_vae"] else networks


def _group(arrays: Mapping[str, np.ndarray], prefix: str) -> Dict[str, np.ndarray]:
    """The arrays whose names start with `prefix`, by the rest of the name."""
    return {name[len(prefix) :]: arrays[name] for name in arrays if name.startswith(prefix)}
