"""How the user calls the program: the words that help, examples and messages show."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "JTSIT_PROGRAM"  # environment variable: what was typed in place of `python -m PACKAGE`; run.sh sets it
SCRIPT, DATA_SCRIPT = "jittor-tsit", "data-tools"  # entry points of the installed package; the first has all commands
DATA = "data"  # `PROGRAM data COMMAND` is a command of data_tools: both packages have a command of some names


def typed(words: str = "") -> str:
    """Return a command line as the user types it, such as "bash run.sh train --data DIR" for "train --data DIR".

    Use it for commands of jittor_tsit. They are the same in `bash run.sh`, `jittor-tsit` and `python -m jittor_tsit`.
    """
    return f"{program('jittor_tsit')} {words}".rstrip()


def program(package: str) -> str:
    """Return what the user types to start a package, without the command.

    Args:
        package: "jittor_tsit" or "data_tools".
    """
    given, script = os.environ.get(VARIABLE), Path(sys.argv[0] if sys.argv else "").name
    if given:
        return given
    if script == SCRIPT or (script == DATA_SCRIPT and package == "data_tools"):
        return script
    return f"python -m {package}"
