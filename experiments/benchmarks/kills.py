"""Kill a small training at random moments, start it again until it is complete, and check that nothing is lost.

    python -m experiments.benchmarks.kills --kills 200 --out kills.jsonl

trains pix2pix at its smallest size on rendered pairs, with a checkpoint after every step. The seed decides when a
process is killed (SIGKILL): a third of the kills are at any time, a third during training, a third while a checkpoint
is being written. `--two` of the kills hit one of the two processes of `--procs 2`, or the command that started them.

After each kill, every file of the run must be complete, except for a partly written checkpoint that the next start
recognises. The next start must continue from the newest checkpoint, and the final weights must be those of a run
without interruption, bit for bit.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

import numpy as np

from data_tools.basics.files import append_line
from data_tools.rendering.write_set import write_set
from experiments.benchmarks.commands import Command, running
from experiments.benchmarks.machine import ROOT, describe_machine
from experiments.benchmarks.run_files import Fault, log_of, newest, require_whole
from jittor_tsit.runs.checkpoint import checkpoint_paths, load_checkpoint
from jittor_tsit.runs.pruning import partial_files
from jittor_tsit.runtime.jittor_home import jittor_cache

EXPERIMENT = """
from jittor_tsit.config import DataConfig, Experiment, Pix2PixConfig, RunConfig

experiment = Experiment(
    "pix2pix",
    Pix2PixConfig(num_levels=6, width=2, width_D=2),
    DataConfig(image_width=64, image_height=64),
    RunConfig(total_nimg={total}, batch_size=2, status_nimg=2, snapshot_nimg=2, grid_rows=1),
)
"""
MOMENTS = ("any", "training", "save")
LAST_SAVE = 3  # a kill at "save" is in the first to third save of a process, so that it is before the end
PATIENCE_SECONDS = 600  # limit for a process to train its few steps on a busy machine
FIRST_LINE = re.compile(r"(?:going on from image (\d+)|from the start) to ")


class Times(NamedTuple):
    """Seconds of a run without interruption."""

    start: float  # to the first checkpoint
    whole: float  # to the end


class Runs:
    """Start runs in a folder, kill them and check them.

    Args:
        place: Folder of the data and the experiment.
        num_processes: Value of `--procs`.
        seed: Decides the moments of the kills.
    """

    def __init__(self, place: Path, num_processes: int, seed: int):
        self.place, self.num_processes, self.draw = place, num_processes, random.Random(seed)
        self.tally: Counter = Counter()
        self.reference = place / f"whole-{num_processes}"
        self.times = self._train_whole()

    def command(self, run_dir: Path):
        """Start or continue a run. The command is the same for every start."""
        words = [sys.executable, "-m", "jittor_tsit", "train", "--data", "set", "--experiment", "small.py"]
        words += ["--run-dir", run_dir.name, "--device", "cpu"]
        words += ["--procs", self.num_processes] if self.num_processes > 1 else []
        return running(words, self.place, run_dir.with_suffix(".txt"), PYTHONPATH=str(ROOT))

    def _train_whole(self) -> Times:
        """Train the reference run without interruption."""
        for _ in range(2):  # where the first run compiles operators, the times are those of the second
            before = num_operators()
            shutil.rmtree(self.reference, ignore_errors=True)
            times = self._time_whole()
            if num_operators() == before:
                break
        return times

    def _time_whole(self) -> Times:
        started, first = time.time(), None
        with self.command(self.reference) as command:
            while command.process.poll() is None:
                if first is None and checkpoint_paths(self.reference):
                    first = time.time()
                time.sleep(0.02)
            if command.process.returncode:
                raise Fault(f"an uninterrupted run ended with {command.process.returncode}: {command.stderr_text()}")
        return Times(first - started, time.time() - started)

    def survive(self, num_kills: int) -> None:
        """Train runs to the end, one after the other, until `num_kills` kills have hit a process.

        Raises:
            Fault: A run did not survive a kill.
        """
        while self.tally["kills"] < num_kills:
            run_dir = self.place / f"run-{self.num_processes}"
            shutil.rmtree(run_dir, ignore_errors=True)
            while not self._start_and_kill(run_dir, num_kills):
                self.tally["restarts"] += 1
            self._compare(run_dir)
            print(f"--procs {self.num_processes}: {dict(self.tally)}", file=sys.stderr, flush=True)

    def _start_and_kill(self, run_dir: Path, num_kills: int) -> bool:
        """Start a run once, wait for its end or kill it, and check its files. Return whether it reached its end."""
        before, old_log, rests = newest(run_dir), log_of(run_dir), partial_files(run_dir)
        moment = MOMENTS[self.tally["kills"] % len(MOMENTS)] if self.tally["kills"] < num_kills else ""
        with self.command(run_dir) as command:
            victim = self._victim_at(moment, command, run_dir) if moment else None
            is_hit = victim is not None and kill_process(victim)
            status = self._end_of(command)
        is_hit &= status != 0  # with status 0 it had just ended by itself
        if status not in ((-signal.SIGKILL, 2 if self.num_processes > 1 else 0) if is_hit else (0,)):
            raise Fault(f"ended with {status}: {command.stderr_text()}")
        if is_hit:
            in_save = set(partial_files(run_dir)) - set(rests)
            self.tally.update(["kills", f"at {moment}", *(["in a save"] if in_save else [])])
        self._check(run_dir, before, log_of(run_dir)[len(old_log) :])
        return not is_hit

    def _end_of(self, command: Command) -> int:
        """Wait until all processes of a command have ended. Return the exit status."""
        deadline = time.time() + PATIENCE_SECONDS
        while command.process.poll() is None or command.pids():
            if time.time() > deadline:
                raise Fault(f"still running: {command.stderr_text()}")
            time.sleep(0.1)
        return command.process.returncode

    def _victim_at(self, moment: str, command: Command, run_dir: Path) -> Optional[int]:
        """Wait for the moment of a kill. Return the process to kill, or None if the command has ended before."""
        training_seconds = (
            self.times.whole - self.times.start
        ) / 2  # half, because this start may train less or faster
        seconds = self.draw.uniform(0, self.times.start * (moment == "any") + training_seconds)
        until: Optional[float] = time.time() + seconds if moment == "any" else None
        saves_to_come = self.draw.randint(1, LAST_SAVE)
        victim, log_length, was_saving = None, len(log_of(run_dir)), False
        while command.process.poll() is None and (until is None or time.time() < until):
            if victim is None and len(log_of(run_dir)) > log_length:
                victim = self._choose(command)  # now, because finding a process takes longer than a save
                until = time.time() + seconds if moment == "training" else until
            if moment == "save":
                is_saving = len(partial_files(run_dir)) > 0
                saves_to_come -= is_saving and not was_saving and victim is not None
                was_saving = is_saving
                if not saves_to_come:
                    return victim
            time.sleep(0.0005 if moment == "save" else 0.005)  # a save takes a few milliseconds
        return (victim or self._choose(command)) if command.process.poll() is None else None

    def _choose(self, command: Command) -> int:
        """Choose the process to kill: one of several training processes, or the command if it has not started them."""
        ranks = command.ranks() if self.num_processes > 1 else {}
        return ranks[self.draw.choice(sorted(ranks))] if ranks else command.process.pid

    def _check(self, run_dir: Path, before: int, log: str) -> None:
        """Check that the last start continued from the newest checkpoint and lost none, and that all files are whole.

        Args:
            before: Images of the newest checkpoint before the last start.
            log: Lines of log.txt of the last start.
        """
        first_line = FIRST_LINE.search(log)
        if first_line and int(first_line[1] or 0) != before:
            raise Fault(f"continued from {first_line[1]}, but the newest checkpoint was of {before}")
        if newest(run_dir) < before:
            raise Fault(f"the checkpoint of {before} images is gone")
        for path in sorted(set(run_dir.glob("*")) - set(partial_files(run_dir))):
            require_whole(path)
            self.tally["files"] += 1
            self.tally["checkpoints"] += path.suffix == ".safetensors"

    def _compare(self, run_dir: Path) -> None:
        """Compare a complete run with the reference: progress, weights, lines of stats.jsonl."""
        ours, theirs = (load_checkpoint(checkpoint_paths(path)[-1]) for path in (run_dir, self.reference))
        if ours.progress != theirs.progress or set(ours.arrays) != set(theirs.arrays):
            raise Fault(f"{run_dir}: ended at {ours.progress}, an uninterrupted run at {theirs.progress}")
        for name, array in theirs.arrays.items():
            if array.tobytes() != ours.arrays[name].tobytes():
                raise Fault(f"{name} differs by {np.abs(array - ours.arrays[name]).max()} from an uninterrupted run's")
        stats = [
            [json.loads(line)["nimg"] for line in (path / "stats.jsonl").read_text().splitlines()]
            for path in (run_dir, self.reference)
        ]
        if stats[0] != stats[1] or partial_files(run_dir):
            raise Fault(f"{run_dir}: stats.jsonl has lines of {stats[0]}; left over is {partial_files(run_dir)}")
        self.tally["runs equal"] += 1


def num_operators() -> int:
    """Return how many operators Jittor has compiled on this machine."""
    return sum(1 for _ in jittor_cache().rglob("*_op.so"))


def kill_process(pid: int) -> bool:
    """Kill a process. Return whether it was still running."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def prepare(place: Path, total_nimg: int) -> None:
    """Write the data set and the experiment's file."""
    place.mkdir(parents=True, exist_ok=True)
    write_set(place / "set", 4, 0, 64, 64)
    (place / "small.py").write_text(EXPERIMENT.format(total=total_nimg))


