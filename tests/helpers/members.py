"""What test_same_step.py has computed by several processes, and then alone: `mpirun -np N python members.py FOLDER`.

Every process writes what it has as an npz, named by its number.
"""

import sys
from functools import partial
from pathlib import Path
from typing import Callable, Dict, Optional

import jittor_tsit  # noqa: F401  first: it sets the environment that Jittor reads

# isort: split
import jittor as jt
import numpy as np

from data_tools.basics.errors import InputError
from helpers.rounding_spread import move_parameters
from helpers.tiny import CONFIGS, SIZES, make_batch, piece_of, record_step
from jittor_tsit.config import DataConfig, Experiment, RunConfig
from jittor_tsit.layers.norm import BatchNorm
from jittor_tsit.networks.patchgan_multiscale import MultiscaleDiscriminator
from jittor_tsit.runtime import parallel
from jittor_tsit.runtime.jittor_patches import call_compiler_directly
from jittor_tsit.runtime.mpirun import CommonError, run_member
from jittor_tsit.systems.base import System
from jittor_tsit.systems.build import build_system
from jittor_tsit.systems.draws import Noise

Arrays = Dict[str, np.ndarray]
call_compiler_directly()  # as everywhere else: else each would compile anew what the other has compiled

OPINION = 100.0  # times its first logits, of a deviation of 0.02: they reach both sides of the hinges at 1 and -1


def batch_norm(size: int) -> Arrays:
    """One pass and its gradient; of the own images, and the running statistics.

    Args:
        size: Images of the whole batch.
    """
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((size, 3, 5, 7)) + 2).astype(np.float32)
    weight = rng.standard_normal(x.shape).astype(np.float32)
    ((index, share),) = parallel.split_batch(0, size)
    own = slice(index.start, index.stop)
    norm, x, weight = BatchNorm(3), jt.array(x[own]), jt.array(weight[own])
    with parallel.use_share(share):
        y = norm(x)
    gradient = jt.grad((y * weight).mean() * share.weight, x)
    return {
        "own/y": y.numpy()[: share.own],
        "own/gradient": gradient.numpy()[: share.own],
        "running_mean": norm.running_mean.numpy(),
        "running_var": norm.running_var.numpy(),
    }


def step(name: str, size: int, num_parts=1, lr_G: Optional[float] = None, seed: int = 0) -> Arrays:
    """Losses, gradients, running statistics and singular vectors of the first step, and the weights after it.

    Args:
        size: Images of the whole batch.
        num_parts: In which they go through the networks.
        lr_G: None: the experiment's.
        seed: Of the roundings that its parameters are moved by; 0 leaves them alone.
    """
    system, (height, width) = new_system(name), SIZES[name]
    if name == "tsit":
        give_opinion(system.D)
    move_parameters(system, seed)
    if lr_G is not None:
        system.optimizers["G"].lr = lr_G
    batch = make_batch(system, size, height=height, width=width)
    recorded = record_step(system, [piece_of(batch, *piece) for piece in parallel.split_batch(0, size, num_parts)])
    state = {name: var.numpy() for name, var in system.state_dict().items()}
    vectors = {name: array for name, array in state.items() if name.endswith((".u", ".v"))}
    return {**recorded, **vectors, **{f"after/{name}": array for name, array in state.items()}}


def give_opinion(D: MultiscaleDiscriminator) -> None:
    """Let D's logits reach both sides of the hinges, as in training.

    A new one gives all logits near 0, and the gradients of real and fake images cancel but for 1 %: with them goes the
    precision in which sums of another order can be compared.
    """
    for scale in D.scales:
        scale.conv_logits.weight.update(OPINION * scale.conv_logits.weight)


def new_system(name: str) -> System:
    """A system as `train.run_training` makes it."""
    height, width = SIZES[name]
    data = DataConfig(image_height=height, image_width=width)
    system = build_system(Experiment(name, CONFIGS[name], data, RunConfig(total_nimg=1)))
    system.prepare_training(terms=())
    jt.sync_all()
    return system


