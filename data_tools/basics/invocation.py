"""How the user calls the program: the words that help, examples and messages show."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "JTSIT_PROGRAM"  # environment variable: what was typed in place of `python -m PACKAGE`; run.sh sets it
SCRIPTS = ("jittor-tsit", "data-tools")  # the entry points of the installed package
MODULES = ("jittor_tsit", "data_tools")
DATA = "data"  # the word between jittor_tsit's program and a command of data_tools, where names could collide


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
    given = os.environ.get(VARIABLE)
    script = Path(sys.argv[0] if sys.argv else "").name
    if given or script == SCRIPTS[0]:
        return given or script
    if package == MODULES[1]:
        return script if script == SCRIPTS[1] else f"python -m {package}"
    return f"python -m {package}"
