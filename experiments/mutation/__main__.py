"""`python -m experiments.mutation`: how many of a sample of small faults the tests notice.

python -m experiments.mutation draw                draw 300 mutants; those that are drawn again keep their results
python -m experiments.mutation judge               judge those that have no result yet
python -m experiments.mutation judge --survivors   judge again those that survived
python -m experiments.mutation table               write the table of results into the README
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Dict, List

from experiments.mutation.judging import Judge, copy_of
from experiments.mutation.sampling import Mutant, Place, draw, locate
from experiments.mutation.scope import TESTS

HERE = Path(__file__).parent
RESULTS, REASONS, README = HERE / "results.jsonl", HERE / "reasons.json", HERE / "README.md"
COUNT, SEED = 300, 19
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def read_sample() -> Dict[Mutant, dict]:
    """The mutants that were drawn, and what is known of each."""
    sample: Dict[Mutant, dict] = {}
    for line in RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []:
        record = json.loads(line)
        place = Place(*record.pop("place"))
        sample[Mutant(place, *(record.pop(name) for name in ("operator", "variant", "mutated")))] = record
    return sample


def add_line(mutant: Mutant, record: dict) -> None:
    """Of several lines about a mutant the last counts."""
    with open(RESULTS, "a", encoding="utf-8") as file:
        file.write(json.dumps({**asdict(mutant), **record}) + "\n")


def write_sample(sample: Dict[Mutant, dict]) -> None:
    """One line a mutant."""
    RESULTS.write_text("", encoding="utf-8")
    for mutant, record in sample.items():
        add_line(mutant, record)


def read_reasons() -> Dict[str, Dict[str, str]]:
    """Why mutants survive, by what they are ("equivalent" or "survived"), then by file and mutated line."""
    return json.loads(REASONS.read_text(encoding="utf-8"))


def reason_key(mutant: Mutant) -> str:
    """What tells a mutant in the file of reasons."""
    return f"{mutant.place.module}: {mutant.mutated}"


def draw_sample(arguments: argparse.Namespace) -> None:
    """Draw, and say how many are new."""
    known = read_sample()
    sample = {mutant: known.get(mutant, {}) for mutant in draw(TESTS, arguments.count, arguments.seed)}
    write_sample(sample)
    print(f"{len(sample)} mutants, {len(sample.keys() - known.keys())} of them new")


def judge(arguments: argparse.Namespace) -> None:
    """Judge what is due of the sample."""
    wanted, equivalent = "survived" if arguments.survivors else None, read_reasons()["equivalent"]
    due = [mutant for mutant, record in read_sample().items() if record.get("outcome") == wanted]
    due = [mutant for mutant in due if not (arguments.survivors and reason_key(mutant) in equivalent)]
    due = [mutant for mutant in due if mutant.place.module.startswith(tuple(arguments.only or [""]))]
    own, parts = map(int, arguments.part.split("/"))
    due = due[own - 1 :: parts]
    with tempfile.TemporaryDirectory() as folder, copy_of(HERE.parents[1], Path(folder)):
        judged = Judge(arguments.limit)
        for number, mutant in enumerate(due, 1):
            spec = locate(mutant)
            if spec is None:
                print(f"{number}/{len(due)} gone: {mutant.place.module}: {mutant.place.line}", flush=True)
                continue
            verdict = judged(spec, TESTS[mutant.place.module])
            add_line(mutant, verdict._asdict())
            words = f"{verdict.outcome} {verdict.seconds} s: {mutant.place.module}: {mutant.mutated} {verdict.by}"
            print(f"{number}/{len(due)} {words}", flush=True)


def table(_arguments: argparse.Namespace) -> None:
    """One line a mutant in the file of results; the table and the survivors in the README."""
    sample = read_sample()
    reasons = read_reasons()
    write_sample(sample)
    rows: Dict[str, Counter] = {}
    survivors: Dict[str, List[str]] = {"equivalent": [], "survived": []}
    for mutant, record in sample.items():
        outcome, key = record["outcome"], reason_key(mutant)
        if outcome == "survived" and key in reasons["equivalent"]:
            outcome = "equivalent"
        rows.setdefault(mutant.place.module, Counter())[outcome] += 1
        if outcome != "killed":
            told = f"`{mutant.place.module}`: `{mutant.place.line}` → `{mutant.mutated}`"
            survivors[outcome].append(f"- {told}: {reasons[outcome].get(key, 'no reason yet')}")
    _write_readme(rows, survivors)


def _write_readme(rows: Dict[str, Counter], survivors: Dict[str, List[str]]) -> None:
    names = "killed", "equivalent", "survived"
    total = sum(rows.values(), Counter())
    lines = ["| file | mutants | killed | equivalent | survived |", "|---|---|---|---|---|"]
    for module, counts in [*sorted(rows.items()), ("all", total)]:
        cells = [sum(counts.values()), *(counts[name] for name in names)]
        lines.append(f"| {module} | {' | '.join(map(str, cells))} |")
    seen = total["killed"] + total["equivalent"]
    lines += ["", f"{seen} of {sum(total.values())}, {100 * seen / sum(total.values()):.1f} %, die or are equivalent."]
    lines += ["", "Equivalent, with the reason:", "", *survivors["equivalent"]]
    lines += ["", "Not noticed:", "", *(survivors["survived"] or ["none"])]
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    text = "\n".join([before + BEGIN, *lines, END]) + rest.partition(END)[2]
    README.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.mutation", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("draw", "judge", "table"))
    parser.add_argument("--count", type=int, default=COUNT, help="mutants of the sample (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="of the lot (default: %(default)s)")
    parser.add_argument("--survivors", action="store_true", help="judge again what survived")
    parser.add_argument("--only", nargs="+", metavar="PATH", help="files or folders whose mutants are judged")
    parser.add_argument("--part", default="1/1", help="of the work, such as 2/3, for several at a time")
    parser.add_argument("--limit", type=float, default=0, help="seconds for a mutant; 0: try the tests first")
    arguments = parser.parse_args()
    {"draw": draw_sample, "judge": judge, "table": table}[arguments.command](arguments)


if __name__ == "__main__":
    sys.exit(main())
