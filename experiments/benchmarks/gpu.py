"""Run all benchmarks on a GPU in one call of at most ten minutes: TSIT at full width in comparison with PyTorch.

    python -m experiments.benchmarks.gpu --out gpu.jsonl

Runs the other benchmarks one after the other, the most important first. Each has a time limit, and so has the whole
call. A benchmark that reaches a limit is stopped; its results so far are in the file. A second call can run the rest by
--parts. Without PyTorch only our own code is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

from experiments.benchmarks.case import SYSTEMS
from experiments.benchmarks.machine import ROOT, describe_machine

EAGER = ("contiguous-tf32", "channels_last-tf32")
EAGER_BF16 = ("channels_last-bf16",)
COMPILED = ("compiled-tf32",)  # PyTorch compiles for a minute
BATCHES = (1, 4, 16)
LEAST_S = 15  # seconds; a part is not started if less time is left
GRACE_S = 5  # seconds between asking a part to end and killing it


class Part(NamedTuple):
    """A benchmark to run."""

    name: str
    words: List[str]  # after `python -m experiments.benchmarks.`
    budget_s: float
    has_kernels: bool = True  # False: with Jittor's operators instead of this project's CUDA kernels


def main() -> None:
    options = _parser().parse_args()
    torch_python = options.torch_python if has_torch(options.torch_python) else None
    if torch_python is None:
        print(f"{options.torch_python} has no PyTorch: only our own code is measured", file=sys.stderr)
    parts = all_parts(options.system, options.width, options.size, options.batches, options.steps, torch_python)
    unknown = sorted(set(options.parts) - {part.name for part in parts})
    if unknown:
        sys.exit(f"--parts {unknown[0]}: no such part; there are {', '.join(part.name for part in parts)}")
    wanted = [part for part in parts if not options.parts or part.name in options.parts]
    ended = run_parts(wanted, options.seconds, options.out)
    print("\n| part | seconds | |\n|---|---|---|")
    print("\n".join(f"| {each['part']} | {each['seconds']:.0f} | {each['ended']} |" for each in ended))
    sys.exit(0 if all(each["ended"] == "done" for each in ended) else 1)


def has_torch(python: str) -> bool:
    """Whether an interpreter has PyTorch."""
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"
    return subprocess.run([python, "-c", code]).returncode == 0


def all_parts(
    system: str, width: int, size: str, batches: Sequence[int], steps: int, torch_python: Optional[str]
) -> List[Part]:
    """All parts, the most important first.

    Args:
        torch_python: An interpreter that has PyTorch; None if there is none.
    """
    common = ["--system", system, "--width", str(width), "--size", size]

    def step(batch: int, settings: Sequence[str], precision: str = "float32") -> List[str]:
        counts = ["--steps", str(steps), "--repeats", "3", "--batch", str(batch)]
        against = ["--against", "torch", "--torch-python", torch_python, "--settings", *settings]
        is_alone = not (torch_python and settings)
        return ["step", *common, "--vgg", *counts, "--precision", precision, *([] if is_alone else against)]

    compiled = [Part(f"compiled-{batch}", step(batch, COMPILED), 130) for batch in batches] if torch_python else []
    plain = [Part(f"plain-{batch}", step(batch, ()), 80, has_kernels=False) for batch in batches[:1]]
    first, *rest = (
        part
        for batch in batches
        for part in (
            Part(f"step-{batch}", step(batch, EAGER), 80),
            Part(f"bf16-{batch}", step(batch, EAGER_BF16, "bf16"), 60),
        )
    )
    return [
        Part("first-use", ["first_use", *common, "--vgg", "--repeats", "1"], 330),  # compiles for all other parts
        first,
        Part("inference", ["inference", *common], 60),
        *plain,
        *rest,
        *compiled,
    ]


def run_parts(parts: Sequence[Part], seconds: float, out: Path) -> List[Dict[str, object]]:
    """Run parts one after the other within so many seconds. Return how each ended, and append it to the file."""
    deadline, ended, machine = time.monotonic() + seconds, [], describe_machine()
    for part in parts:
        began = time.monotonic()
        budget = min(part.budget_s, deadline - began - GRACE_S)
        how = run_part(part, budget, out) if budget >= LEAST_S else "no time was left"
        ended.append({"part": part.name, "seconds": time.monotonic() - began, "ended": how})
        with open(out, "a", encoding="utf-8") as file:
            file.write(json.dumps({**machine, **ended[-1]}) + "\n")
    return ended


def run_part(part: Part, budget_s: float, out: Path) -> str:
    """Run a benchmark. Return "done", or why it was not completed."""
    print(f"\n{part.name}, at most {budget_s:.0f} s", flush=True)
    environment = dict(os.environ) if part.has_kernels else {**os.environ, "JTSIT_CUDA_KERNELS": "0"}
    process = subprocess.Popen(
        command_of(part, out),
        cwd=ROOT,
        env=environment,
        start_new_session=True,  # a process group, so that all its processes can be stopped together
    )
    try:
        status = process.wait(budget_s)
        return "done" if status == 0 else f"failed with status {status}"
    except subprocess.TimeoutExpired:
        return f"ended after its {budget_s:.0f} s"
    finally:
        end_group(process)


def command_of(part: Part, out: Path) -> List[str]:
    """The command line of a benchmark."""
    module, *words = part.words
    return [sys.executable, "-m", f"experiments.benchmarks.{module}", *words, "--out", str(out.absolute())]


def end_group(process: subprocess.Popen) -> None:
    """Stop a process and its group: first with SIGTERM, after GRACE_S with SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(GRACE_S)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m experiments.benchmarks.gpu", description=__doc__.partition("\n")[0])
    parser.add_argument("--system", choices=SYSTEMS, default="tsit", help="(default tsit)")
    parser.add_argument("--width", type=int, default=64, help="channels of the networks (default 64)")
    parser.add_argument("--size", default="512x384", help="of the images (default 512x384)")
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES, help="images of a step (default 1 4 16)")
    parser.add_argument("--steps", type=int, default=5, help="steps of a block; three blocks are timed (default 5)")
    parser.add_argument("--seconds", type=float, default=580, help="time limit of the whole call (default 580)")
    parser.add_argument(
        "--parts",
        nargs="+",
        default=[],
        metavar="NAME",
        help="parts to run: first-use, step-N, inference, plain-N, bf16-N, compiled-N; default: all",
    )
    parser.add_argument(
        "--torch-python",
        default=sys.executable,
        metavar="PATH",
        help="interpreter that has PyTorch (default: this one)",
    )
    parser.add_argument("--out", type=Path, required=True, help="file to which each result is appended as a JSON line")
    return parser


if __name__ == "__main__":
    main()
