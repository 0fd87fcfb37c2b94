"""Time whole training steps and inference, in comparison with PyTorch twins of the same systems.

    python -m experiments.benchmarks.step --system tsit --width 16 --size 512x384 --against torch --out step.jsonl

Each framework, and each setting of PyTorch, has its own process with the same weights and the same random batch. The
processes work alternately, a block of steps at a time, never at the same time. A step is G's step and D's, with all
losses and updates. With --check nothing is timed: the images, losses and gradients of the frameworks are compared.

If there is a GPU, both frameworks use it. An empty variable CUDA_VISIBLE_DEVICES= keeps them on the CPU.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Dict, List, Sequence

import numpy as np

from experiments.benchmarks.case import SYSTEMS, Case, read_size
from experiments.benchmarks.equality import compare
from experiments.benchmarks.machine import describe_machine, gpu_mib
from experiments.benchmarks.results import OURS, Rounds, report, summarise
from experiments.benchmarks.worker import Worker
from jittor_tsit.config import PRECISIONS

WARM_UP = 3  # steps that are not counted; the first ones compile operators or choose algorithms
CPU_SETTINGS = ("contiguous", "channels_last", "compiled")
GPU_SETTINGS = tuple(name + precision for precision in ("", "-tf32", "-bf16") for name in CPU_SETTINGS)
CALLS = ("train", "generate")


def main() -> None:
    parser = _parser()
    options = parser.parse_args()
    case = Case(options.system, options.width, *options.size, options.batch, options.vgg, precision=options.precision)
    names = []
    if options.against:
        names = options.settings or (GPU_SETTINGS if gpu_mib() and not options.check else CPU_SETTINGS)
    if options.check:
        if not names:
            parser.error("--check: compares with another framework; name it with --against")
        sys.exit(0 if check(case, names, options.torch_python) else 1)
    record = measure(case, names, options.torch_python, options.steps, options.repeats)
    print(report(record))
    if options.out:
        with open(options.out, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def our_worker(case: Case) -> Worker:
    """Start a process with our own system, in this interpreter."""
    return Worker(OURS, sys.executable, ["jittor", json.dumps(asdict(case))])


def check(case: Case, names: Sequence[str], torch_python: str) -> bool:
    """Print how much each setting's images, losses and gradients differ from ours. Return whether all are near."""
    differences = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        start, ours_path, path = (str(folder / f"{name}.npz") for name in ("start", "ours", "theirs"))
        ours = our_worker(case)
        stack.callback(ours.close)
        ours.ask("save", start)
        ours.ask("outputs", ours_path)
        for name in names:
            theirs = Worker(name, torch_python, ["torch", start, name])
            stack.callback(theirs.close)
            theirs.ask("outputs", path)
            with np.load(ours_path) as a, np.load(path) as b:
                found = compare(a, b)
            print("\n".join(f"{name:<14} {each}" for each in found))
            differences += found
    return all(each.is_small for each in differences)


def measure(case: Case, names: Sequence[str], torch_python: str, steps: int, repeats: int) -> Dict[str, object]:
    """Time our system and each setting of PyTorch alternately.

    Args:
        names: Names of the settings; empty to time only our system.
        steps: Number of training steps, and of batches of images, in a block.
        repeats: Number of blocks of each.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        start = str(folder / "start.npz")
        workers, sides = [], {}
        for name in (OURS, *names):
            began, device_before = time.perf_counter(), gpu_mib()
            worker = our_worker(case) if name == OURS else Worker(name, torch_python, ["torch", start, name])
            stack.callback(worker.close)
            worker.ask("train", 1)
            sides[name] = {"first_step_s": time.perf_counter() - began}
            if name == OURS and names:
                worker.ask("save", start)
            for call in CALLS:
                worker.ask(call, WARM_UP)
            sides[name].update(worker.ask("describe"), device_mib=gpu_mib() - device_before)
            worker.forget_peak()
            workers.append(worker)
        rounds = [alternate(workers, steps) for _ in range(repeats)]
        for worker in workers:
            sides[worker.name].update(peak_mib=worker.peak_mib(), peaks=worker.ask("peaks"))
    return {**describe_machine(), **asdict(case), "steps": steps, "repeats": repeats, **summarise(case, sides, rounds)}


def alternate(workers: List[Worker], steps: int) -> Rounds:
    """Time a block of each worker, one after the other.

    The first step of a block is not counted, because the processor's caches contain another worker's data then.
    """
    seconds: Rounds = {"idle_cpu": {}}
    for worker in workers:
        others = [other for other in workers if other is not worker]
        began, computed = time.perf_counter(), {other.name: other.cpu_seconds() for other in others}
        for call in CALLS:
            seconds.setdefault(call, {})[worker.name] = worker.ask(call, steps + 1)[1:]
        worker.ask("rest")
        duration = time.perf_counter() - began
        for other in others:
            seconds["idle_cpu"].setdefault(other.name, []).append(
                (other.cpu_seconds() - computed[other.name]) / duration
            )
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m experiments.benchmarks.step", description=__doc__.partition("\n")[0])
    parser.add_argument("--system", choices=SYSTEMS, required=True)
    parser.add_argument("--width", type=int, default=16, help="channels of the networks (default 16)")
    parser.add_argument("--size", type=read_size, default=(512, 384), help="of the images (default 512x384)")
    parser.add_argument("--batch", type=int, default=1, help="images of a step (default 1)")
    parser.add_argument("--vgg", action="store_true", help="with the perceptual loss, by a VGG-19 of random weights")
    parser.add_argument("--precision", choices=PRECISIONS, default="float32", help="of our training (default float32)")
    parser.add_argument("--against", choices=("torch",), help="the framework to compare with (default: none)")
    parser.add_argument(
        "--settings",
        nargs="+",
        choices=GPU_SETTINGS,
        metavar="NAME",
        help=f"settings of PyTorch: {', '.join(GPU_SETTINGS)} (default: the first three on a CPU, all on a GPU)",
    )
    parser.add_argument(
        "--torch-python",
        default=sys.executable,
        metavar="PATH",
        help="interpreter that has PyTorch (default: this one)",
    )
    parser.add_argument("--check", action="store_true", help="compare results instead of timing")
    parser.add_argument("--steps", type=int, default=5, help="steps of a block (default 5)")
    parser.add_argument("--repeats", type=int, default=5, help="blocks of each framework and setting (default 5)")
    parser.add_argument("--out", type=Path, help="file to which the result is appended as a JSON line")
    return parser


if __name__ == "__main__":
    main()