def initial_weights() -> Arrays:
    """Everything that a new system holds."""
    return {name: var.numpy() for name, var in new_system("tsit").state_dict().items()}


def images_of_their_own() -> Arrays:
    """Images by statistics of their own, of which the processes make 1 and 2."""
    system, (height, width) = new_system("pix2pix"), SIZES["pix2pix"]
    whole = make_batch(system, 3, height=height, width=width)
    ((index, share),) = parallel.split_batch(0, 3)
    return {"own/images": system.generate(piece_of(whole, index, share), Noise(0)).numpy()}


def noise() -> Arrays:
    """The own draws of a batch in the middle of a run."""
    ((index, _),) = parallel.split_batch(100, 5)
    return {"own/eps": new_system("tsit").noise.normal("G", index, (4,)).numpy()}


def exchanged() -> Arrays:
    """Texts that every process must have alike."""
    rank = parallel.rank()
    texts = {
        "gather": " | ".join(parallel.gather_texts(f"{'ü' * 3 * rank}")),
        "on one": _fault(parallel.on_all_processes, _refuse, rank == 1, "faulty"),
        "on all": _fault(parallel.on_all_processes, _refuse, True, "faulty"),
        "on none": str(len(_fault(parallel.on_all_processes, _refuse, False, "faulty"))),
        "same": str(len(_fault(parallel.require_same, {"a": "1", "b": "2"}, "values"))),
        "differs": _fault(parallel.require_same, {"a": "1", "b": str(rank)}, "values"),
        "lacks": _fault(parallel.require_same, {"a": "1", **({} if rank else {"b": "2"})}, "values"),
        "any": " ".join(str(parallel.any_process(claim)) for claim in (False, rank == 1, True)),
        "first's": str(parallel.broadcast_array(np.full(3, rank))),
    }
    return {name: np.array(text) for name, text in texts.items()}


def _refuse(refuses: bool, text: str) -> None:
    if refuses:
        raise InputError(text)


def _fault(function: Callable, *arguments) -> str:
    try:
        function(*arguments)
    except CommonError as error:
        return str(error)
    return ""


CASES: Dict[str, Callable[[], Arrays]] = {
    # Two processes get 2 + 2 images, 1 + 2, and 0 + 1.
    "norm-even": partial(batch_norm, 4),
    "norm-uneven": partial(batch_norm, 3),
    "norm-idle": partial(batch_norm, 1),
    "tsit-even": partial(step, "tsit", 2, lr_G=0.0),
    "tsit-uneven": partial(step, "tsit", 3, lr_G=0.0),
    "spade-even": partial(step, "spade", 4, lr_G=0.0),
    "spade-uneven": partial(step, "spade", 3, lr_G=0.0),
    "spade-idle": partial(step, "spade", 3, num_parts=2, lr_G=0.0),  # 0 + 1, then 1 + 1
    "oasis-uneven": partial(step, "oasis", 3, lr_G=0.0),
    "oasis-idle": partial(step, "oasis", 3, num_parts=2, lr_G=0.0),
    "pix2pix-uneven": partial(step, "pix2pix", 3),
    "cyclegan-uneven": partial(step, "cyclegan", 5, num_parts=2),  # 1 + 1, then 1 + 2; the pools hold 2 images
    "bicyclegan-uneven": partial(step, "bicyclegan", 3),
    "simgan-uneven": partial(step, "simgan", 5, num_parts=2),
    "unit-uneven": partial(step, "unit", 3),
    "unit_digits-uneven": partial(step, "unit_digits", 3),
    "stargan-uneven": partial(step, "stargan", 3),
    "apart": images_of_their_own,
    "initial": initial_weights,
    "noise": noise,
}


def main(folder: Path) -> int:
    """Compute all cases and write them."""
    results = {f"{case}:{name}": array for case, compute in CASES.items() for name, array in compute().items()}
    results.update({f"exchanged:{name}": text for name, text in exchanged().items()})
    np.savez(folder / f"{parallel.rank()}.npz", **results)
    return 0


if __name__ == "__main__":
    sys.exit(run_member(lambda: main(Path(sys.argv[1]))))