def kill_runs(place: Path, kills: Dict[int, int], total_nimg: int, seed: int) -> List[dict]:
    """Train and kill runs. Return a record for each number of processes.

    Args:
        kills: Number of processes -> number of kills.

    Raises:
        Fault: A run did not survive a kill.
    """
    prepare(place, total_nimg)
    records = []
    for num_processes, num_kills in kills.items():
        started = time.time()
        runs = Runs(place, num_processes, seed)
        runs.survive(num_kills)
        records.append(
            {
                "procs": num_processes,
                **runs.tally,
                "run_s": round(runs.times.whole, 1),
                "start_s": round(runs.times.start, 1),
                "seconds": round(time.time() - started),
            }
        )
    return records


def main() -> int:
    """Run the command line. Return the exit status."""
    parser = argparse.ArgumentParser(prog="experiments.benchmarks.kills", description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=200, help="number of kills (default %(default)s)")
    parser.add_argument("--two", type=int, default=0, help="kills in runs of two processes, with Open MPI (default 0)")
    parser.add_argument("--total-nimg", type=int, default=60, help="images of each run, two in each step (default 60)")
    parser.add_argument("--seed", type=int, default=0, help="decides the moments of the kills (default 0)")
    parser.add_argument("--out", type=Path, help="file to which the result is appended as a JSON line")
    args = parser.parse_args()
    kills = {number: count for number, count in ((1, args.kills - args.two), (2, args.two)) if count}
    place = Path(tempfile.mkdtemp())
    records = kill_runs(place, kills, args.total_nimg, args.seed)
    shutil.rmtree(place)  # not after a fault, so that the files can be examined
    line = json.dumps({**describe_machine(), "kills": args.kills, "seed": args.seed, "runs": records})
    print(line)
    if args.out:
        append_line(args.out, line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
