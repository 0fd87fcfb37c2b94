"""Sort what Jittor's C++ code writes on standard error: its own progress is counted, everything else is passed on."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager, suppress
from typing import Iterator, List, TextIO

PROGRESS = re.compile(r"Compiling Operators\((\d+)/(\d+)\)")  # Jittor's, several in a line, with \r between them
NOTE = re.compile(r"\[[iw] \d{4} ")  # Jittor's notes and warnings: "[i 1130 10:15:42.123456 …"


class OutputFilter:
    """Filter of Jittor's output. It takes the bytes as they arrive and keeps an incomplete line."""

    def __init__(self):
        self.rest = b""  # a line without its end
        self.compiled, self.done, self.group = 0, 0, 0  # operators of earlier groups; of this group; size of this group

    @property
    def num_compiled(self) -> int:
        """Number of operators that Jittor has compiled, as far as it has said so."""
        return self.compiled + self.done

    def lines(self, data: bytes, is_end: bool = False) -> List[str]:
        """Add bytes and return the complete lines that are not Jittor's progress or notes.

        Args:
            is_end: Whether no more bytes will come, so that the last line is complete.
        """
        *whole, self.rest = re.split(rb"[\r\n]+", self.rest + data)
        if is_end:
            whole, self.rest = [*whole, self.rest], b""
        texts = [line.decode(errors="replace").rstrip() for line in whole]
        return [text for text in texts if text and not self._is_jittors_own(text)]

    def _is_jittors_own(self, text: str) -> bool:
        match = PROGRESS.match(text)
        if match:
            done, group = int(match[1]), int(match[2])
            if group != self.group or done < self.done:
                self.compiled, self.group = self.compiled + self.done, group
            self.done = done
        return bool(match or NOTE.match(text))


@contextmanager
def stderr_to(target: int) -> Iterator[int]:
    """Let C++ code write standard error (file descriptor 2) to the file descriptor `target` in the `with` block.

    Python's `sys.stderr` still writes to the old place. Yield a file descriptor of the old place.
    """
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
    old, python_stderr = os.dup(2), sys.stderr
    if _descriptor(python_stderr) == 2:
        sys.stderr = open(old, "w", buffering=1, errors="backslashreplace", closefd=False)
    os.dup2(target, 2)
    try:
        yield old
    finally:
        os.dup2(old, 2)
        sys.stderr = python_stderr
        os.close(old)


def _descriptor(stream: TextIO) -> int:
    """Return the file descriptor of a stream, or -1 if it has none, as in notebooks."""
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):
        return -1
