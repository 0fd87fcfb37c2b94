"""Make a precompiled header for Jittor's CPU operators. Standard library only.

Jittor writes every operator as a short C++ file, and g++ spends three quarters of its time on the headers that all
these files include. A precompiled header (GCC manual, "Using Precompiled Headers") saves most of this time and does
not change the machine code. g++ ignores a precompiled header that was made with other options, and is then as slow as
before.
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
OPTIONS = "-std=c++14 -fPIC -march=native -fopenmp -Ofast -g".split()  # those of Jittor 1.3.11 that must be equal


def install_kernel_headers(home: Path) -> str:
    """Precompile the headers into the folder `home`, unless they are there. This takes some seconds.

    Returns:
        The option that makes g++ use them. "" if it cannot be done: no Jittor, no Linux, no g++, or g++ fails.
    """
    jittor = importlib.util.find_spec("jittor")
    compiler = shutil.which(os.environ.get("cc_path", "g++"))
    places = jittor.submodule_search_locations if jittor else None
    if sys.platform != "linux" or not places or not compiler or "g++" not in Path(compiler).name:
        return ""  # on other systems the command g++ may be another compiler
    sources = Path(places[0], "src")
    folder = home / header_digest(compiler, sources)
    if not (folder / "kernels.h.gch").exists():
        try:
            precompile(compiler, sources, folder)
        except (OSError, subprocess.CalledProcessError):  # a full disk, or a g++ that fails: Jittor works without
            return ""
    return f'-include"{folder}/kernels.h"'  # one word: Jittor treats a word without a dash as a source file


def header_digest(compiler: str, sources: Path) -> str:
    """Return a digest of everything that the precompiled header depends on: compiler, processor, options, headers."""
    digest = hashlib.sha256(repr((HEADERS, STANDARD_HEADERS, OPTIONS)).encode())
    program = Path(compiler).resolve()
    version = file_version(program)
    digest.update(f"{program} {version.size} {version.changed_ns}".encode())
    digest.update(_processor())
    for path in sorted(sources.rglob("*.h")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]  # 64 bits are enough to tell a few folders apart


def _processor() -> bytes:
    """Return the line of /proc/cpuinfo that lists the processor's features; -march=native depends on them."""
    try:
        lines = Path("/proc/cpuinfo").read_bytes().splitlines()
    except OSError:
        return b""
    return next((line for line in lines if line.startswith((b"flags", b"Features"))), b"")


def precompile(compiler: str, sources: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["#define JIT 1", "#define JIT_cpu 1"]  # the first lines of Jittor's operators
    lines += [f"#include <{name}>" for name in STANDARD_HEADERS] + [f'#include "{name}"' for name in HEADERS]
    staging = Path(tempfile.mkdtemp(dir=folder))
    try:
        (staging / "kernels.h").write_text("\n".join(lines) + "\n")
        command = [compiler, "-x", "c++-header", "kernels.h", "-w", *OPTIONS, f"-I{sources}"]
        subprocess.run(command, cwd=staging, check=True, capture_output=True)
        for name in ("kernels.h", "kernels.h.gch"):  # renaming is safe even if another process does the same
            os.replace(staging / name, folder / name)
    finally:
        shutil.rmtree(staging)
