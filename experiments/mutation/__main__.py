"""`python -m experiments.mutation`: how many of a sample of small faults the tests notice.

    python -m experiments.mutation judge               draw 300 mutants and judge those that have no result yet
    python -m experiments.mutation judge --survivors   judge again those that survived
    python -m experiments.mutation table               write the table of results into the README
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Dict, List

from experiments.mutation.judging import Judge, copy_of
from experiments.mutation.sampling import Mutant, draw, locate
from experiments.mutation.scope import TESTS

HERE = Path(__file__).parent
RESULTS, REASONS, README = HERE / "results.jsonl", HERE / "equivalent.json", HERE / "README.md"
COUNT, SEED = 300, 19
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def key_of(mutant: Mutant) -> str:
    """Tells a mutant from all others."""
    return json.dumps([*mutant.place, mutant.operator, mutant.variant])


def read_results() -> Dict[str, dict]:
    """What is known so far, by mutant."""
    lines = RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []
    return {json.dumps(record.pop("mutant")): record for record in map(json.loads, lines)}


def write_result(mutant: Mutant, record: dict) -> None:
    """Add a line; of several lines for a mutant the last counts."""
    line = json.dumps({"mutant": json.loads(key_of(mutant)), "mutated": mutant.mutated, **record})
    with open(RESULTS, "a", encoding="utf-8") as file:
        file.write(line + "\n")


def judge(arguments: argparse.Namespace) -> None:
    """Judge what is due of the sample."""
    sample, known = draw(TESTS, arguments.count, arguments.seed), read_results()
    wanted = {key for key, record in known.items() if record["outcome"] == "survived"}
    due = [mutant for mutant in sample if (key_of(mutant) in wanted if arguments.survivors else key_of(mutant) not in known)]
    due = [mutant for mutant in due if mutant.place.module.startswith(tuple(arguments.only or [""]))]
    own, parts = map(int, arguments.part.split("/"))
    with tempfile.TemporaryDirectory() as folder, copy_of(HERE.parents[1], Path(folder)):
        judged = Judge()
        for number, mutant in enumerate(due[own - 1 :: parts], 1):
            verdict = judged(locate(mutant), TESTS[mutant.place.module])
            write_result(mutant, verdict._asdict())
            print(f"{number}/{len(due[own - 1 :: parts])} {verdict.outcome} {verdict.seconds} s: "
                  f"{mutant.place.module}: {mutant.mutated} {verdict.by}", flush=True)  # fmt: skip


def table(arguments: argparse.Namespace) -> None:
    """Write the sample's results and no others, the table and the survivors."""
    sample, known = draw(TESTS, arguments.count, arguments.seed), read_results()
    reasons = json.loads(REASONS.read_text(encoding="utf-8")) if REASONS.exists() else {}
    RESULTS.unlink()
    rows: Dict[str, Counter] = {}
    survivors: Dict[str, List[str]] = {"equivalent": [], "survived": []}
    for mutant in sample:
        record = known[key_of(mutant)]
        write_result(mutant, {name: value for name, value in record.items() if name != "mutated"})
        reason = reasons.get(f"{mutant.place.module}: {mutant.mutated}")
        outcome = "equivalent" if reason and record["outcome"] == "survived" else record["outcome"]
        rows.setdefault(mutant.place.module, Counter())[outcome] += 1
        if outcome != "killed":
            told = f"`{mutant.place.module}`: `{mutant.place.line}` → `{mutant.mutated}`"
            survivors[outcome].append(f"- {told}: {reason}" if reason else f"- {told}")
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
    parser.add_argument("command", choices=("judge", "table"))
    parser.add_argument("--count", type=int, default=COUNT, help="mutants of the sample (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="of the lot (default: %(default)s)")
    parser.add_argument("--survivors", action="store_true", help="judge again what survived")
    parser.add_argument("--only", nargs="+", metavar="PATH", help="files or folders whose mutants are judged")
    parser.add_argument("--part", default="1/1", help="of the work, such as 2/3, for several at a time")
    arguments = parser.parse_args()
    {"judge": judge, "table": table}[arguments.command](arguments)


if __name__ == "__main__":
    sys.exit(main())
