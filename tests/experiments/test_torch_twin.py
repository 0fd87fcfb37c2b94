"""The PyTorch twins of the speed benchmark against our systems: the same weights and batch, the same results.

PyTorch is run by $JTSIT_TORCH_PYTHON, or by this interpreter, in a process of its own.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest

from experiments.benchmarks.case import Case
from experiments.benchmarks.equality import compare
from experiments.benchmarks.floor import discriminator, encoder, generator, passes
from experiments.benchmarks.jittor_side import JittorSide
from experiments.benchmarks.worker import ROOT, Worker
from jittor_tsit.optim import trainable

TORCH_PYTHON = os.environ.get("JTSIT_TORCH_PYTHON", sys.executable)
CASES = (
    Case("tsit", width=2, image_width=256, image_height=128, batch=2, vgg=False),
    Case("spade", width=2, image_width=64, image_height=96, batch=2, vgg=True),
)


def has_torch():
    return subprocess.run([TORCH_PYTHON, "-c", "import torch"], capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def torch_python():
    if not has_torch():
        pytest.skip(f"{TORCH_PYTHON} has no torch (JTSIT_TORCH_PYTHON names an interpreter that has it)")
    return TORCH_PYTHON


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.system)
def ours(request, torch_python, tmp_path_factory):
    """Folder with our system's start state and its results."""
    folder = tmp_path_factory.mktemp("ours")
    side = JittorSide(request.param)
    side.save(str(folder / "start.npz"))
    side.outputs(str(folder / "outputs.npz"))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("setting", ("contiguous", "channels_last"))
def test_a_twin_gives_our_images_losses_and_gradients(setting, ours, torch_python, tmp_path):
    worker = Worker(setting, torch_python, ["torch", str(ours / "start.npz"), setting])
    worker.ask("outputs", str(tmp_path / "theirs.npz"))
    worker.close()
    with np.load(ours / "outputs.npz") as a, np.load(tmp_path / "theirs.npz") as b:
        found = compare(a, b)
        assert a["image/training"].std() > 1e-3 and a["image/evaluation"].std() > 1e-3, "images without content"
    assert {each.name for each in found} >= {"image/training", "loss/G/gan", "loss/D/real", "gradient G", "gradient D"}
    assert all(each.is_small for each in found), "\n".join(map(str, found))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.system)
def test_the_floor_counts_every_weight_of_the_networks(case):
    counted = {"G": generator(case), "E": encoder(case), "D": discriminator(case)}
    for name, network in JittorSide(case).system.networks.items():
        kernels = [var for key, var in trainable(network).items() if key.endswith("weight")]
        assert sum(conv.weights for conv in counted[name]) == sum(var.numel() for var in kernels), name


COUNT = """
import json, sys, torch
from torch.utils.flop_counter import FlopCounterMode
from experiments.benchmarks.case import Case
from experiments.benchmarks.torch_side import make_networks
case = Case(**json.loads(sys.argv[1]))
networks = make_networks(case, {"use_vae": case.system == "tsit", "z_dim": 256, "num_layers_D": 4, "num_scales_D": 2})
n, k, size = case.batch, case.num_classes, (case.image_height, case.image_width)
segmap, image = torch.zeros(n, k, *size), torch.zeros(n, 3, *size)
inputs = {"G": (segmap, torch.zeros(n, 256) if case.system == "tsit" else segmap),
          "D": (torch.cat([segmap, image], 1),), "E": (image,)}
for name, network in networks.items():
    with FlopCounterMode(display=False) as counter:
        network.eval()(*inputs[name])
    print(name, counter.get_total_flops())
"""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.system)
def test_the_floor_counts_the_operations_that_pytorch_counts(case, torch_python):
    command = [torch_python, "-c", COUNT, json.dumps(asdict(case))]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    counted = {"G": generator(case), "E": encoder(case), "D": discriminator(case)}
    for name, flops in map(str.split, lines):
        assert passes(counted[name], case.batch, 1).flops == int(flops), name
