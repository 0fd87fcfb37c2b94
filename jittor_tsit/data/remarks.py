"""Say on stderr what lies in a folder of images and is not used, and how deep images are scaled. Imports no Jittor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Sequence, Tuple

from data_tools.sets.formats import IMAGES, Kind
from data_tools.sets.listing import passed_over
from data_tools.sets.odd_files import depth_remarks


def tell_passed_over(lists: Sequence[Tuple[Sequence[Path], Kind]]) -> None:
    """Print one line for each folder of the files in which other files or folders lie.

    Args:
        lists: Lists of used files, each with the kind of its files.

    Raises:
        InputError: A folder cannot be read.
    """
    for line in dict.fromkeys(line for paths, kind in lists for line in passed_over(paths, kind)):
        print(line, file=sys.stderr)


def tell_of_inputs(paths: Sequence[Path], kind: Kind = IMAGES) -> None:
    """Print what `tell_passed_over` does, and how images of more than 8 bits a channel are scaled.

    Raises:
        InputError: A folder or file cannot be read, or the images would be scaled differently.
    """
    tell_passed_over([(paths, kind)])
    for line in depth_remarks(paths) if kind == IMAGES else ():
        print(line, file=sys.stderr)
