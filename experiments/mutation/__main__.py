"""`python -m experiments.mutation`: put small faults into the code, one at a time, and count those that the tests find.

python -m experiments.mutation draw                draw 300 mutants; those that have results keep them
python -m experiments.mutation judge               run the tests on the mutants without a result
python -m experiments.mutation judge --survivors   run the tests again on the mutants that survived
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
    """Read the file of results: the mutants of the sample, each with its result."""
    sample: Dict[Mutant, dict] = {}
    for line in RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []:
        record = json.loads(line)
        place = Place(*record.pop("place"))
        sample[Mutant(place, *(record.pop(name) for name in ("operator", "variant", "mutated")))] = record
    return sample


def add_line(mutant: Mutant, record: dict) -> None:
    """Append a mutant and its result to the file of results. A later line about the same mutant replaces an earlier."""
    with open(RESULTS, "a", encoding="utf-8") as file:
        file.write(json.dumps({**asdict(mutant), **record}) + "\n")


def write_sample(sample: Dict[Mutant, dict]) -> None:
    """Write the file of results, with one line for each mutant."""
    RESULTS.write_text("", encoding="utf-8")
    for mutant, record in sample.items():
        add_line(mutant, record)


def read_reasons() -> Dict[str, Dict[str, str]]:
    """Read why mutants survive: {"equivalent" or "survived": {`reason_key`: the reason}}."""
    return json.loads(REASONS.read_text(encoding="utf-8"))


def reason_key(mutant: Mutant) -> str:
    """The key of a mutant in the file of reasons."""
    return f"{mutant.place.module}: {mutant.mutated}"


def draw_sample(arguments: argparse.Namespace) -> None:
    """Draw a sample, write it to the file of results and print how many mutants are new."""
    former = read_sample()
    sample = {mutant: former.get(mutant, {}) for mutant in draw(TESTS, arguments.count, arguments.seed)}
    write_sample(sample)
    print(f"{len(sample)} mutants, {len(sample.keys() - former.keys())} of them new")


def judge(arguments: argparse.Namespace) -> None:
    """Run the tests on the mutants that `arguments` select, and append each result to the file."""
    wanted, equivalent = "survived" if arguments.survivors else None, read_reasons()["equivalent"]
    due = [mutant for mutant, record in read_sample().items() if record.get("outcome") == wanted]
    due = [mutant for mutant in due if not (arguments.survivors and reason_key(mutant) in equivalent)]
    due = [mutant for mutant in due if mutant.place.module.startswith(tuple(arguments.only or [""]))]
    own, parts = map(int, arguments.part.split("/"))
    due = due[own - 1 :: parts]
    with tempfile.TemporaryDirectory() as folder, copy_of(HERE.parents[1], Path(folder)):
        judge_mutant = Judge(arguments.limit)
        for number, mutant in enumerate(due, 1):
            spec = locate(mutant)
            if spec is None:
                print(f"{number}/{len(due)} gone: {mutant.place.module}: {mutant.place.line}", flush=True)
                continue
            verdict = judge_mutant(spec, TESTS[mutant.place.module])
            add_line(mutant, verdict._asdict())
            words = f"{verdict.outcome} {verdict.seconds} s: {mutant.place.module}: {mutant.mutated} {verdict.by}"
            print(f"{number}/{len(due)} {words}", flush=True)


def table(_arguments: argparse.Namespace) -> None:
    """Write the results into the README, and leave one line for each mutant in the file of results."""
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
            change = f"`{mutant.place.module}`: `{mutant.place.line}` → `{mutant.mutated}`"
            survivors[outcome].append(f"- {change}: {reasons[outcome].get(key, 'no reason yet')}")
    _write_readme(rows, survivors)


def _write_readme(rows: Dict[str, Counter], survivors: Dict[str, List[str]]) -> None:
    names = "killed", "equivalent", "survived"
    total = sum(rows.values(), Counter())
    lines = ["| file | mutants | killed | equivalent | survived |", "|---|---|---|---|---|"]
    for module, counts in [*sorted(rows.items()), ("all", total)]:
        cells = [sum(counts.values()), *(counts[name] for name in names)]
        lines.append(f"| {module} | {' | '.join(map(str, cells))} |")
    good, count = total["killed"] + total["equivalent"], sum(total.values())
    lines += ["", f"{good} of {count}, {100 * good / count:.1f} %, are killed or equivalent."]
    lines += ["", "Equivalent, with the reason:", "", *survivors["equivalent"]]
    lines += ["", "Not noticed:", "", *(survivors["survived"] or ["none"])]
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    text = "\n".join([before + BEGIN, *lines, END]) + rest.partition(END)[2]
    README.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.mutation", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("draw", "judge", "table"))
    parser.add_argument(
        "--count", type=int, default=COUNT, help="number of mutants in the sample (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=SEED, help="seed of the sample (default: %(default)s)")
    parser.add_argument("--survivors", action="store_true", help="judge the survivors again")
    parser.add_argument("--only", nargs="+", metavar="PATH", help="judge only mutants of these files or folders")
    parser.add_argument("--part", default="1/1", help="the part of the mutants to judge, such as 2/3")
    parser.add_argument("--limit", type=float, default=0, help="seconds for each mutant; 0: time the tests first")
    arguments = parser.parse_args()
    {"draw": draw_sample, "judge": judge, "table": table}[arguments.command](arguments)


if __name__ == "__main__":
    sys.exit(main())
