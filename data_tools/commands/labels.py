"""`labels`: make label maps of pictures in colours, make such pictures of label maps, write the classes' palette."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional, Tuple

import numpy as np
from PIL import Image

from data_tools.basics.errors import EXIT_PROBLEMS, InputError
from data_tools.basics.files import make_folder, write_atomic
from data_tools.basics.names import printable, quantity
from data_tools.basics.output_folder import require_only
from data_tools.basics.threads import with_bar
from data_tools.commands.options import add_command, at_least
from data_tools.sets.classes import CLASSES, MAX_ID
from data_tools.sets.coloured_labels import (
    Conversion,
    Stray,
    colors_from_ids,
    ids_from_colors,
    read_colors,
    read_palette_indices,
)
from data_tools.sets.formats import IMAGES, Kind
from data_tools.sets.image_io import read_instances, write_label
from data_tools.sets.listing import list_files, list_folder, passed_over, require_utf8
from data_tools.sets.palette_files import Color, Palette, find_palette, shipped_palettes, write_palette

PICTURES = Kind("picture", (*IMAGES.suffixes, ".gif"))  # some palettes come as .gif
STRAYS_SHOWN = 20  # lines for one file; a picture with smooth edges has thousands of colours
LANDSCAPE = [Color(each.id, each.color, each.name) for each in CLASSES]


def add(commands) -> None:
    parser = add_command(
        commands,
        "labels",
        run,
        "turn pictures in colours into label maps, and back; write the palette of the 29 classes",
        "python -m data_tools labels --from-colors coloured --palette classes.json --out labels\n"
        "  python -m data_tools labels --to-colors labels --palette landscape --out coloured\n"
        "  python -m data_tools labels --write-palette landscape.gpl\n"
        "A palette is a .json, a GIMP .gpl (ids by position), a list with lines `id r g b name`, or one of these\n"
        f"names: {', '.join(shipped_palettes())}. Label maps are written as 16-bit grey PNG, the contest's format.\n"
        "A file with colours that are not in the palette is not written. Each such colour is printed. Exit status: 1\n"
        "if there are such files, 0 if there are none.",
        writes_files=True,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        *("--from-colors", "--from-colours"),
        type=Path,
        metavar="PATH",
        help="pictures in colours, to make label maps of: a folder, or one file",
    )
    what.add_argument(
        *("--to-colors", "--to-colours"),
        type=Path,
        metavar="PATH",
        help="label maps, to make pictures in colours of: a folder, or one file",
    )
    what.add_argument("--write-palette", type=Path, metavar="FILE", help="write the 29 classes: .json, .gpl or .txt")
    parser.add_argument("--palette", metavar="FILE", help="which colour stands for which id: a file or a name")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder to write to; names are kept, as .png")
    parser.add_argument(
        "--nearest", action="store_true", help="give other colours the id of the nearest colour, and print their number"
    )
    parser.add_argument(
        "--unknown-id", type=at_least(0), metavar="ID", help="give other colours this id, and print their number"
    )
    parser.add_argument(
        "--keep-indices", action="store_true", help="of files with a palette of their own, keep the indices as ids"
    )


def run(args: argparse.Namespace) -> int:
    _require_options(args)
    if args.write_palette:
        write_palette(args.write_palette, LANDSCAPE, "landscape")
        print(f"{args.write_palette}: {len(LANDSCAPE)} classes")
        return 0
    palette = find_palette(args.palette)
    source = args.from_colors or args.to_colors
    targets = _targets(source, args.out)
    convert = _Convert(palette, args.from_colors is None, args.nearest, args.unknown_id, args.keep_indices)
    make_folder(args.out)
    results = with_bar(lambda pair: convert(*pair), targets, 1, "labels")  # one thread: messages keep the files' order
    return _report(list(results), args.out, is_taken=args.nearest or args.unknown_id is not None)


def _require_options(args: argparse.Namespace) -> None:
    if args.write_palette:
        if args.palette or args.out or args.nearest or args.keep_indices or args.unknown_id is not None:
            raise InputError(f"--write-palette {args.write_palette}: has no other options; leave them out")
        return
    if not args.palette or not args.out:
        raise InputError(f"{'--out DIR' if args.palette else '--palette FILE'}: is missing; both are needed")
    if args.nearest and args.unknown_id is not None:
        raise InputError("--nearest and --unknown-id: only one of them can be given")
    if args.to_colors and (args.nearest or args.keep_indices or args.unknown_id is not None):
        raise InputError("--nearest, --unknown-id, --keep-indices: are for --from-colors; leave them out")
    if args.unknown_id is not None and args.unknown_id > MAX_ID:
        raise InputError(f"--unknown-id {args.unknown_id}: ids are 0..{MAX_ID}")


def _targets(source: Path, out: Path) -> List[Tuple[Path, Path]]:
    """Return (file, file to write) for the images of a folder, or for one file. Print on stderr what is passed over.

    Raises:
        InputError: There is no image, two have one stem, or `out` is the folder that is read; or the results of a
            folder would lie among other files.
    """
    if source.is_file():
        if out.resolve() == source.parent.resolve():
            raise InputError(f"--out {out}: is the folder of the file that is read; give another one")
        return [(require_utf8(source), out / f"{source.stem}.png")]
    list_files(source, PICTURES)  # raises if there are none, or a name is not UTF-8
    files = list_folder(source, PICTURES).files
    for line in passed_over((paths[0] for paths in files.values()), PICTURES):
        print(line, file=sys.stderr)
    double = next((paths for paths in files.values() if len(paths) > 1), None)
    if double:
        raise InputError(f"{double[0]} and {double[1].name}: both would be written as {double[0].stem}.png; rename one")
    if out.resolve() == source.resolve():
        raise InputError(f"--out {out}: is the folder that is read; give another one")
    require_only(out, {f"{stem}.png" for stem in files}, is_ours=True)
    return [(files[stem][0], out / f"{stem}.png") for stem in sorted(files)]


class _Result(NamedTuple):
    source: Path
    strays: List[Stray]
    fault: Optional[str]  # why the file could not be read
    stale: Optional[Path] = None  # result of an earlier run that was removed, because the file was not written now


class _Convert(NamedTuple):
    """Converts one file and writes the result, unless the palette lacks a colour and no option says what it becomes."""

    palette: Palette
    to_colors: bool
    nearest: bool
    unknown: Optional[int]
    keep_indices: bool

    def __call__(self, source: Path, target: Path) -> _Result:
        try:
            found = self._convert(source)
        except InputError as error:
            return _Result(source, [], printable(str(error)), _remove(target))
        if found.strays and not self.nearest and self.unknown is None:
            return _Result(source, found.strays, None, _remove(target))
        write: Callable[[Path, np.ndarray], None] = _write_picture if self.to_colors else write_label
        write(target, found.pixels)
        return _Result(source, found.strays, None)

    def _convert(self, source: Path) -> Conversion:
        if self.to_colors:
            return colors_from_ids(read_instances(source), self.palette)
        indices = read_palette_indices(source) if self.keep_indices else None
        if indices is not None:
            return Conversion(indices, [])
        return ids_from_colors(read_colors(source), self.palette, self.nearest, self.unknown)


def _remove(path: Path) -> Optional[Path]:
    """Remove a file. Return its path, or None if there was none."""
    if not path.exists():
        return None
    path.unlink()
    return path


def _write_picture(path: Path, pixels: np.ndarray) -> None:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    write_atomic(path, data.getvalue())


def _report(results: List[_Result], out: Path, is_taken: bool) -> int:
    """Print what the palette lacks and what was written; return the exit status.

    Args:
        is_taken: Whether an option says what other colours become, so that their files were written.
    """
    for result in results:
        if result.fault:
            print(f"not written: {result.fault}")
        for stray in result.strays[:STRAYS_SHOWN]:
            print(printable(f"{'changed' if is_taken else 'not in the palette'}: {result.source}: {stray}"))
        hidden = result.strays[STRAYS_SHOWN:]
        if hidden:
            count = sum(stray.pixels for stray in hidden)
            print(printable(f"{result.source}: and {len(hidden)} more, together {count} pixels"))
    stale = [result.stale for result in results if result.stale]
    if stale:
        print(f"{quantity(len(stale), 'file')} of an earlier run removed, the first is {stale[0]}", file=sys.stderr)
    strange = [result for result in results if result.strays]
    faulty = [result for result in results if result.fault or (result.strays and not is_taken)]
    print(f"{out}: {len(results) - len(faulty)} of {len(results)} files written", file=sys.stderr)
    if strange and is_taken:
        count = sum(stray.pixels for result in strange for stray in result.strays)
        print(f"other colours in {quantity(len(strange), 'file')}; {quantity(count, 'pixel')} changed", file=sys.stderr)
    elif strange:
        print(
            f"not written because of what the palette lacks: {quantity(len(strange), 'file')}; add it to the palette, "
            "or give --nearest (smooth edges) or --unknown-id ID with --from-colors",
            file=sys.stderr,
        )
    return EXIT_PROBLEMS if faulty else 0
