"""Describe the machine that a benchmark runs on."""

from __future__ import annotations

import datetime
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict

ROOT = Path(__file__).parents[2]


def describe_machine() -> Dict[str, object]:
    """The date, the commit, the processor, the number of cores that this process may use, and the GPU."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "commit": _output("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)),
        "gpu": _nvidia("name"),
    }


def gpu_mib() -> float:
    """MiB in use on the first GPU by all processes together; 0 without a GPU.

    This is comparable between frameworks, and it works in containers, where the driver cannot distinguish processes.
    """
    return float(_nvidia("memory.used") or 0)


def _nvidia(field: str) -> str:
    """A field of nvidia-smi for the first GPU; "" without a GPU."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "" or not shutil.which("nvidia-smi"):
        return ""
    return _output("nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader,nounits", "--id=0")


def _output(*command: str) -> str:
    """The output of a program; "" if it does not exist or fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", info.read_text()) if info.exists() else None
    return found[1] if found else platform.processor()
