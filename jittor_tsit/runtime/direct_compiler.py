"""Let Jittor call g++ directly for its operators on the CPU. Standard library only.

Jittor 1.3.11 starts a Python for every operator, which has g++ write assembler text, looks in it for places that the
operator's source has marked, and has it assembled: half of the time that an operator takes. Few sources are marked.
The script made here stands where Jittor calls Python, and passes the others to g++ as they are.
"""

from __future__ import annotations

import hashlib
import shlex
import stat
import sys
from pathlib import Path

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder, write_through

# Called as: SCRIPT .../asm_tuner.py --cc_path=g++ SOURCE OPTIONS, or with another of Jittor's programs.
SCRIPT = """#!/bin/sh
case "$1 $2" in
*/asm_tuner.py\\ --cc_path=*g++*)
    if [ -f "$3" ] && ! grep -q @begin "$3"; then
        compiler=${{2#--cc_path=}}
        shift 2
        exec "$compiler" "$@"
    fi ;;
esac
exec {python} "$@"
"""


def install_direct_compiler(home: Path) -> str:
    """Write the script under `home` unless it is there.

    Returns:
        Its path; this Python's own where nothing is gained or nothing can be written.
    """
    if sys.platform != "linux" or " " in str(home):  # only there does Jittor start a Python; it quotes no path
        return sys.executable
    text = SCRIPT.format(python=shlex.quote(sys.executable))
    path = home / hashlib.sha256(text.encode()).hexdigest()[:16]  # one for each Python; 64 bits cannot meet by chance
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
