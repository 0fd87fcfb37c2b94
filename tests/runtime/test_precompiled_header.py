"""Operators are compiled behind a precompiled header, and without one where it cannot be made."""

import shlex
import subprocess
from pathlib import Path

import jittor as jt
import pytest

from jittor_tsit.runtime import precompiled_header
from jittor_tsit.runtime.jittor_home import jittor_cache
from jittor_tsit.runtime.precompiled_header import install_kernel_headers


@pytest.fixture
def no_option(monkeypatch):
    """Fails when the header is asked for where nothing should be made."""
    monkeypatch.setattr(precompiled_header, "precompile", lambda *_: pytest.fail("a header was made"))


@pytest.mark.skipif(bool(jt.compiler.has_cuda), reason="with CUDA operators are compiled by nvcc, without the header")
def test_gcc_takes_the_precompiled_header_for_jittors_operators():
    (jt.array([1.0, 2.0]) * 3).sync()
    kernel = next(Path(jt.flags.cache_path, "jit").glob("*_op.cc"))
    options = [word for word in shlex.split(jt.flags.cc_flags) if not word.startswith(("-l", "-L", "-Wl", "-shared"))]
    command = ["g++", str(kernel), *options, "-g", "-S", "-o", "/dev/null", "-H"]
    opened = subprocess.run(command, capture_output=True, text=True).stderr
    assert any(line.startswith("! ") and line.endswith("kernels.h.gch") for line in opened.splitlines()), opened[:2000]


def test_it_is_made_once(no_option):
    home = jittor_cache() / "kernel_headers"
    assert install_kernel_headers(home) == install_kernel_headers(home) != ""


def test_other_headers_make_another_one(tmp_path):
    (tmp_path / "var.h").write_text("struct Var;")
    first = precompiled_header.header_digest("/bin/sh", tmp_path)
    (tmp_path / "var.h").write_text("struct Var {};")
    assert precompiled_header.header_digest("/bin/sh", tmp_path) != first


def test_without_gcc_there_is_no_option(tmp_path, monkeypatch, no_option):
    monkeypatch.setenv("cc_path", "no-such-g++")
    assert install_kernel_headers(tmp_path) == ""


def test_a_compiler_that_fails_leaves_nothing(tmp_path, monkeypatch):
    compiler = tmp_path / "g++"
    compiler.write_text("#!/bin/sh\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("cc_path", str(compiler))
    assert install_kernel_headers(tmp_path / "home") == ""
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
