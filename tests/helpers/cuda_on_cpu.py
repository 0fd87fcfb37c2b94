"""The GPU's kernels without a GPU: run by the CPU (cuda_on_cpu.h, the same source), or recorded for nvcc."""

from pathlib import Path

import jittor as jt

from jittor_tsit.kernels import conv_blocked, cuda

EMULATION = (Path(__file__).parent / "cuda_on_cpu.h").read_text(encoding="utf-8")


def run_on_cpu(shapes, types, inputs, header, launches, numbers):
    """In place of `cuda._run`."""
    arrays = [(f"in{i}", 1) for i in range(len(inputs))] + [(f"out{i}", 0) for i in range(len(shapes))]
    guards = [f"cuda_on_cpu::Guarded<decltype({a}_p)> {a}_guard({a}_p, {a}->num, {is_in});" for a, is_in in arrays]
    checks = [f"{array}_guard.check();" for array, _ in arrays]
    source = "\n".join([*guards, launches, *checks])
    return list(jt.code(shapes, types, inputs, cpu_header=EMULATION + header, cpu_src=source, data=numbers))


def emulate(monkeypatch, descending=False, run=run_on_cpu):
    """Let operators take the GPU's kernels, and images their layout."""
    monkeypatch.setattr(cuda, "is_used", lambda: True)
    monkeypatch.setattr(cuda, "_run", run)
    monkeypatch.setattr(conv_blocked, "BLOCK", 0)
    if descending:
        monkeypatch.setenv("CUDA_ON_CPU_DESCENDING", "1")


WORDS = {"float32": "float", "float64": "double"}
# What Jittor's code operators have around the launches.
AROUND = """
#include <string>
#include <unordered_map>
struct Var { int64_t num; };
std::unordered_map<std::string, double> data;
"""


class Recorder:
    """In place of `cuda._run`: keeps what would be compiled, and gives zeros."""

    def __init__(self):
        self.operators = {}  # kernels and a C++ function that launches them; a dict for its order

    def __call__(self, shapes, types, inputs, header, launches, numbers):
        arrays = {f"in{i}": (var.shape, str(var.dtype)) for i, var in enumerate(inputs)}
        arrays.update({f"out{i}": array for i, array in enumerate(zip(shapes, types))})
        arguments = []
        for name, (shape, dtype) in arrays.items():
            sizes = [f"int {name}_shape{i}" for i in range(len(shape))]
            arguments.append(", ".join([f"Var* {name}, {WORDS[dtype]}* __restrict__ {name}_p", *sizes]))
        assert header.startswith(cuda.HEADER)
        own = header[len(cuda.HEADER) :]
        self.operators[own, f"void run({', '.join(arguments)}) {{ {launches} }}"] = None
        return [jt.zeros(shape, dtype) for shape, dtype in zip(shapes, types)]

    def source(self):
        """All of them, for nvcc."""
        parts = [f"namespace operator{i} {{ {own} {run} }}" for i, (own, run) in enumerate(self.operators)]
        return "\n".join([cuda.HEADER, AROUND, *parts])
