"""Runs in the tests' own process do without what a user looks at and no test of theirs reads."""

import sys
import tempfile
from contextlib import contextmanager

from jittor_tsit.runtime.compiler_output import OutputFilter, stderr_to

WAIT = ("jittor_tsit.training.session", "jittor_tsit.training.loop", "jittor_tsit.runtime.status_line")
DRAW = "jittor_tsit.training.snapshots"


@contextmanager
def waiting_without_line(what: str):
    """Stand in for `waiting_for`: what C++ code writes is shown at the end, and no process is started for a line."""
    with tempfile.TemporaryFile() as output:
        try:
            with stderr_to(output.fileno()):
                yield
        finally:
            output.seek(0)
            sys.stderr.writelines(f"{line}\n" for line in OutputFilter().lines(output.read(), is_end=True))


def make_runs_lean(patch) -> None:
    """Leave out `losses.png`, half a second a snapshot, and the processes that show a waiting line, four a run.

    tests/runs/test_plots.py draws, tests/runtime/test_compiler_output.py waits, and commands do both as always.

    Args:
        patch: pytest's MonkeyPatch. Only modules that are imported are changed.
    """
    for name in WAIT:
        if name in sys.modules:
            patch.setattr(sys.modules[name], "waiting_for", waiting_without_line)
    if DRAW in sys.modules:
        patch.setattr(sys.modules[DRAW], "draw_losses", lambda run_dir, phases: None)
