"""A precompiled header for Jittor's operators on the CPU. Standard library only.

Jittor writes every operator as a short C++ file, and g++ spends three quarters of its time on the same headers
before it. Read once and kept (GCC manual, "Using Precompiled Headers"), they cost it little; the machine code of an
operator stays the same. g++ passes over a precompiled header that was made with other options, and then is as slow
as before.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from data_tools.basics.files import file_version

OPERATORS = ("array", "binary", "broadcast_to", "index", "reduce", "reindex", "reindex_reduce", "ternary", "unary")
HEADERS = ("var.h", "executor.h", "fused_op.h", "misc/cpu_math.h", "ops/op_register.h") + tuple(
    f"ops/{name}_op.h" for name in OPERATORS
)
STANDARD_HEADERS = ("algorithm", "assert.h", "cmath", "limits", "random")
OPTIONS = "-std=c++14 -fPIC -march=native -fopenmp -Ofast -g".split()  # Jittor 1.3.11's that change how code is read


def install_kernel_headers(home: Path) -> str:
    """Precompile the headers under `home` unless they are there, which takes some seconds.

    Returns:
        The option that makes g++ use them; "" without Jittor, without g++ on Linux, or when it cannot be done.
    """
    jittor = importlib.util.find_spec("jittor")
    compiler = shutil.which(os.environ.get("cc_path", "g++"))
    if sys.platform != "linux" or jittor is None or not compiler or "g++" not in Path(compiler).name:
        return ""  # elsewhere g++ may be another compiler's name
    sources = Path(jittor.submodule_search_locations[0], "src")
    folder = home / _digest(compiler, sources)
    if not (folder / "kernels.h.gch").exists():
        try:
            _precompile(compiler, sources, folder)
        except (OSError, subprocess.CalledProcessError):  # no room, or a g++ that cannot: Jittor works without
            return ""
    return f'-include"{folder}/kernels.h"'  # in one word: Jittor takes a word without a dash for a source


def _digest(compiler: str, sources: Path) -> str:
    """Of all that the precompiled header is made from: compiler, processor, options and headers."""
    digest = hashlib.sha256(repr((HEADERS, STANDARD_HEADERS, OPTIONS)).encode())
    program = Path(compiler).resolve()
    version = file_version(program)
    digest.update(f"{program} {version.size} {version.changed_ns}".encode())
    digest.update(_processor())
    for path in sorted(sources.rglob("*.h")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]  # 64 bits: a handful of folders cannot meet by chance


def _processor() -> bytes:
    """What the processor can do, for which -march=native compiles."""
    try:
        lines = Path("/proc/cpuinfo").read_bytes().splitlines()
    except OSError:
        return b""
    return next((line for line in lines if line.startswith((b"flags", b"Features"))), b"")


def _precompile(compiler: str, sources: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["#define JIT 1", "#define JIT_cpu 1"]  # as Jittor's operators begin
    lines += [f"#include <{name}>" for name in STANDARD_HEADERS] + [f'#include "{name}"' for name in HEADERS]
    staging = Path(tempfile.mkdtemp(dir=folder))
    try:
        (staging / "kernels.h").write_text("\n".join(lines) + "\n")
        command = [compiler, "-x", "c++-header", "kernels.h", "-w", *OPTIONS, f"-I{sources}"]
        subprocess.run(command, cwd=staging, check=True, capture_output=True)
        for name in ("kernels.h", "kernels.h.gch"):  # whole files take their places, whoever else does the same
            os.replace(staging / name, folder / name)
    finally:
        shutil.rmtree(staging)
