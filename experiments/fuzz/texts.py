"""Lists, tables, JSON, options and command lines: valid ones, and random ones."""

from __future__ import annotations

import json
from random import Random
from typing import Any, List, Mapping, Sequence

STEMS = b"# a list\n000001\n000002\n\nmountain lake\n"
NAMES = json.dumps({"1.png": "2.jpg", "2.png": "1.jpg"}).encode()
ATTRIBUTES = b"2\nMale Young\n000001.jpg  1 -1\n000002.jpg -1  1\n"
LINES = b'{"nimg": 100, "img_per_s": 1.5, "G/gan": 0.7}\n{"nimg": 200, "img_per_s": NaN}\n{"nimg": 3'
TABLE = b"stem,blur,misfit\na,0.1,-1\nb,,2e-3\n"
DECISIONS = (
    b"stem,decision,split,rule,value,limit,others\na,kept,selection_2,blurred,0.1,0.4,\nb,dropped,,torn,91,90,grey\n"
)
CLASSES = b"class,stem,rank,mirrored,kept\n0,a,1,0,1\n0,b,2,1,0\n1,c,0,0,1\n"
PROBLEMS = b"stem,problem\na,x.jpg: is empty\n"
MANUAL = b"# by hand\nkeep a\ndrop b\n"
JOURNAL = b'["swap", "a", [["a", "swap", "b"]]]\n["blur", "b", []]\n'

_VALUES = [
    None,
    True,
    False,
    0,
    1,
    -1,
    2**31,
    2**63,
    10**30,
    10**400,
    0.5,
    -0.0,
    float("nan"),
    float("inf"),
    1e308,
    "",
    "x",
    "\0",
    "\u2028",
    "²",
    "../x",
    "\ud800",
    [],
    {},
    [1],
    [0, 0.9],
    ["a", "b"],
    {"a": 1},
]
_OPTION_VALUES = [
    "",
    "0",
    "1",
    "-1",
    "1e3",
    "1e999",
    "nan",
    "inf",
    "true",
    "False",
    "0,0.9",
    "(0,1)",
    "a,b",
    ",",
    "1_000",
    "_",
    "²",
    "٣",
    "9" * 5000,
    "0x10",
    "\0",
    "\udcff",
    "x" * 10_000,
    " 1 ",
    "1;2",
    "{}",
    "[",
    "a=b",
]
PRODUCT_LINES = [
    "train --data x --run-dir y lr_G=0.1 --dry-run --procs 2 --device cpu",
    "test --data x --candidates 3 --checkpoints a,b --improve --real y --seed 7",
    "score --images a --labels b --real c --board 2023a --report d.html",
    "average a b --out c",
    "average --run-dir a --last 2",
    "convert --from a.pth b.pth --system tsit --out c image_width=512",
    "export --checkpoint a --out b",
    "doctor",
]
DATA_LINES = [
    "check --data x",
    "stats --data x --json y",
    "scan --data x --out y --workers 2",
    "select --out x --limit blurred=0.5 --keep 5,3",
    "report --out x --examples 3",
    "synth --out x --count 3 --seed 0 --size 64x48 --test-count 2 --defects 0.5",
    "plant --data x --out y --seed 1 --share 0.3",
]
_ODD_WORDS = [
    "",
    "-",
    "--",
    "---",
    "-h",
    "--help",
    "=",
    "@x",
    "-1",
    "--run-dir=",
    "--dry",
    "\0",
    "\udcff",
    "x" * 10_000,
    "²",
]
_MAX_DEPTH = 5  # of random JSON; `mutations.WORDS` has deeper nesting


def made_up_json(rng: Random, depth: int = 0) -> Any:
    """A random JSON value of any type."""
    if depth == _MAX_DEPTH or rng.random() < 0.5:
        return rng.choice(_VALUES)
    inner = [made_up_json(rng, depth + 1) for _ in range(rng.randint(0, 3))]
    return inner if rng.random() < 0.5 else {f"{key}": value for key, value in zip("abc", inner)}


def altered_json(rng: Random, value: Any, likelihood: float = 0.2) -> Any:
    """A copy of a JSON value in which some parts are replaced, some removed and some added."""
    if rng.random() < likelihood / 2:
        return made_up_json(rng)
    if isinstance(value, dict):
        kept = {
            key: altered_json(rng, each, likelihood) for key, each in value.items() if rng.random() > likelihood / 5
        }
        return {
            **kept,
            **({rng.choice(("x", "", "seed", "²")): made_up_json(rng)} if rng.random() < likelihood / 5 else {}),
        }
    if isinstance(value, list):
        return [altered_json(rng, each, likelihood) for each in value] * rng.choice((1, 1, 1, 2))
    return value


def altered_json_text(rng: Random, value: Any) -> bytes:
    """The content of a file with the result of `altered_json`."""
    return json.dumps(altered_json(rng, value)).encode()


def made_up_options(rng: Random, fields: Sequence[str]) -> List[str]:
    """Random `field=value` words, some with fields that do not exist."""
    names = [
        *fields,
        "phases.1.nimg",
        "phases.1.weights.gan",
        "phases.².nimg",
        "phases." + "9" * 5000 + ".nimg",
        "phases.",
        "x",
        "",
    ]
    return [
        rng.choice(names) + rng.choice(("=", "=", "=", "=", "=", "")) + rng.choice(_OPTION_VALUES)
        for _ in range(rng.randint(1, 3))
    ]


def altered_words(rng: Random, lines: Sequence[str]) -> List[str]:
    """A valid command line in which some words are replaced, removed or inserted. Some are left as they are."""
    words = rng.choice(lines).split()
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        place = rng.randrange(len(words) + 1)
        words[place : place + rng.randint(0, 2)] = rng.choice(
            ([], [rng.choice(_OPTION_VALUES)], [rng.choice(_ODD_WORDS)])
        )
    return words


def made_up_words(rng: Random, commands: Mapping[str, Sequence[str]], fields: Sequence[str]) -> List[str]:
    """A command line of random options and values.

    Args:
        commands: The options of each command.
        fields: The options of an experiment, for `field=value` words.
    """
    command = rng.choice(sorted(commands))
    options = [*commands[command], *_ODD_WORDS]
    words = [command] if rng.random() < 0.95 else [rng.choice(_ODD_WORDS)]
    for _ in range(rng.randint(0, 6)):
        word = rng.choice(options)
        words += [f"{word}={rng.choice(_OPTION_VALUES)}"] if rng.random() < 0.2 else [word]
        words += [rng.choice(_OPTION_VALUES)] if rng.random() < 0.7 else []
        words += made_up_options(rng, fields) if rng.random() < 0.2 else []
    return words
