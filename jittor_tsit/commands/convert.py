"""The command `convert`: make a checkpoint from published weight files."""

from __future__ import annotations

import argparse
from pathlib import Path

from jittor_tsit.commands.path_checks import require_file, require_suffix, require_writable
from jittor_tsit.commands.shared_options import add_command
from jittor_tsit.conversion.official_networks import ASSIGNMENT, part_by_name
from jittor_tsit.conversion.weight_files import require_weight_file
from jittor_tsit.runtime.import_jittor import start_jittor

# Systems with a layout in conversion.official_networks.LAYOUTS.
OFFICIAL = ("tsit", "spade", "pix2pix", "cyclegan", "simgan", "unit", "bicyclegan", "stargan")


def add(commands) -> None:
    """Add the command `convert` and its options to the parsers `commands`."""
    parser = add_command(
        commands,
        "convert",
        run,
        "make a checkpoint from published PyTorch files, or from the contest team's Jittor files",
        "python -m jittor_tsit convert --from latest_net_G.pth latest_net_E.pth --system tsit --out tsit.safetensors\n"
        "Options that the arrays do not determine can be set as field=value: image_width=512 upsampling=more.",
        accepts="",
        check=check,
    )
    parser.add_argument(
        "--from",
        dest="files",
        nargs="+",
        action="extend",
        required=True,
        metavar="FILE",
        help="a file for each network (.pth, .pt, .pkl, .ckpt, ...); G_A=FILE if the file name does not say which",
    )
    parser.add_argument(
        "--system", type=str.lower, choices=OFFICIAL, required=True, help="the system whose official code made them"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the checkpoint, .safetensors")


def check(args: argparse.Namespace) -> None:
    """Check the paths that the options name.

    Raises:
        InputError: A file is missing or holds no weights, or the result cannot be written.
    """
    require_suffix("--out", args.out)
    require_writable("--out", args.out)
    for word in args.files:
        name, _, rest = word.partition("=")
        if part_by_name(args.system, name) and rest:
            path = Path(rest)
        elif not ASSIGNMENT.match(word):
            path = Path(word)
        else:
            continue  # an option between the files
        require_file("--from", path)
        require_weight_file(path)


def run(args: argparse.Namespace) -> int:
    """Make a checkpoint from the published files that the options name. Return the exit status."""
    start_jittor(use_gpu=False)
    from jittor_tsit.commands.from_official import run_convert

    return run_convert(args.files, args.system, args.out, args.overrides)
