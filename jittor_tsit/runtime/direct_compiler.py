"""Let Jittor call g++ directly when it compiles operators for the CPU. Standard library only.

For every operator, Jittor 1.3.11 starts a Python process (`asm_tuner.py`). This process lets g++ write assembler code,
edits the places that the operator's source marks with @begin, and assembles the result. It takes half of the time of
compiling an operator, and few sources have such marks. The script written here takes the place of that Python
process: sources without marks go to g++ directly, all others to Python as before.

g++ writes beside the library and the script renames the file, so that a library that exists is always whole. Jittor
takes a library whose key file fits without looking at it: a compiler that is killed while it writes would break all
later runs.
"""

from __future__ import annotations

import hashlib
import shlex
import stat
import sys
from pathlib import Path

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder, write_through

# Jittor calls: SCRIPT .../asm_tuner.py --cc_path=g++ SOURCE OPTIONS, or SCRIPT with another of its Python programs.
SCRIPT = """#!/bin/sh
case "$1 $2" in
*/asm_tuner.py\\ --cc_path=*g++*)
    if [ -f "$3" ] && ! grep -q @begin "$3"; then
        compiler=${{2#--cc_path=}}
        shift 2
        previous= output=
        for word do
            shift
            if [ "$previous" = -o ]; then output=$word; word=$word.$$; fi
            set -- "$@" "$word"
            previous=$word
        done
        if [ -n "$output" ]; then
            "$compiler" "$@" && mv -f "$output.$$" "$output"
            exit
        fi
        exec "$compiler" "$@"
    fi ;;
esac
exec {python} "$@"
"""


def install_direct_compiler(home: Path) -> str:
    """Write the script into the folder `home`, unless it is there.

    Returns:
        Path of the script. Path of this Python interpreter if the script is of no use here or cannot be written.
    """
    if sys.platform != "linux" or " " in str(home):  # Jittor starts that process on Linux only, and quotes no path
        return sys.executable
    text = SCRIPT.format(python=shlex.quote(sys.executable))
    path = home / hashlib.sha256(text.encode()).hexdigest()[:16]  # one script for each Python interpreter
    if not path.exists():
        try:
            _write_script(path, text)
        except (OSError, InputError):
            return sys.executable
    return str(path)


def _write_script(path: Path, text: str) -> None:
    def write(temporary: Path) -> None:
        temporary.write_text(text, encoding="utf-8")
        temporary.chmod(stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP)

    make_folder(path.parent)
    write_through(path, write)
