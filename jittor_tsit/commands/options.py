"""The command `options`: explain every option of an experiment."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from typing import Any, List, Sequence

from jittor_tsit.commands.shared_options import add_command, add_experiment
from jittor_tsit.commands.train import experiment_file
from jittor_tsit.config import Experiment, Phase
from jittor_tsit.config.experiment_files import load_experiment
from jittor_tsit.config.option_texts import Option, as_typed, comments_of, options_of
from jittor_tsit.config.overrides import find_field, override

TITLES = {
    "config": "options of {system}",
    "data": "data set and sizes of images",
    "run": "length and reports of the run",
}
OF_CONFIG = {"weights.": "weights of the loss terms", "optim.": "learning rates and optimizer"}
INDENT = 4  # columns before a comment


def add(commands) -> None:
    """Add the command `options` and its options to the parsers `commands`."""
    parser = add_command(
        commands,
        "options",
        run,
        "explain every option of an experiment: its value, its type and what it does",
        "python -m jittor_tsit options --experiment spade_landscape\n"
        "With names, such as width weights.vgg or weights, only these are explained.\n"
        "Each of them can be given to train as field=value. Here, too: it is then shown with the new value.",
        accepts="",
    )
    add_experiment(parser, "tsit_landscape")
    parser.set_defaults(data=True)  # the default experiment is the one with a data set


def run(args: argparse.Namespace) -> int:
    """Print the options of the experiment, or only those that are named. Return the exit status."""
    names = [word for word in args.overrides if "=" not in word]
    experiment = override(load_experiment(experiment_file(args)), [word for word in args.overrides if "=" in word])
    columns = shutil.get_terminal_size().columns
    print("\n".join(describe_only(experiment, names, columns) if names else describe(experiment, columns)))
    return 0


def describe_only(experiment: Experiment, names: Sequence[str], columns: int) -> List[str]:
    """Return the lines that explain some options of an experiment.

    Args:
        names: As on the command line, with or without the part in front; or those of groups: "weights", "optim".
        columns: Width of a line, in characters.

    Raises:
        InputError: There is no such option. The message proposes similar ones.
    """
    options = {(part, each.name): each for part in TITLES for each in all_options(getattr(experiment, part))}
    shown: List[Option] = []
    for name in names:
        group = [each for (_, full), each in options.items() if full.startswith(f"{name}.")]
        shown += group or [options[find_field(experiment, name)]]
    return _lines(shown, columns)


def all_options(config: Any) -> List[Option]:
    """Return the options of a config and of the configs in it."""
    return [option for _, group in options_of(config) for option in group]


def describe(experiment: Experiment, columns: int) -> List[str]:
    """Return the lines that explain all options of an experiment, in groups.

    Args:
        columns: Width of a line, in characters.
    """
    lines = []
    for part, title in TITLES.items():
        for prefix, group in options_of(getattr(experiment, part)):
            heading = OF_CONFIG[prefix] if prefix else title.format(system=experiment.system)
            lines += ["", f"{heading} ({part}.{prefix.rstrip('.')})".replace(".)", ")"), *_lines(group, columns)]
    for number, phase in enumerate(experiment.phases, start=1):
        comments = comments_of(Phase)
        values = ((field, value) for field, value in vars(phase).items() if value)
        lines += ["", f"phase {number} of {len(experiment.phases)}; 0 or empty: as above"]
        for name, value in values:
            if isinstance(value, dict):
                shown = [(f"weights.{term}", weight) for term, weight in value.items()]
            else:
                shown = [(name, value)]
            group = [Option(f"phases.{number}.{field}", as_typed(each), "", comments[name]) for field, each in shown]
            lines += _lines(group, columns)
    return lines[1:]


def _lines(group: Sequence[Option], columns: int) -> List[str]:
    lines = []
    for option in group:
        lines.append(f"  {option.name}={option.value}" + (f"  ({option.kind})" if option.kind else ""))
        lines += textwrap.wrap(
            option.comment, max(columns, 40), initial_indent=" " * (INDENT + 2), subsequent_indent=" " * (INDENT + 2)
        )
    return lines
