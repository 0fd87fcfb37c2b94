"""Options of `test` for the images that are written: their number, size, format, quality and seeds of classes."""

import argparse

from data_tools.basics.command_line import image_size
from jittor_tsit.commands.shared_options import class_seeds, positive_number
from jittor_tsit.inference.options import FORMATS, ImageOptions


def add_image_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the images that are written: their number, size, format and quality."""
    parser.add_argument(
        "--draws",
        type=positive_number,
        default=1,
        metavar="N",
        help="images of each input, NAME_1 to NAME_N, with consecutive seeds from --seed on; default: 1",
    )
    parser.add_argument(
        "--size",
        type=image_size,
        metavar="WxH",
        help="width and height of the images; default: as in training for label maps, and for translated images each "
        "input's proportions with about the pixels of a training image",
    )
    parser.add_argument("--keep-size", action="store_true", help="translated images have the size of their input files")
    parser.add_argument(
        "--format",
        type=image_format,
        choices=FORMATS,
        default="jpg",
        help="of the images; png loses nothing; default: jpg",
    )
    parser.add_argument(
        "--class-seeds",
        type=class_seeds,
        default=(),
        metavar="ID=SEED,...",
        help="OASIS: other seeds for the pixels of these classes, such as 12=5; the rest of the image keeps --seed",
    )
    parser.add_argument(
        "--match-colours",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="give images of label maps the colour histograms of their reference photos: 1 whole, 0.5 half of the way",
    )
    parser.add_argument("--quality", type=percentage, metavar="Q", help="of .jpg and .webp, 1 to 100; default: 95")


def image_format(text: str) -> str:
    """Convert the value of --format to lower case, without a dot. jpeg is another name of jpg."""
    name = text.lower().lstrip(".")
    return "jpg" if name == "jpeg" else name


def percentage(text: str) -> int:
    """Convert an option value to a whole number from 1 to 100."""
    if not text.isdigit() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 100")
    return int(text)


def share(text: str) -> float:
    """Convert an option value to a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def image_options(args: argparse.Namespace) -> ImageOptions:
    """Return the options of the images that are written."""
    return ImageOptions(
        args.draws, args.size, args.keep_size, args.format, args.quality, args.match_colours, args.class_seeds
    )
