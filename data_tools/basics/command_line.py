"""The parser of a command line: one-line errors, help in the words that the user typed, and the option --quiet."""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Callable, Iterator, NoReturn, TextIO

from data_tools.basics.errors import EXIT_ERROR
from data_tools.basics.names import printable

EXAMPLE = re.compile(r"python -m (?:jittor_tsit|data_tools) [a-z-]+")  # the beginning of an example
CHOICES = re.compile(r"invalid choice: (.+) \(choose from (.+)\)", re.S)  # argparse's words for a wrong choice
NUM_GUESSES = 3  # similar names that a message proposes
LEAST_LIKENESS = 0.4  # of a proposed name, by difflib's ratio; its default of 0.6 misses short names
MOST_CHOICES = 9  # a message lists all of so many allowed values; only commands are more
SHOWN_WHEN_QUIET = ("warning", "error")  # beginnings of the lines that --quiet shows, in any case


class Parser(argparse.ArgumentParser):
    """Parser that tells a wrong argument in one line, without the usage, and proposes similar names."""

    def error(self, message: str) -> NoReturn:
        """Print one line and exit with status 2."""
        self.exit(
            EXIT_ERROR, printable(f"error: {self._plain(message)}; `{self.prog} --help` lists the options") + "\n"
        )

    def _plain(self, message: str) -> str:
        wrong = CHOICES.search(message)
        if wrong:
            word, allowed = wrong[1].strip("'"), [name.strip("' ") for name in wrong[2].split(",")]
            names = get_close_matches(word, allowed, NUM_GUESSES, LEAST_LIKENESS)
            if len(allowed) > MOST_CHOICES and names:
                message = f"no command {word}; similar ones are {', '.join(names)}"
        unknown = re.match(r"unrecognized arguments: (\S+)", message)
        if unknown:
            options = [name for action in self._actions for name in action.option_strings]
            names = get_close_matches(unknown[1].partition("=")[0], options, NUM_GUESSES)
            message += f"; similar options are {', '.join(names)}" if names else ""
        return message


def add_command(commands, name: str, run: Callable, summary: str, example: str) -> argparse.ArgumentParser:
    """Add the parser of one command with the option --quiet. Its help ends with the example.

    Args:
        commands: The subparsers of the command line.
        run: Called with the parsed options; returns the exit status.
        summary: Description of the command.
        example: Text that begins with a command line `python -m PACKAGE COMMAND …`; help shows it as the user types it.
    """
    parser = commands.add_parser(
        name, help=summary, description=summary, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.epilog = f"example:\n  {EXAMPLE.sub(parser.prog, example)}"
    parser.add_argument("-q", "--quiet", action="store_true", help="print warnings, errors and the result only")
    parser.set_defaults(run=run, parser=parser)
    return parser


class Renamed:
    """Subparsers that add some commands under other names.

    Args:
        commands: The subparsers.
        names: Name of a command -> the name that it gets.
    """

    def __init__(self, commands, names):
        self.commands, self.names = commands, names

    def add_parser(self, name: str, **options) -> argparse.ArgumentParser:
        """Add the parser of one command."""
        return self.commands.add_parser(self.names.get(name, name), **options)


class QuietStream:
    """Standard error of a command with --quiet: passes warnings and errors, and keeps the last line."""

    def __init__(self, stream: TextIO):
        self.stream, self.rest, self.last = stream, "", ""

    def write(self, text: str) -> int:
        """Take some text. Whole lines are passed, kept as the last one, or dropped."""
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            line = line.rpartition("\r")[2]  # what a progress bar left
            if line.lower().startswith(SHOWN_WHEN_QUIET):
                self.stream.write(f"{line}\n")
            elif line.strip():
                self.last = line
        return len(text)

    def flush(self) -> None:
        """Flush the lines that were passed."""
        self.stream.flush()

    def isatty(self) -> bool:
        """Return False, so that nothing draws progress bars."""
        return False

    def __getattr__(self, name: str):
        return getattr(self.stream, name)


@contextmanager
def quiet(is_on: bool) -> Iterator[None]:
    """While the block runs, show only warnings and errors on standard error; afterwards the last line, the result."""
    if not is_on:
        yield
        return
    stream, kept = sys.stderr, QuietStream(sys.stderr)
    sys.stderr = kept
    try:
        yield
        if kept.last:
            print(kept.last, file=stream)
    finally:
        sys.stderr = stream
