"""Judge a mutant: Cosmic Ray puts it into a copy of the repository, and the tests run there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, NamedTuple, Sequence, Tuple

from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.testing import run_tests
from cosmic_ray.work_item import MutationSpec, TestOutcome

SHARED = "shared"  # a folder next to the repository with reference results, which some tests read
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "runs", "data", "build", "dist", "__pycache__", ".pytest_cache")
GRACE_S, FACTOR = 60, 4  # a mutant's limit: GRACE_S + FACTOR times the seconds of the tests without it
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


class Verdict(NamedTuple):
    """The result of the tests on a mutant.

    Args:
        outcome: "killed" if the tests failed, else "survived".
        by: The first test that failed; "timeout" or "not collected" if no single test failed; "" for a survivor.
        seconds: How long the tests took.
    """

    outcome: str
    by: str
    seconds: float


@contextmanager
def copy_of(repository: Path, folder: Path) -> Iterator[Path]:
    """Copy the repository and work in the copy during the `with` block. The copy has a link to SHARED next to it."""
    copy, before = folder / repository.name, Path.cwd()
    shutil.copytree(repository, copy, ignore=NOT_COPIED)
    if (repository.parent / SHARED).is_dir():
        (folder / SHARED).symlink_to((repository.parent / SHARED).resolve())
    os.environ["PYTHONPATH"] = str(copy)
    os.chdir(copy)
    try:
        yield copy
    finally:
        os.chdir(before)


class Judge:
    """Runs tests in the current folder.

    Args:
        limit: Seconds that a mutant may take. 0: first run the tests without a mutant, and set the limit from that.
    """

    def __init__(self, limit: float):
        self.limit = limit
        self.durations: Dict[str, float] = {}  # seconds of the tests without a mutant, by command

    def __call__(self, spec: MutationSpec, runs: Sequence[str]) -> Verdict:
        """Judge one mutant.

        Args:
            runs: The arguments of each run of pytest. The first failure ends the last of them that runs.

        Raises:
            RuntimeError: The tests fail without the mutant, or the mutant cannot be created.
        """
        command = _command(runs)
        limit = self.limit or GRACE_S + FACTOR * self._duration(command)
        begin = time.monotonic()
        result = mutate_and_test([spec], command, limit)
        seconds = round(time.monotonic() - begin, 1)
        if result.test_outcome not in (TestOutcome.KILLED, TestOutcome.SURVIVED):
            raise RuntimeError(f"{spec}: cannot be judged: {result.output}")
        if result.test_outcome == TestOutcome.SURVIVED:
            return Verdict("survived", "", seconds)
        first = FAILED.search(result.output)
        by = "timeout" if result.output == "timeout" else "not collected"
        return Verdict("killed", first[1] if first else by, seconds)

    def _duration(self, command: str) -> float:
        if command not in self.durations:
            begin = time.monotonic()
            outcome, output = run_tests(command, None)
            if outcome != TestOutcome.SURVIVED:
                raise RuntimeError(f"{command}: fails without any mutant:\n{output[-2000:]}")
            self.durations[command] = time.monotonic() - begin
        return self.durations[command]


def _command(runs: Sequence[str]) -> str:
    pytest: Tuple[str, ...] = (shlex.quote(sys.executable), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider")
    return f"sh -c {shlex.quote(' && '.join(f'{shlex.join(pytest)} {run}' for run in runs))}"
