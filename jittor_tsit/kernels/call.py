"""Call a C++ or CUDA function of csrc/ as an operator of Jittor.

Jittor compiles an operator once for each source text. The text of the header is a part of it: a changed header is
compiled again, and installations with the same headers share what is compiled. An include path would be shorter, and
Jittor notices changes of included files. But an include path is a compiler option. Jittor keeps options out of an
operator's key, so that two installations would overwrite each other's operators, and it passes options on to the
operators of the gradient, which would be compiled once for each installation.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import jittor as jt

from jittor_tsit.kernels import backend

CSRC = Path(__file__).parent / "csrc"
CHUNK = 2048  # values that a block of CUDA threads adds up at a time; csrc/gpu.cuh has the same number
C_TYPES = {"float32": "float", "float64": "double", "uint8": "uint8_t"}


class Output(NamedTuple):
    """Shape and type of an array that an operator computes."""

    shape: Sequence[int]
    dtype: str = "float32"


Input = Union[jt.Var, List[jt.Var], None]
Result = Union[Output, List[Output], None]
Numbers = Mapping[str, float]


def call(
    file: str,
    function: str,
    inputs: Sequence[Input],
    outputs: Sequence[Result],
    numbers: Optional[Numbers] = None,
    scratch: Optional[Output] = None,
) -> List[jt.Var]:
    """Call `function` of csrc/`file`.h, or of csrc/`file`.cuh where CUDA kernels are used.

    The C++ function gets inputs, outputs, scratch and numbers, in this order. A list of arrays becomes a std::vector,
    and None an `Absent`.

    Args:
        function: Name of the function, with template arguments that are not deduced.
        numbers: Values that the function reads by name. A function without numbers has no parameter for them.
        scratch: Memory for intermediate results. Only the function in the .cuh file gets it.

    Returns:
        The outputs as a flat list, without those that are None.
    """
    if backend.uses_cuda_kernels():
        return call_on_gpu(file, function, inputs, outputs, numbers, scratch)
    return call_on_cpu(file, function, inputs, outputs, numbers)


def call_on_cpu(
    file: str,
    function: str,
    inputs: Sequence[Input],
    outputs: Sequence[Result],
    numbers: Optional[Numbers] = None,
    compile_options: Optional[Dict[str, int]] = None,
) -> List[jt.Var]:
    """Call `function` of csrc/`file`.h; for the arguments see `call`.

    Args:
        compile_options: Jittor's option of this name: {"FLAGS: ...": 1} adds options of the compiler.
    """
    source = _call_text(function, tuple(map(_form, inputs)), tuple(map(_form, outputs)), bool(numbers))
    header = f"#define BLOCK_CHANNELS {backend.context.block or 1}\n{source_text(file + '.h')}"
    arguments = {"cpu_header": header, "cpu_src": source, "data": _to_float(numbers)}
    if compile_options is None:
        return list(jt.code(*_shapes_and_types(outputs), _flat(inputs), **arguments))
    with jt.flag_scope(compile_options=compile_options):
        return list(jt.code(*_shapes_and_types(outputs), _flat(inputs), **arguments))


def call_on_gpu(
    file: str,
    function: str,
    inputs: Sequence[Input],
    outputs: Sequence[Result],
    numbers: Optional[Numbers] = None,
    scratch: Optional[Output] = None,
) -> List[jt.Var]:
    """Call `function` of csrc/`file`.cuh; for the arguments see `call`."""
    results = [*outputs, scratch] if scratch else list(outputs)
    source = _call_text(function, tuple(map(_form, inputs)), tuple(map(_form, results)), bool(numbers))
    arrays = run_on_gpu(f"{file}.cuh", source, _flat(inputs), _flat(results), _to_float(numbers))
    return arrays[:-1] if scratch else arrays


def run_on_gpu(
    file: str, source: str, inputs: List[jt.Var], outputs: List[Output], numbers: Dict[str, float]
) -> List[jt.Var]:
    """Run `source`, a C++ call of a function of csrc/`file`, on a GPU. Tests without a GPU replace this function."""
    arguments = {"cuda_header": source_text(file), "cuda_src": source, "data": numbers}
    return list(jt.code(*_shapes_and_types(outputs), inputs, **arguments))


def num_chunks(size: int) -> int:
    """Return how many chunks of CHUNK values or fewer cover `size` values. CUDA kernels sum each chunk separately."""
    return -(-size // CHUNK)


@lru_cache(maxsize=None)
def source_text(file: str) -> str:
    """Return the text of a file of csrc/ with the text of the files that it includes."""
    return "\n".join(_lines(file, set())) + "\n"


def _lines(file: str, done: set) -> List[str]:
    done.add(file)
    lines = []
    for line in (CSRC / file).read_text(encoding="utf-8").splitlines():
        included = re.fullmatch(r'#include "(.+)"', line)
        if included and included[1] not in done:
            lines += _lines(included[1], done)
        elif not included and line != "#pragma once":
            lines.append(line)
    return lines


def _form(array: Any) -> Optional[Tuple]:
    """Return what the C++ text of a call must know of an argument.

    It is (type, number of axes) of an array, a tuple of forms for a list of arrays, or None for None.
    """
    if array is None:
        return None
    if isinstance(array, list):
        return tuple(map(_form, array))
    return str(array.dtype), len(array.shape)


@lru_cache(maxsize=None)  # a training step makes the same few calls hundreds of times
def _call_text(function: str, inputs: Tuple, outputs: Tuple, has_numbers: bool) -> str:
    """Return the C++ statement that calls the function with arrays of these forms."""
    arguments = [*_arguments("in", "const ", inputs), *_arguments("out", "", outputs)]
    return f"{function}({', '.join(arguments + ['data'] * has_numbers)});"


def _arguments(kind: str, const: str, forms: Tuple) -> List[str]:
    """Return the C++ arguments for inputs or outputs, which Jittor names in0, in1, … and out0, out1, …"""
    numbers = count()

    def argument(form) -> str:
        if form is None:
            return "Absent()"
        if isinstance(form[0], tuple):
            return f"{{{', '.join(map(argument, form))}}}"
        name, (dtype, num_axes) = f"{kind}{next(numbers)}", form
        shape = ", ".join(f"{name}_shape{axis}" for axis in range(num_axes))
        return f"Array<{const}{C_TYPES[dtype]}>{{{name}_p, {name}->num, {{{shape}}}}}"

    return [argument(form) for form in forms]


def _to_float(numbers: Optional[Numbers]) -> Dict[str, float]:
    return {name: float(value) for name, value in (numbers or {}).items()}


def _flat(arrays: Sequence) -> List:
    flat = []
    for array in arrays:
        if array is not None:
            flat += array if isinstance(array, list) else [array]
    return flat


def _shapes_and_types(outputs: Sequence[Result]) -> Tuple[List[List[int]], List[str]]:
    flat = _flat(outputs)
    return [list(output.shape) for output in flat], [output.dtype for output in flat]
