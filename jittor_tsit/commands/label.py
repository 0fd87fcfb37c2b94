"""The command `label`: make label maps of photographs with a trained segmenter."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Dict, List

from data_tools.basics.errors import EXIT_PROBLEMS, InputError
from data_tools.basics.files import make_folder
from data_tools.basics.invocation import typed
from data_tools.basics.names import composed, unlistable
from data_tools.sets.class_list import MAX_CLASSES
from data_tools.sets.classes import NUM_CLASSES
from data_tools.sets.formats import IMAGES
from data_tools.sets.image_io import read_header
from data_tools.sets.listing import list_files, passed_over, require_utf8
from jittor_tsit.commands.path_checks import require_input, require_writable
from jittor_tsit.commands.shared_options import add_command, add_device, positive_number
from jittor_tsit.runtime.import_jittor import start_jittor


def add(commands) -> None:
    """Add the command `label` and its options to the parsers `commands`."""
    parser = add_command(
        commands,
        "label",
        run,
        "make label maps of photographs with a trained segmenter, with a confidence for each",
        "python -m jittor_tsit label --images photos --segmenter runs/segformer_landscape/best.safetensors "
        "--out labelled",
        check=check,
        writes_files=True,
    )
    parser.add_argument(
        "--images", type=Path, required=True, metavar="DIR", help="folder of photographs, or one photograph"
    )
    parser.add_argument(
        "--segmenter",
        type=Path,
        required=True,
        metavar="FILE",
        help="a checkpoint, or a Python file with segment(photo) and, for confidences, probabilities(photo)",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder of labels/, labels.csv and compare.png"
    )
    parser.add_argument(
        "--num-classes",
        type=positive_number,
        default=NUM_CLASSES,
        metavar="N",
        help="classes that a Python file knows; larger ids than N - 1 are refused; a checkpoint knows its own; "
        f"default: {NUM_CLASSES}",
    )
    add_device(parser)


def check(args: argparse.Namespace) -> None:
    """Check the paths that the options name, before Jittor is compiled."""
    if args.num_classes > MAX_CLASSES:
        raise InputError(f"--num-classes {args.num_classes}: allowed are 1 to {MAX_CLASSES}")
    require_input("--images", args.images)
    require_writable("--out", args.out)
    if args.out.is_file():
        raise InputError(f"--out {args.out}: is a file; a folder is needed there")
    if not args.segmenter.is_file():
        raise InputError(
            f"--segmenter {args.segmenter}: no such file; train one by "
            f"`{typed('train --data DIR --experiment segformer_landscape')}`, or name a Python file with segment(photo)"
        )


def run(args: argparse.Namespace) -> int:
    """Label the photographs that the options name. Return the exit status: 1 if damaged photographs were passed over.

    Raises:
        InputError: No photograph can be read, or the segmenter is faulty.
    """
    photos = find_photos(args.images)
    make_folder(args.out)
    start_jittor(args.device != "cpu")
    from jittor_tsit.evaluation.judges import Judges, Segmenter
    from jittor_tsit.inference.label_photos import LABELS, SHEET, TABLE, label_photos

    segmenter = Judges(segmenter_file=args.segmenter).segmenter()
    assert isinstance(segmenter, Segmenter)  # a file was named
    summary = label_photos(photos, segmenter, args.out, args.num_classes)
    kept = f"; {summary.kept} of an earlier call kept" if summary.kept else ""
    by_hand = f"; {summary.by_hand} that somebody else made or changed kept" if summary.by_hand else ""
    print(f"{args.out / LABELS}: {summary.made} label maps made{kept}{by_hand}")
    if summary.confidence is None:
        print(f"{args.out / TABLE}: the classes of each; no confidence: {args.segmenter} gives no probabilities")
    else:
        print(f"{args.out / TABLE}: the confidence and the classes of each; mean confidence {summary.confidence:.3f}")
    print(f"{args.out / SHEET}: look at them before you train on them")
    if segmenter.note:
        print(segmenter.note, file=sys.stderr)
    for fault in summary.damaged:
        print(f"passed over: {fault}", file=sys.stderr)
    return EXIT_PROBLEMS if summary.damaged else 0


def find_photos(place: Path) -> List[Path]:
    """Return the photographs of a folder, sorted by name, or the one photograph. Read their headers.

    Raises:
        InputError: No header can be read, two have one stem, or a stem cannot stand in a table.
    """
    paths = [require_utf8(place)] if place.is_file() else list_files(place, IMAGES)
    for line in [] if place.is_file() else passed_over(paths, IMAGES):
        print(line, file=sys.stderr)
    found: Dict[str, Path] = {}
    faults: List[str] = []
    for path in paths:
        stem = composed(path.stem)
        if stem in found:
            names = f"{found[stem].name} and {path.name}"
            raise InputError(f"{place}: {names} would get one label map, {stem}.png; rename one of them")
        problem = unlistable(stem)
        if problem:
            raise InputError(f"{path}: {problem.replace('the pair', 'the photo')}")
        try:
            read_header(path)
        except InputError as error:
            faults.append(str(error))
        found[stem] = path
    if len(faults) == len(paths):
        raise InputError(faults[0])
    return paths
