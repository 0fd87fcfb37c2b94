"""A compiler of CUDA, for the tests that only compile."""

import subprocess

import pytest

from jittor_tsit.runtime.cuda_parts import find_nvccs


@pytest.fixture(scope="session")
def nvcc(tmp_path_factory):
    """The path of an nvcc that compiles, and the architectures that it offers; skips without one."""
    program = next(iter(find_nvccs()), "nvcc")
    probe = tmp_path_factory.mktemp("probe") / "probe.cu"
    probe.write_text("__global__ void probe() {}")
    try:
        subprocess.run([program, "-c", probe, "-o", probe.with_suffix(".o")], check=True, capture_output=True)
        listed = subprocess.run([program, "--list-gpu-arch"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no nvcc that compiles: {error}")
    return program, listed.split()
