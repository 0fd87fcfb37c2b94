"""The command line of both packages: `bash run.sh`, `jittor-tsit` or `python -m jittor_tsit`, and a command."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import Dict, Optional, Sequence

from data_tools.basics.command_line import OtherNames, Parser, quiet, with_help_option
from data_tools.basics.errors import exit_status
from data_tools.basics.invocation import DATA, VARIABLE, program
from jittor_tsit import __version__
from jittor_tsit.commands import average, convert, doctor, export, fetch, label, options, score, test, train
from jittor_tsit.commands.shared_options import add_list_experiments
from jittor_tsit.runtime.mpirun import inside_mpi, run_member, run_processes
from jittor_tsit.runtime.out_of_memory import ADVICE

# To add a command, add its module here; run.sh and `jittor-tsit` have it then, too.
COMMANDS = (train, test, score, label, average, convert, export, fetch, options, doctor)  # in the order of --help
TOOLS = (
    "data_tools.__main__"  # imported for its commands only, because it imports libraries that training does not need
)
TOOL_NAMES = {"check": "check-data"}  # `bash run.sh check` runs the tests
SCRIPT = "bash run.sh"
OF_SCRIPT = {  # commands that only run.sh has
    "check": "run the tests; with --quick the few that prove the main promises (tests/README.md)",
    "lint": "check style (ruff) and types (mypy)",
    "help": "this list; with the name of a command, such as help test, its options",
}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one command and return its exit status: 0 success, 1 internal error, 2 wrong input, 130 interrupted."""
    return run_member(lambda: _run(argv)) if inside_mpi() else exit_status(lambda: _run(argv), ADVICE)


def _run(argv: Optional[Sequence[str]]) -> int:
    words = with_help_option(list(sys.argv[1:] if argv is None else argv), OF_SCRIPT)
    if words[:1] == [DATA]:
        return _run_tools(words[1:])
    with_tools = not is_own(words)
    if with_tools:
        words = import_module(TOOLS).with_class_options(words)
    top = parser(with_tools)
    args, rest = top.parse_known_args(words)  # field=value is allowed anywhere among the options
    accepts = getattr(args, "accepts", None)
    unknown = [word for word in rest if word.startswith("-") or accepts is None or not word.startswith(accepts)]
    if unknown:
        hint = "; options of the experiment are written NAME=VALUE, without dashes" if accepts == "" else ""
        args.parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
    args.overrides = rest
    with quiet(args.quiet, args.only_warnings):
        if not inside_mpi() and hasattr(args, "check"):
            args.check(args)
        if getattr(args, "procs", 1) > 1 and not inside_mpi() and not getattr(args, "dry_run", False):
            return run_processes(words, args.procs, args.hostfile, args.device != "cpu")
        return args.run(args)


def _run_tools(words: Sequence[str]) -> int:
    """Run `data_tools` with these arguments as `PROGRAM data …`."""
    os.environ[VARIABLE] = f"{program('jittor_tsit')} {DATA}"
    return import_module(TOOLS).run(words)


def is_own(words: Sequence[str]) -> bool:
    """Return whether the first word is a command of this package, so that those of data_tools are not needed."""
    return bool(words) and words[0] in {command.__name__.rpartition(".")[2] for command in COMMANDS}


def parser(with_tools: bool = True) -> argparse.ArgumentParser:
    """Build the parser. Each module of `commands` adds its own options. None imports Jittor before it runs.

    Args:
        with_tools: Whether to add the commands of data_tools, too.
    """
    called = program("jittor_tsit")
    top = Parser(called, description="Landscape photographs from label maps.", epilog=_epilog(called))
    top.formatter_class = argparse.RawDescriptionHelpFormatter
    top.add_argument("--version", action="version", version=f"jittor_tsit {__version__}")
    add_list_experiments(top)
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands)
    if with_tools:
        for command in import_module(TOOLS).COMMANDS:
            command.add(OtherNames(commands, TOOL_NAMES))
    return top


def _epilog(called: str) -> str:
    own: Dict[str, str] = OF_SCRIPT if called == SCRIPT else {}
    lines = [f"    {name:<16}    {summary}" for name, summary in own.items()]
    lines += [f"`{called} COMMAND --help` lists the options of a command and shows an example."]
    lines += ["Without --data, train renders a small sample set and trains on that."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
