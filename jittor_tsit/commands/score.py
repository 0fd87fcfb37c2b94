"""`score`: judge a folder of images as the contest does, as far as the judges are at hand."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Optional

from data_tools.basics.files import make_folder, write_atomic
from jittor_tsit.commands.shared_options import add_command, add_judges
from jittor_tsit.runtime.import_jittor import start_jittor

if TYPE_CHECKING:
    from jittor_tsit.evaluation.judges import Judges
    from jittor_tsit.metrics.terms import Term

BOARDS = ("2022a", "2022b", "2023a")  # the contest's formulas, metrics.contest.BOARDS
PACKAGES = ("jittor", "numpy", "pillow", "opencv-python")  # whose versions are kept with the numbers


def add(commands) -> None:
    """Add the command and its options."""
    parser = add_command(
        commands,
        "score",
        run,
        "judge images as the contest does, as far as the judges are at hand",
        "python -m jittor_tsit score --images runs/mine/test/images --labels data/landscape/test "
        "--real data/landscape --report score.html",
    )
    for name, what in (("images", "the images to judge"), ("labels", "their label maps"), ("real", "photographs")):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="DIR", help=what)
    add_judges(parser)
    parser.add_argument("--references", type=Path, metavar="DIR", help="photos named by label_to_img.json")
    parser.add_argument("--board", choices=BOARDS, default=BOARDS[0], help=f"the formula; default: {BOARDS[0]}")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: score-<images>.json beside the images")
    parser.add_argument("--report", type=Path, metavar="FILE", help="also a page with the worst and best images")
    parser.add_argument("--device", choices=("auto", "cpu"), default="auto", help="auto: the GPU where there is one")


def run(args: argparse.Namespace) -> int:
    """Judge a folder of images."""
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
    """Print the table, write the JSON and the page; returns the exit status.

    Args:
        real: Folder of photographs, or a data set.
        references: Folder of the photos that `label_to_img.json` names.
        board: A name in `contest.BOARDS`.

    Raises:
        InputError: Images, labels, photos or a judge's weights are faulty or do not go together.
    """
    from jittor_tsit.evaluation.page import write_page
    from jittor_tsit.evaluation.scores import compute_terms, find_set, photo_folder, print_table, table
    from jittor_tsit.metrics.contest import total
    from jittor_tsit.metrics.features import find_images

    image_set = find_set(images, labels)
    photos = find_images(photo_folder(real))
    terms = compute_terms(image_set, photos, labels, judges, references, out.parent)
    score = total(board, {name: term.value for name, term in terms.items()})
    lines = table(terms, board, score)
    print_table(lines)
    make_folder(out.parent)
    write_atomic(out, (json.dumps(record(terms, board, score), indent=2) + "\n").encode())
    print(f"{out}: the numbers, with every image's", file=sys.stderr)
    if page:
        title = f"{images.name}: {len(image_set.images)} images"
        write_page(page, title, lines, terms, image_set.images, image_set.labels)
        print(f"{page}: the worst and best images", file=sys.stderr)
    return 0


def record(terms: Dict[str, Term], board: str, score: Optional[float]) -> dict:
    """Everything, for the JSON file."""
    versions = {name: version(name) for name in PACKAGES}
    return {
        "board": board,
        "score": score,
        "terms": {name: {**term._asdict(), "per_image": dict(term.per_image)} for name, term in terms.items()},
        "versions": {"python": platform.python_version(), **versions},
    }
