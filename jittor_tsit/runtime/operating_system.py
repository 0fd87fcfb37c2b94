"""Say on Windows and macOS where the program can run. Imports nothing that these systems lack."""

import os
import sys

STATUS = 2  # as for any wrong input
WAYS = {
    "win32": "Windows: install WSL 2 (`wsl --install` in PowerShell) and run the same commands in its Ubuntu",
    "cygwin": "Windows: install WSL 2 (`wsl --install` in PowerShell) and run the same commands in its Ubuntu",
    "darwin": "macOS: take a Linux machine, or Docker Desktop",
}
DOCKER = "docker run -it -v PROJECT:/project -w /project python:3.11 bash run.sh doctor"


def require_linux() -> None:
    """Refuse to run where Jittor cannot: on Windows and macOS.

    Raises:
        SystemExit: A command was started; one line was printed on stderr.
        ImportError: The package was imported by another program. The message is the same line.
    """
    if sys.platform not in WAYS:
        return
    line = f"jittor_tsit needs Linux. {WAYS[sys.platform]}; or use Docker: {DOCKER}"
    started = os.path.basename(sys.argv[0]) if sys.argv else ""
    if started == "-m" or started.startswith("jittor-tsit"):
        print(f"error: {line}", file=sys.stderr)
        raise SystemExit(STATUS)
    raise ImportError(line)
