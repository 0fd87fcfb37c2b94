"""A process that computes with one framework, and works only while it is asked to.

Two frameworks in one process would disturb each other, and starting them for every block of steps would take minutes.
So each has a process that stays and answers calls, a line of JSON each way.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, List, Sequence

from experiments.benchmarks.case import Case

ROOT = Path(__file__).parents[2]
TICKS = os.sysconf("SC_CLK_TCK")  # a second, in /proc


class Worker:
    """The caller's end.

    Args:
        python: Interpreter that has the framework.
        arguments: What `main` below takes, but the first.
    """

    def __init__(self, name: str, python: str, arguments: Sequence[str]):
        self.name = name
        answers, own_end = os.pipe()
        command = [python, "-m", "experiments.benchmarks.worker", str(own_end), *arguments]
        # Its standard output is not for answers: compilers and frameworks print there.
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=sys.stderr.fileno(), text=True, pass_fds=(own_end,)
        )
        os.close(own_end)
        self.answers = os.fdopen(answers)

    def ask(self, call: str, *arguments) -> Any:
        """What the worker's method of this name returns.

        Raises:
            SystemExit: The worker has ended; its own message stands above.
        """
        try:
            print(json.dumps([call, arguments]), file=self.process.stdin, flush=True)
            answer = self.answers.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            sys.exit(f"{self.name}: ended with status {self.process.wait()} when asked to {call}")
        return json.loads(answer)

    def cpu_seconds(self) -> float:
        """Time that its threads have computed so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS  # utime, stime

    def forget_peak(self) -> None:
        """Count its peak memory from now on."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")  # resets VmHWM, see proc(5)

    def peak_mib(self) -> float:
        """Most memory that it held at once since `forget_peak`."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()
        self.answers.close()


def main() -> None:
    """The worker's end: make a side and answer calls of its methods until the caller closes the pipe.

    Arguments: the number of the pipe for answers; then "jittor", a `Case` as JSON; or "torch", a file that a Jittor
    side has saved, and a name in `torch_side.SETTINGS`.
    """
    pipe, framework, subject, *setting = sys.argv[1:]
    side = _jittor_side(subject) if framework == "jittor" else _torch_side(subject, *setting)
    with os.fdopen(int(pipe), "w") as answers:
        for line in sys.stdin:
            call, arguments = json.loads(line)
            print(json.dumps(getattr(side, call)(*arguments)), file=answers, flush=True)


def _jittor_side(case: str):
    from jittor_tsit.runtime.import_jittor import start_jittor

    start_jittor()
    imported_at = time.monotonic()
    from experiments.benchmarks.jittor_side import JittorSide

    return JittorSide(Case(**json.loads(case)), imported_at)


def _torch_side(path: str, setting: str):
    from experiments.benchmarks.torch_side import SETTINGS, TorchSide

    return TorchSide(Path(path), SETTINGS[setting])


def seconds_of_each(work: Callable[[], object], wait: Callable[[], object], count: int) -> List[float]:
    """Call `work` so often, each time to the end of what it has begun."""
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        wait()
        seconds.append(time.perf_counter() - start)
    return seconds


if __name__ == "__main__":
    main()
