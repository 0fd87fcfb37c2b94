"""The headers of kernels/csrc: compilers read each of them alone, Python calls them, installations contain them."""

import ast
import re
import shutil
import subprocess
import sys

import jittor as jt
import numpy as np
import pytest

from helpers.source_files import ROOT
from jittor_tsit.kernels import call, spectral
from jittor_tsit.kernels.call import Output, call_on_cpu
from jittor_tsit.runtime.bootstrap import onednn_path

HEADERS = sorted(path.name for path in call.CSRC.glob("*.h"))
CUDA_HEADERS = sorted(path.name for path in call.CSRC.glob("*.cuh"))
KERNELS = sorted(call.CSRC.parent.glob("*.py"))
ARRAYS = '#include "arrays.h"\n'


def test_both_kinds_of_headers_are_found():
    assert "norm.h" in HEADERS and "norm.cuh" in CUDA_HEADERS


@pytest.mark.parametrize("header", HEADERS)
def test_gpp_reads_each_header_alone(tmp_path, header):
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("no g++")
    if header == "conv.h" and not (onednn_path() / "include/dnnl.hpp").exists():
        pytest.skip("oneDNN's headers are not installed")
    source = tmp_path / "probe.cc"
    source.write_text(f'#include "{header}"\n')
    options = ["-std=c++14", "-fopenmp", "-Wall", "-Wextra", "-Werror", "-Wno-psabi"]
    includes = [f"-I{call.CSRC}", "-isystem", onednn_path() / "include"]
    done = subprocess.run([compiler, "-fsyntax-only", *options, *includes, source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("header", CUDA_HEADERS)
def test_nvcc_compiles_each_cuda_header_alone(nvcc, tmp_path, header):
    program, _ = nvcc
    source = tmp_path / "probe.cu"
    source.write_text(f'#include "{header}"\n')
    # Kernels that nothing calls yet are no fault of a header.
    options = ["-std=c++14", "--use_fast_math", "-Werror", "all-warnings", "-diag-suppress", "177", f"-I{call.CSRC}"]
    command = [program, "-c", *options, source, "-o", tmp_path / "probe.o"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


def test_python_and_cuda_have_the_same_sizes():
    gpu, of_spectral = (
        dict(re.findall(r"const \w+ (\w+) = (\d+);", (call.CSRC / file).read_text(encoding="utf-8")))
        for file in ("gpu.cuh", "spectral.cuh")
    )
    assert int(gpu["CHUNK"]) == call.CHUNK
    assert int(gpu["THREADS"]) == spectral.THREADS
    assert int(of_spectral["STRIP"]) == spectral.STRIP


@pytest.fixture
def headers(tmp_path, monkeypatch):
    """Write headers of a test's own beside arrays.h, and let calls use them."""
    shutil.copy(call.CSRC / "arrays.h", tmp_path)
    monkeypatch.setattr(call, "CSRC", tmp_path)

    def write(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.h").write_text(text)
        call.source_text.cache_clear()

    yield write
    call.source_text.cache_clear()


def test_a_changed_header_is_compiled_again(headers):
    function = "namespace { inline void fill(Array<float> y) { y.values[0] = VALUE; } }\n"
    headers(value="const float VALUE = 2;\n", fill=f'{ARRAYS}#include "value.h"\n{function}')
    assert call_on_cpu("fill", "fill", [], [Output([1])])[0].numpy() == 2
    headers(value="const float VALUE = 3;\n")
    assert call_on_cpu("fill", "fill", [], [Output([1])])[0].numpy() == 3


def test_a_call_passes_arrays_lists_absent_arrays_and_numbers(headers):
    headers(
        mix=f"""{ARRAYS}
#include <vector>
namespace {{
template <class Missing, class MissingOutput>
inline void mix(const std::vector<Array<const float>>& all, Missing, Array<const double> last, Array<float> sums,
                MissingOutput, Array<double> product, const Numbers& numbers) {{
    for (int64_t i = 0; i < sums.size; i++) sums.values[i] = all[0].values[i] + numbers.at("weight") * all[1].values[i];
    product.values[0] = last.values[0] * sums.shape[1] + (Missing::exists || MissingOutput::exists ? 100 : 0);
}}
}}
"""
    )
    first, second, last = jt.ones(2, 3), jt.ones(2, 3) * 2, (jt.ones(1) * 5).float64()
    outputs = [Output([2, 3]), None, Output([1], "float64")]
    sums, product = call_on_cpu("mix", "mix", [[first, second], None, last], outputs, {"weight": 10})
    np.testing.assert_array_equal(sums.numpy(), np.full((2, 3), 21))
    assert product.dtype == "float64" and product.numpy() == 15


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.name)
def test_python_holds_no_cpp_but_names_and_arguments(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in docstrings:
            words = re.findall(r"\b(?:for|if|return|const (?:int|float|double)|void|__global__)\b *[({;\w]", node.value)
            assert not words and ";\n" not in node.value, f"{path.name}:{node.lineno}: {node.value[:60]!r}"


def test_an_installation_contains_the_headers():
    code = (
        "from distutils.core import run_setup\n"
        "command = run_setup('setup.py', stop_after='init').get_command_obj('build_py')\n"
        "command.ensure_finalized()\n"
        "print('\\n'.join(name for package, *_, names in command.data_files for name in names if 'kernels' in package))"
    )
    code = f"import setuptools\n{code}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    listed = {line.rpartition("csrc/")[2] for line in done.stdout.splitlines() if "csrc/" in line}
    assert listed == {*HEADERS, *CUDA_HEADERS}
