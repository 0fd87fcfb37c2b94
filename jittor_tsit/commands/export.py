"""The command `export`: write a checkpoint as files that the official code loads."""

from __future__ import annotations

import argparse
from pathlib import Path

from jittor_tsit.commands.path_checks import require_checkpoints, require_writable
from jittor_tsit.commands.shared_options import add_command
from jittor_tsit.runtime.import_jittor import start_jittor


def add(commands) -> None:
    """Add the command `export` and its options to the parsers `commands`."""
    parser = add_command(
        commands,
        "export",
        run,
        "write a checkpoint as the files that the official PyTorch code loads",
        "python -m jittor_tsit export --checkpoint runs/mine/state-000100000.safetensors --out official",
        check=check,
    )
    parser.add_argument(
        "--checkpoint", type=Path, required=True, metavar="FILE", help="a checkpoint of train or of convert"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for latest_net_G.pth and so on")


def check(args: argparse.Namespace) -> None:
    """Check the paths that the options name.

    Raises:
        InputError: The file is not a checkpoint, or the folder cannot be written.
    """
    require_checkpoints("--checkpoint", [args.checkpoint])
    require_writable("--out", args.out)


def run(args: argparse.Namespace) -> int:
    """Write the checkpoint that the options name as official files. Return the exit status."""
    start_jittor(use_gpu=False)
    from jittor_tsit.commands.to_official import run_export

    return run_export(args.checkpoint, args.out)
