"""The parser of a command line: one-line errors, help in the words that the user typed, and the option --quiet."""

from __future__ import annotations

import argparse
import os
import re
import sys
from contextlib import contextmanager
from typing import Callable, Container, Iterator, List, NoReturn, Sequence, TextIO, Tuple

from data_tools.basics.errors import EXIT_ERROR
from data_tools.basics.names import printable
from data_tools.basics.similar_names import nearest

EXAMPLE = re.compile(r"python -m (?:jittor_tsit|data_tools) [a-z-]+")  # the beginning of an example
CHOICES = re.compile(r"invalid choice: (.+) \(choose from (.+)\)", re.S)  # argparse's words for a wrong choice
# Words of the lines that --quiet shows: warnings and errors. In doubt a line is shown.
WARNING = re.compile(
    r"\b(warning|error|fail\w*|cannot|damaged|broken|faulty|missing|skip\w*|passed over|ignored|not usable|no such"
    r"|no GPU|not finite|not written|not in the palette|differ\w*)\b",
    re.I,
)
BAR = re.compile(r"\d%\|")  # part of a progress bar
QUIET_VARIABLE = "JTSIT_QUIET"  # environment variable: processes that show status lines must not


class Parser(argparse.ArgumentParser):
    """Parser that reports a wrong argument in one line, without the usage, and proposes similar names."""

    def error(self, message: str) -> NoReturn:
        """Print one line and exit with status 2."""
        self.exit(
            EXIT_ERROR, printable(f"error: {self._plain(message)}; `{self.prog} --help` lists the options") + "\n"
        )

    def _plain(self, message: str) -> str:
        """Return argparse's message with similar names in place of the list of all names."""
        wrong = CHOICES.search(message)
        if wrong:
            word, allowed = wrong[1].strip("'"), [name.strip("' ") for name in wrong[2].split(",")]
            names = nearest(word, allowed)
            if message.startswith("argument COMMAND") and names:
                message = f"no command {word}; similar ones are {', '.join(names)}"
        unknown = re.match(r"unrecognized arguments: (\S+)", message)
        if unknown:
            options = {name.lstrip("-"): name for action in self._actions for name in action.option_strings}
            names = [options[name] for name in nearest(unknown[1].partition("=")[0].lstrip("-"), options)]
            message += f"; similar options are {', '.join(names)}" if names else ""
        return message


def add_command(
    commands, name: str, run: Callable, summary: str, example: str, writes_files: bool = False
) -> argparse.ArgumentParser:
    """Add the parser of one command with the option --quiet. Its help ends with the example.

    Args:
        commands: The subparsers of the command line.
        run: Called with the parsed options; returns the exit status.
        summary: Description of the command.
        example: Text that begins with a command line `python -m PACKAGE COMMAND …`; help shows it as the user types it.
        writes_files: Whether the command's result is files, so that with --quiet it prints warnings and errors only.
    """
    parser = commands.add_parser(
        name, help=summary, description=summary, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.epilog = f"example:\n  {EXAMPLE.sub(parser.prog, example)}"
    shown = "warnings and errors only" if writes_files else "warnings, errors and the result only"
    parser.add_argument("-q", "--quiet", action="store_true", help=f"print {shown}")
    parser.set_defaults(run=run, parser=parser, only_warnings=writes_files)
    return parser


def with_help_option(words: Sequence[str], without_help: Container[str] = ()) -> List[str]:
    """Turn the words `help COMMAND` into `COMMAND --help`, and return all words.

    Args:
        without_help: Commands that have no help of their own; the list of commands describes them.
    """
    if list(words[:1]) != ["help"]:
        return list(words)
    return [*(word for word in words[1:] if word not in without_help), "--help"]


class OtherNames:
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
    """Output of a command with --quiet: passes warnings and errors, and keeps the last line."""

    def __init__(self, stream: TextIO):
        self.stream, self.rest, self.last = stream, "", ""

    def write(self, text: str) -> int:
        """Take some text. Whole lines are passed, kept as the last one, or dropped."""
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            line = line.rpartition("\r")[2]  # what a progress bar left
            if WARNING.search(line):
                self.stream.write(f"{line}\n")
            elif line.strip() and not BAR.search(line):
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
def quiet(is_on: bool, only_warnings: bool = False) -> Iterator[None]:
    """While the block runs, show only warnings and errors on standard error; afterwards the last line, the result.

    Args:
        only_warnings: Whether the result is files. Standard output then shows warnings only, too, and no last line
            follows.
    """
    if not is_on:
        yield
        return
    streams, kept = (sys.stdout, sys.stderr), QuietStream(sys.stderr)
    sys.stderr, os.environ[QUIET_VARIABLE] = kept, "1"
    if only_warnings:
        sys.stdout = QuietStream(sys.stdout)
    try:
        yield
        if kept.last and not only_warnings:
            print(kept.last, file=streams[1])
    finally:
        sys.stdout, sys.stderr = streams
        del os.environ[QUIET_VARIABLE]


def image_size(text: str) -> Tuple[int, int]:
    """Convert the text of an option, such as 512x384, to (width, height), at least 1 each."""
    match = re.fullmatch(r"([0-9]{1,6})x([0-9]{1,6})", text, re.I)
    if not match or not all(map(int, match.groups())):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write WIDTHxHEIGHT in pixels, such as 512x384")
    return int(match[1]), int(match[2])
