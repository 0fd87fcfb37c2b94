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

from data_tools.basics.files import make_folder, write_atomic
from data_tools.sets.class_list import ClassList
from jittor_tsit.commands.path_checks import check_judges, require_input, require_writable
from jittor_tsit.commands.shared_options import (
    CLASS_OPTIONS,
    add_classes,
    add_command,
    add_device,
    add_judges,
    classes_of,
    judges_folder,
)
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
        "--real data/landscape --report score.html\n"
        "Without options, the classes are those of the run whose images these are, or those of the label maps.",
        accepts=tuple(f"{name}=" for name in CLASS_OPTIONS),
        check=check,
    )
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="the images to score")
    parser.add_argument(
        "--labels", type=Path, metavar="DIR", help="their label maps; without them, terms that need them are left out"
    )
    parser.add_argument(
        "--real", type=Path, metavar="DIR", help="photographs, or a data set; without them, distances are left out"
    )
    add_classes(parser)
    add_judges(parser)
    parser.add_argument("--references", type=Path, metavar="DIR", help="photos named by label_to_img.json")
    parser.add_argument(
        "--board", type=str.lower, choices=BOARDS, default=BOARDS[0], help=f"the formula; default: {BOARDS[0]}"
    )
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
    classes = classes_of(args)
    start_jittor(args.device != "cpu")
    from jittor_tsit.evaluation.judges import Judges

    judges = Judges(judges_folder(args), args.segmenter)
    out = args.out or args.images.parent / f"score-{args.images.name}.json"
    return run_score(
        args.images, args.labels, args.real, judges, args.references, args.board, out, args.report, classes
    )


def run_score(
    images: Path,
    labels: Optional[Path],
    real: Optional[Path],
    judges: Judges,
    references: Optional[Path],
    board: str,
    out: Path,
    page: Optional[Path],
    class_list: Optional[ClassList] = None,
) -> int:
    """Score a folder of images: print the table, write the JSON file and, if `page` is given, the page.

    Args:
        labels: Folder of the label maps; None: terms that need them are left out.
        real: Folder of photographs, or a data set; None: terms that need them are left out.
        references: Folder of the photos that `label_to_img.json` names.
        board: A name in `contest.BOARDS`.
        class_list: The classes of the label maps; None: see `find_set`.

    Returns:
        The exit status of the command.

    Raises:
        InputError: Images, labels, photos or weights are faulty or do not belong together.
    """
    from jittor_tsit.evaluation.image_set import find_photos, find_set
    from jittor_tsit.evaluation.page import ScoredSet, write_page
    from jittor_tsit.evaluation.rankings import rankings
    from jittor_tsit.evaluation.scores import compute_terms, print_table, table
    from jittor_tsit.metrics.contest import total
    from jittor_tsit.metrics.terms import values_of

    image_set = find_set(images, labels, class_list, say)
    photos = find_photos(real)
    say(f"{len(image_set.images)} images, {len(image_set.labels)} label maps, {len(photos)} real photographs")
    terms = compute_terms(image_set, photos, labels, judges, references, out.parent)
    score = total(board, values_of(terms))
    lines = table(terms, board, score)
    print_table(lines)
    make_folder(out.parent)
    counts: Dict[str, object] = {
        "images": len(image_set.images),
        "label_maps": len(image_set.labels),
        "real_images": len(photos),
        "classes": image_set.class_list.as_json() if labels else None,
    }
    write_atomic(out, (json.dumps(record(terms, board, score, counts), indent=2) + "\n").encode())
    print(f"{out}: the scores, also of each image", file=sys.stderr)
    if page:
        write_page(
            page,
            ScoredSet(images.name, real, len(photos), board, score, terms, image_set),
            rankings(terms, image_set.images, photos),
        )
        print(f"{page}: the worst and best images", file=sys.stderr)
    return 0


def say(text: str) -> None:
    """Print one line for the user beside the table."""
    print(text, file=sys.stderr)


def record(terms: Dict[str, Term], board: str, score: Optional[float], counts: Dict[str, object]) -> dict:
    """Return the content of the JSON file: scores, terms of each image, and versions.

    Args:
        counts: Numbers of files that were scored, and the classes of the label maps.
    """
    versions = {name: version(name) for name in PACKAGES}
    return {
        "board": board,
        "score": score,
        **counts,
        "terms": {
            name: {**term._asdict(), "per_image": dict(term.per_image), "nearness": dict(term.nearness)}
            for name, term in terms.items()
        },
        "versions": {"python": platform.python_version(), **versions},
    }
