"""Commands and options in the pages exist: each command parses, each option is one of a command or an experiment."""

import contextlib
import dataclasses
import io
import re
import shlex

import pytest

import data_tools.__main__ as tools
import jittor_tsit.__main__ as package
from data_tools.basics.errors import InputError
from helpers.experiments import configure
from helpers.source_files import ROOT
from jittor_tsit.commands.train import experiment_file
from jittor_tsit.config import DataConfig, OptimConfig, Phase, RunConfig
from jittor_tsit.config.experiment_files import load_runs
from jittor_tsit.config.overrides import PARTS
from jittor_tsit.systems import SYSTEMS

PAGES = [
    "README.md",
    "data_tools/README.md",
    "docs/pictures/README.md",
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
]
BLOCK = re.compile(r"^```(?:bash|)\n(.*?)^```$", re.M | re.S)
CODE = re.compile(r"`([^`\n]+)`")
OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")
FIELD = re.compile(r"^([a-z][\w.]*)=\S*$", re.I)
OF_RUN_SH = {"check", "lint", "help", "--version"}  # what it does itself
OF_OTHERS = {"--netG", "--eval", "--collect-only", "--notest", "--install"}  # official programs, pytest, convmv, wsl
OF_BENCHMARKS = {"--cases", "--seed", "--set", "--work", "--kills", "--two", "--judges"}
NO_FIELDS = {"device", "target"}  # arguments of Python functions
PLACEHOLDERS = {"field", "weights.NAME"}


def lines(page):
    """Shell commands in the blocks of a page."""
    for text in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        yield from (line for line in text.splitlines() if line.startswith(("bash run.sh", "python -m", ".venv/bin/")))


def parse(line):
    """The parsed options of a command of ours, and the words that it leaves over; None for other programs."""
    words = shlex.split(line)
    if words[:2] == ["bash", "run.sh"] and words[2] not in OF_RUN_SH:
        return package.parser().parse_known_args(words[2:])
    if words[1:3] == ["-m", "data_tools"]:
        return tools.parser().parse_known_args(words[3:])
    return None


@pytest.mark.parametrize("line", sorted({line for page in PAGES for line in lines(page)}))
def test_commands_parse(line):
    parsed = parse(line)
    if parsed is None:
        return
    args, rest = parsed
    assert all(re.fullmatch(r"[\w.]+=\S*", word) for word in rest), rest
    if shlex.split(line)[2] == "train":
        file = experiment_file(args)
        if not load_runs(file):
            configure(file, None, [*rest, *([f"split={args.split}"] if args.split else [])])


def options_of(main):
    """All options that the help texts of a program's commands name."""
    for command in main.COMMANDS:
        name, shown = command.__name__.rsplit(".", 1)[-1], io.StringIO()
        with contextlib.redirect_stdout(shown), pytest.raises(SystemExit):
            main.parser().parse_args([name, "--help"])
        yield from OPTION.findall(shown.getvalue())


def fields_of(kind):
    """Names of the fields of a config, those of nested ones behind a point."""
    for field in dataclasses.fields(kind):
        yield field.name
        if dataclasses.is_dataclass(field.type):
            yield from (f"{field.name}.{name}" for name in fields_of(field.type))


def known_fields():
    kinds = [system.Config for system in SYSTEMS.values()] + [DataConfig, RunConfig]
    names = {name for kind in kinds for name in fields_of(kind)}
    names |= {f"phases.{k}.{name}" for k in range(1, 5) for name in fields_of(Phase)}
    names |= {f"optim.{name}" for name in fields_of(OptimConfig)}
    return names | {f"{part}.{name}" for part in PARTS for name in names}


@pytest.mark.parametrize("page", PAGES)
def test_options_in_the_text_exist(page):
    known = {*options_of(package), *options_of(tools), *OF_OTHERS, *OF_BENCHMARKS}
    fields = known_fields()
    text = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.M | re.S)
    for code in CODE.findall(text):
        for option in OPTION.findall(code):
            assert option in known, f"{page}: no command has {option}"
        for word in code.split():
            match = FIELD.match(word)
            if match and "(" not in code and match[1] not in (*NO_FIELDS, *PLACEHOLDERS) and not match[1][0].isupper():
                assert match[1] in fields, f"{page}: there is no option {match[1]}"


def test_a_wrong_option_is_noticed():
    with pytest.raises(SystemExit):
        parse("bash run.sh synth --out a --count b --seed 0")
    with pytest.raises(InputError, match="widht"):
        configure(ROOT / "experiments/quickstart.py", None, ["widht=3"])
