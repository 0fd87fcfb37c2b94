"""End with one line when Jittor runs out of the machine's memory, in place of a segmentation fault and its dump.

Jittor 1.3.11 uses the result of a failed allocation, so that no exception reaches Python. csrc/out_of_memory.c has the
signal handler. Where it cannot be compiled, Jittor's own handler stays.
"""

from __future__ import annotations

import ctypes
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder, write_through

SOURCE = Path(__file__).parent / "csrc/out_of_memory.c"
ADVICE = (
    "take a smaller batch_size, or split the batch by accumulate=N; a smaller width, image_width or image_height; or "
    "fewer workers"
)
MESSAGE = f"\nerror: out of memory: the machine, or its limit (ulimit -v), did not give Jittor an array; {ADVICE}\n"


def install_memory_handler(home: Path) -> bool:
    """Install the handler in this process. It is compiled into the folder `home` once.

    Returns:
        Whether it is installed.
    """
    if sys.platform != "linux":
        return False
    library = home / f"{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]}.so"
    try:
        if not library.exists():
            make_folder(home)
            write_through(library, _compile)
        return ctypes.CDLL(str(library)).install(MESSAGE.encode()) == 0
    except (OSError, InputError, subprocess.CalledProcessError):
        return False


def _compile(target: Path) -> None:
    """Compile the handler.

    Raises:
        OSError: There is no compiler.
        CalledProcessError: The compiler failed.
    """
    command = [shutil.which("g++") or "g++", "-x", "c", "-shared", "-fPIC", "-O1", str(SOURCE), "-o", str(target)]
    subprocess.run(command, check=True, capture_output=True)
