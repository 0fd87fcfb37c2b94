"""A process that computes with one framework, and only while it answers a call.

Two frameworks in one process would disturb each other, and starting a process for every block of steps would take
minutes. So each framework has a process that keeps running and answers calls. A call and its answer are a line of JSON.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Sequence

from experiments.benchmarks.case import Case

ROOT = Path(__file__).parents[2]
TICKS = os.sysconf("SC_CLK_TCK")  # clock ticks a second, the unit of times in /proc


class Worker:
    """The caller's side: starts the process and sends it calls.

    Args:
        python: Interpreter that has the framework.
        arguments: The arguments of `main` below, except for the first.
    """

    def __init__(self, name: str, python: str, arguments: Sequence[str]):
        self.name = name
        answers, own_end = os.pipe()
        command = [python, "-m", "experiments.benchmarks.worker", str(own_end), *arguments]
        # Answers have a pipe of their own, because compilers and frameworks print to standard output.
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=sys.stderr.fileno(), text=True, pass_fds=(own_end,)
        )
        os.close(own_end)
        self.answers = os.fdopen(answers)

    def ask(self, call: str, *arguments) -> Any:
        """Call the side's method of this name and return its result.

        Raises:
            SystemExit: The worker has ended. It has printed its own message.
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
        """The CPU time of all threads of the worker so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS  # utime, stime

    def forget_peak(self) -> None:
        """Reset the peak memory, so that `peak_mib` counts from now on."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")  # resets VmHWM, see proc(5)

    def peak_mib(self) -> float:
        """The peak memory of the worker since `forget_peak`."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()
        self.answers.close()


def main() -> None:
    """The worker's side: create a `JittorSide` or a `TorchSide` and answer calls until the caller closes the pipe.

    Command line: the number of the pipe for answers; then either "jittor" and a `Case` as JSON, or "torch", a file that
    `JittorSide.save` wrote, and a name in `torch_side.SETTINGS`.
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


if __name__ == "__main__":
    main()
