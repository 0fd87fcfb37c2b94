"""`references`: choose a style photo for each label map by the similarity of label maps."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import write_atomic
from data_tools.basics.names import quantity
from data_tools.commands.options import add_classes, add_command, add_data, classes_of
from data_tools.curation.references import most_similar
from data_tools.sets.listing import REFERENCE_FILE
from data_tools.sets.pairing import find_labels, find_pairs


def add(commands) -> None:
    parser = add_command(
        commands,
        "references",
        run,
        "choose a style photo for each label map: that of the pair with the most similar label map",
        "python -m data_tools references --labels data/landscape/test --data data/landscape\n"
        "Then test --data data/landscape/test --references data/landscape/train/imgs takes the styles from them.",
        writes_files=True,
    )
    parser.add_argument("--labels", type=Path, required=True, metavar="DIR", help="folder of the label maps")
    add_data(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help=f"default: {REFERENCE_FILE} beside the label maps, where test reads it"
    )
    add_classes(parser)


def run(args: argparse.Namespace) -> int:
    """Write the file. A file with other content is not overwritten."""
    labels, pairs = find_labels(args.labels), find_pairs(args.data)
    if len(pairs) < 2:
        raise InputError(f"{args.data}: holds {quantity(len(pairs), 'pair')}; at least two are needed to choose from")
    path = args.out or labels[0].parent / REFERENCE_FILE
    found = most_similar(labels, pairs, classes_of(args))
    names = {reference.label.name: reference.pair.photo.name for reference in found}
    text = json.dumps(names, indent=1, ensure_ascii=False) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise InputError(f"{path}: exists and names other photos; move it away, or name another file by --out")
    write_atomic(path, text.encode())
    agreement = float(np.median([reference.agreement for reference in found]))
    photos = quantity(len(set(names.values())), "photo")
    print(f"{path}: {quantity(len(names), 'label map')}, {photos}; median agreement {agreement:.0%} of the cells")
    print(f"the photos lie in {pairs[0].photo.parent}, which test takes by --references")
    return 0
