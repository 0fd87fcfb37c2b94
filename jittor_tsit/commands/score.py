"""The command `score`: score a folder of images by the contest's terms, as far as their judges are available.

The formula that joins the terms to one score is in metrics/contest.py.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Optional

import numpy as np

from data_tools.basics.files import make_folder, write_atomic
from data_tools.sets.image_io import read_label
from jittor_tsit.commands.path_checks import check_judges, require_input, require_writable
from jittor_tsit.commands.shared_options import add_command, add_device, add_judges
from jittor_tsit.runtime.import_jittor import start_jittor

if TYPE_CHECKING:
    from jittor_tsit.evaluation.judges import Judges
    from jittor_tsit.metrics.terms import Term

BOARDS = ("2022a", "2022b", "2023a")  # names of the contest's formulas in metrics.contest.BOARDS
PACKAGES = ("jittor", "numpy", "pillow", "opencv-python")  # their versions are written to the JSON file


def add(commands) -> None:
    """Add the command `score` and its options to the parsers `commands`."""
    parser = add_command(
        commands,
        "score",
        run,
        "score images by the contest's terms, as far as their judges are available",
        "python -m jittor_tsit score --images runs/mine/test/images --labels data/landscape/test "
        "--real data/landscape --report score.html",
        check=check,
    )
    folders = ("images", "the images to score"), ("labels", "their label maps"), ("real", "photographs, or a data set")
    for name, what in folders:
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="DIR", help=what)
    add_judges(parser)
    parser.add_argument("--references", type=Path, metavar="DIR", help="photos named by label_to_img.json")
    parser.add_argument("--board", choices=BOARDS, default=BOARDS[0], help=f"the formula; default: {BOARDS[0]}")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="JSON file of the scores; default: score-<images>.json beside the images",
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="also write a page (English and Chinese) with the worst and best images",
    )
    add_device(parser)


def check(args: argparse.Namespace) -> None:
    """Check the paths that the options name.

    Raises:
        InputError: A file or folder is missing, or the results cannot be written.
    """
    for name in ("images", "labels", "real"):
        require_input(f"--{name}", getattr(args, name))
    check_judges(args)
    require_input("--references", args.references)
    for option, path in (("--out", args.out or args.images.parent), ("--report", args.report)):
        if path:
            require_writable(option, path)


def run(args: argparse.Namespace) -> int:
    """Score the folder of images that the options name. Return the exit status."""
    start_jittor(args.device != "cpu")
    from jittor_tsit.evaluation.judges import Judges

    judges = Judges(args.judges, args.segmenter)
    out = args.out or args.images.parent / f"score-{args.images.name}.json"
    return run_score(args.images, args.labels, args.real, judges, args.references, args.board, out, args.report)


def run_score(
    images: Path,
    labels: Path,
    real: Path,
    judges: Judges,
    references: Optional[Path],
    board: str,
    out: Path,
    page: Optional[Path],
) -> int:
    """Score a folder of images: print the table, write the JSON file and, if `page` is given, the page.

    Args:
        real: Folder of photographs, or a data set.
        references: Folder of the photos that `label_to_img.json` names.
        board: A name in `contest.BOARDS`.

    Returns:
        The exit status of the command.

    Raises:
        InputError: Images, labels, photos or weights are faulty or do not belong together.
    """
    from jittor_tsit.data.remarks import tell_of_inputs
    from jittor_tsit.evaluation.page import Scored, write_page
    from jittor_tsit.evaluation.rankings import rankings
    from jittor_tsit.evaluation.scores import compute_terms, find_set, photo_folder, print_table, table
    from jittor_tsit.metrics.contest import total
    from jittor_tsit.metrics.features import find_images

    image_set = find_set(images, labels)
    photos = find_images(photo_folder(real))
    tell_of_inputs(photos)
    terms = compute_terms(image_set, photos, labels, judges, references, out.parent)
    score = total(board, {name: term.value for name, term in terms.items()})
    lines = table(terms, board, score)
    print_table(lines)
    make_folder(out.parent)
    write_atomic(out, (json.dumps(record(terms, board, score), indent=2) + "\n").encode())
    print(f"{out}: the scores, also of each image", file=sys.stderr)
    if page:

        def label_of(stem: str) -> Optional[np.ndarray]:
            return read_label(image_set.labels[stem]) if stem in image_set.labels else None

        scored = Scored(images.name, str(real), len(photos), board, score, terms, image_set.images, label_of)
        write_page(page, scored, rankings(terms, image_set.images, photos))
        print(f"{page}: the worst and best images", file=sys.stderr)
    return 0


def record(terms: Dict[str, Term], board: str, score: Optional[float]) -> dict:
    """Return the content of the JSON file: scores, terms of each image, and versions."""
    versions = {name: version(name) for name in PACKAGES}
    return {
        "board": board,
        "score": score,
        "terms": {
            name: {**term._asdict(), "per_image": dict(term.per_image), "nearness": dict(term.nearness)}
            for name, term in terms.items()
        },
        "versions": {"python": platform.python_version(), **versions},
    }
