"""The options of every command."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Callable, List, Mapping

from jittor_tsit.config import ON_NAN

# Systems with a layout in official_layouts.LAYOUTS.
OFFICIAL = ("tsit", "spade", "pix2pix", "cyclegan", "simgan", "unit", "bicyclegan", "stargan")
BOARDS = ("2022a", "2022b", "2023a")  # the contest's formulas, metrics.contest.BOARDS

Command = Callable[[argparse.Namespace], int]


def parser(run: Mapping[str, Command]) -> argparse.ArgumentParser:
    """The command line.

    Args:
        run: What is called with the options, by the command's name.
    """
    top = argparse.ArgumentParser("python -m jittor_tsit", description="Landscape photographs from label maps.")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    train = add_command(
        commands,
        "train",
        run["train"],
        "train a model; the same command again goes on",
        "python -m jittor_tsit train --data data/landscape --run-dir runs/mine width=32 weights.vgg=10\n"
        "Any option of the experiment can be set as field=value; --dry-run lists them.",
    )
    train.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="train/imgs/*.jpg and train/labels/*.png; default: a rendered sample set",
    )
    train.add_argument(
        "--experiment", type=Path, metavar="FILE", help="default: tsit_landscape, or quickstart without --data"
    )
    train.add_argument(
        "--split",
        type=Path,
        metavar="PATH",
        help="train on the stems listed in it, one a line; or the folder of the phases' lists; default: all",
    )
    train.add_argument("--run-dir", type=Path, metavar="DIR", help="where results go; default: runs/<experiment>")
    train.add_argument(
        "--from-weights",
        type=Path,
        metavar="FILE",
        help="a checkpoint of train, convert or average with whose networks a new run begins; optimizers begin anew",
    )
    train.add_argument(
        "--on-nan",
        choices=ON_NAN,
        help="when a loss or a gradient is not finite: stop, or skip the step; default: the experiment's, stop",
    )
    train.add_argument("--dry-run", action="store_true", help="print all options, and the plan of the phases, and stop")
    add_processes(train)
    train.add_argument("--device", choices=("auto", "cpu"), default="auto", help="auto: the GPU where there is one")

    test = add_command(
        commands,
        "test",
        run["test"],
        "make images for label maps, and a checked submission.zip; or translate images",
        "python -m jittor_tsit test --data data/landscape/test --run-dir runs/mine --compare\n"
        "For models of pairs of images, side_by_side=true or side_by_side=false says whether every file shows two.",
    )
    test.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder of label maps, or of images to translate; default: the test set beside the training set",
    )
    test.add_argument("--run-dir", type=Path, metavar="DIR", help="a run of train; default: the latest in runs/")
    test.add_argument("--checkpoint", type=Path, metavar="FILE", help="default: the newest of the run")
    test.add_argument("--out", type=Path, metavar="DIR", help="default: <run-dir>/test")
    test.add_argument(
        "--candidates",
        type=positive_number,
        default=1,
        metavar="K",
        help="images drawn for each label map, of which the judges choose one; of translated images all are kept",
    )
    test.add_argument(
        "--checkpoints", type=path_list, metavar="A,B,...", help="draw by each of these, and let the judges choose"
    )
    test.add_argument("--improve", action="store_true", help="choose with regard to the whole set's distance, too")
    test.add_argument("--real", type=Path, metavar="DIR", help="photographs; default: those of the training set")
    add_judges(test)
    test.add_argument(
        "--measure-by", type=Path, metavar="FILE", help="a segmenter that does not choose, to say what was gained"
    )
    test.add_argument("--seed", type=natural_number, default=0, metavar="N", help="of the styles drawn; default: 0")
    test.add_argument(
        "--references", type=Path, metavar="DIR", help="photos named by label_to_img.json, to take the style from"
    )
    test.add_argument(
        "--back",
        action="store_true",
        help="translate from b to a, by a model that has learned both ways (CycleGAN, UNIT)",
    )
    test.add_argument("--compare", action="store_true", help="also write compare.png, labels beside images")
    add_processes(test)
    test.add_argument("--device", choices=("auto", "cpu"), default="auto", help="auto: the GPU where there is one")

    score = add_command(
        commands,
        "score",
        run["score"],
        "judge images as the contest does, as far as the judges are at hand",
        "python -m jittor_tsit score --images runs/mine/test/images --labels data/landscape/test "
        "--real data/landscape --report score.html",
    )
    for name, what in (("images", "the images to judge"), ("labels", "their label maps"), ("real", "photographs")):
        score.add_argument(f"--{name}", type=Path, required=True, metavar="DIR", help=what)
    add_judges(score)
    score.add_argument("--references", type=Path, metavar="DIR", help="photos named by label_to_img.json")
    score.add_argument("--board", choices=BOARDS, default=BOARDS[0], help=f"the formula; default: {BOARDS[0]}")
    score.add_argument("--out", type=Path, metavar="FILE", help="default: score-<images>.json beside the images")
    score.add_argument("--report", type=Path, metavar="FILE", help="also a page with the worst and best images")
    score.add_argument("--device", choices=("auto", "cpu"), default="auto", help="auto: the GPU where there is one")

    average = add_command(
        commands,
        "average",
        run["average"],
        "average the weights of several checkpoints",
        "python -m jittor_tsit average --run-dir runs/mine --last 3",
    )
    average.add_argument("files", nargs="*", type=Path, metavar="FILE", help="checkpoints, the newest last")
    average.add_argument("--run-dir", type=Path, metavar="DIR", help="take the last ones of this run")
    average.add_argument("--last", type=positive_number, default=3, metavar="N", help="how many of a run; default: 3")
    average.add_argument("--out", type=Path, metavar="FILE", help="default: average-… beside the last one")

    convert = add_command(
        commands,
        "convert",
        run["convert"],
        "make a checkpoint from published PyTorch files, or from the contest team's Jittor files",
        "python -m jittor_tsit convert --from latest_net_G.pth latest_net_E.pth --system tsit --out tsit.safetensors\n"
        "Options that no array tells can be set as field=value, as for train: image_width=512 upsampling=more.",
    )
    convert.add_argument(
        "--from",
        dest="files",
        nargs="+",
        action="extend",
        required=True,
        metavar="FILE",
        help="a file for each network (.pth, .pt, .pkl, .ckpt, ...); G_A=FILE where names do not tell which it is",
    )
    convert.add_argument("--system", choices=OFFICIAL, required=True, help="the system whose official code made them")
    convert.add_argument("--out", type=Path, required=True, metavar="FILE", help="the checkpoint, .safetensors")

    export = add_command(
        commands,
        "export",
        run["export"],
        "write a checkpoint as the files that the official PyTorch code loads",
        "python -m jittor_tsit export --checkpoint runs/mine/state-000100000.safetensors --out official",
    )
    export.add_argument("--checkpoint", type=Path, required=True, metavar="FILE", help="of train or of convert")
    export.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for latest_net_G.pth and so on")

    add_command(commands, "doctor", run["doctor"], "say what was found on this machine", "python -m jittor_tsit doctor")
    return top


def add_command(commands, name: str, run, summary: str, example: str) -> argparse.ArgumentParser:
    """A subcommand with its example in --help."""
    added = commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    added.set_defaults(command=run)
    return added


def add_judges(command: argparse.ArgumentParser) -> None:
    """Options of a command that judges images."""
    command.add_argument(
        "--judges",
        type=Path,
        default=Path("judges"),
        metavar="DIR",
        help="weights of the judges: inception, nima, vgg16, lpips, segmenter (.pth, .npz, ...); default: judges",
    )
    command.add_argument(
        "--segmenter", type=Path, metavar="FILE", help="a segmenter's checkpoint, or a Python file with segment(photo)"
    )


def add_processes(command: argparse.ArgumentParser) -> None:
    """Options of a command that several processes can share."""
    command.add_argument(
        "--procs",
        type=positive_number,
        default=1,
        metavar="N",
        help="processes of Open MPI, on a GPU each if there are",
    )
    command.add_argument(
        "--hostfile", type=Path, metavar="FILE", help="machines for them, a line each: NAME slots=PROCESSES"
    )


def positive_number(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def natural_number(text: str) -> int:
    """A whole number of at least 0."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def path_list(text: str) -> List[Path]:
    """File names with commas between them."""
    names = text.split(",")
    if not all(names) or len(set(names)) < len(names):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of different files with commas between them")
    return [Path(name) for name in names]
