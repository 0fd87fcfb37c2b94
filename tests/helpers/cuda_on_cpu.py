"""The CUDA kernels without a GPU: run on the CPU thread by thread (cuda_on_cpu.h), or recorded for nvcc."""

from pathlib import Path

import jittor as jt

from jittor_tsit.kernels import backend, call

EMULATION = (Path(__file__).parent / "cuda_on_cpu.h").read_text(encoding="utf-8")


def run_on_cpu(file, source, inputs, outputs, numbers):
    """Replace `call.run_on_gpu`: run the same source on the CPU, with a check of all reads and writes."""
    arrays = [(f"in{i}", 1) for i in range(len(inputs))] + [(f"out{i}", 0) for i in range(len(outputs))]
    guards = [f"cuda_on_cpu::Guarded<decltype({a}_p)> {a}_guard({a}_p, {a}->num, {is_in});" for a, is_in in arrays]
    checks = [f"{array}_guard.check();" for array, _ in arrays]
    shapes, dtypes = [list(output.shape) for output in outputs], [output.dtype for output in outputs]
    text = {"cpu_header": EMULATION + call.source_text(file), "cpu_src": "\n".join([*guards, source, *checks])}
    return list(jt.code(shapes, dtypes, inputs, data=numbers, **text))


def emulate(monkeypatch, descending=False, run=run_on_cpu):
    """Let operators use the CUDA kernels, and images their layout [N, C, H, W]."""
    monkeypatch.setattr(backend, "uses_cuda_kernels", lambda: True)
    monkeypatch.setattr(backend.context, "block", 0)
    monkeypatch.setattr(call, "run_on_gpu", run)
    if descending:
        monkeypatch.setenv("CUDA_ON_CPU_DESCENDING", "1")


class Recorder:
    """Replaces `call.run_on_gpu`: keeps the calls that would be compiled, and returns zeros."""

    def __init__(self):
        self.files, self.operators = set(), {}  # a dict for its order

    def __call__(self, file, source, inputs, outputs, numbers):
        arrays = {f"in{i}": (var.shape, str(var.dtype)) for i, var in enumerate(inputs)}
        arrays.update({f"out{i}": output for i, output in enumerate(outputs)})
        arguments = ["Numbers data"]
        for name, (shape, dtype) in arrays.items():
            sizes = [f"int {name}_shape{axis}" for axis in range(len(shape))]
            arguments.append(", ".join([f"Var* {name}, {call.C_TYPES[dtype]}* __restrict__ {name}_p", *sizes]))
        self.files.add(file)
        self.operators[f"({', '.join(arguments)}) {{ {source} }}"] = None
        return [jt.zeros(output.shape, output.dtype) for output in outputs]

    def source(self):
        """Return one source file with all recorded calls, each in a function."""
        includes = [f'#include "{file}"' for file in sorted(self.files)]
        functions = [f"void run{i}{text}" for i, text in enumerate(self.operators)]
        return "\n".join([*includes, "struct Var { int64_t num; };", *functions]) + "\n"
