"""The command `test`: generate images from label maps and pack them into submission.zip, or translate images."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import List, Optional, Tuple

from data_tools.basics.errors import InputError
from jittor_tsit.commands.image_options import add_image_options, image_options
from jittor_tsit.commands.path_checks import (
    check_judges,
    require_checkpoints,
    require_file,
    require_folder,
    require_input,
    require_run,
    require_writable,
)
from jittor_tsit.commands.sample_set import SAMPLE_SET, render_sample_set
from jittor_tsit.commands.shared_options import (
    add_command,
    add_device,
    add_judges,
    add_processes,
    judges_folder,
    natural_number,
    path_list,
    positive_number,
)
from jittor_tsit.commands.train import RUNS
from jittor_tsit.inference.options import DEFAULT, ImageOptions
from jittor_tsit.inference.results import folders_of_sets
from jittor_tsit.runs.demo_model import DEMO, demo_model
from jittor_tsit.runtime.import_jittor import start_jittor


def add(commands) -> None:
    """Add the command `test` and its options to the parsers `commands`."""
    parser = add_command(
        commands,
        "test",
        run,
        "generate images from label maps and pack them into submission.zip, or translate images",
        "python -m jittor_tsit test --data data/landscape/test --run-dir runs/mine --compare\n"
        "For models of image pairs, side_by_side=true or side_by_side=false says whether every file shows two images.",
        accepts="side_by_side=",
        check=check,
        writes_files=True,
    )
    parser.add_argument(
        "--data",
        type=input_list,
        metavar="PATH",
        help="folder of label maps, or of images to translate, or one file; several sets as A,B get folders of their "
        "own; default: the test set beside the training set",
    )
    parser.add_argument(
        "--run-dir", type=Path, metavar="DIR", help="a run of train; default: the latest in runs/ that makes images"
    )
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="default: the best by the run's evaluations, else the newest"
    )
    parser.add_argument(
        "--demo",
        action="store_true",
        help="use the demo model, which comes with the package; without --data on rendered label maps",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the results; default: <run-dir>/test")
    add_choice_options(parser)
    parser.add_argument(
        "--seed", type=natural_number, default=0, metavar="N", help="seed of the random styles; default: 0"
    )
    parser.add_argument(
        "--references",
        type=Path,
        metavar="PATH",
        help="photos named by label_to_img.json, or one photo, which give the styles",
    )
    parser.add_argument(
        "--back",
        action="store_true",
        help="translate from domain B to domain A, with a model that has learned both directions (CycleGAN, UNIT)",
    )
    add_image_options(parser)
    parser.add_argument("--compare", action="store_true", help="also write compare.png, inputs beside images")
    add_processes(parser)
    add_device(parser)


def add_choice_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the choice among several candidates for each label map."""
    parser.add_argument(
        "--candidates",
        type=positive_number,
        default=1,
        metavar="K",
        help="generate K images for each label map, and let the judges choose one; translated images are all kept",
    )
    parser.add_argument(
        "--checkpoints",
        type=path_list,
        metavar="A,B,...",
        help="generate candidates with each of these, and let the judges choose",
    )
    parser.add_argument(
        "--improve", action="store_true", help="also choose for a small distance of the whole set to the photographs"
    )
    parser.add_argument("--real", type=Path, metavar="DIR", help="photographs; default: those of the training set")
    add_judges(parser)
    parser.add_argument(
        "--measure-by", type=Path, metavar="FILE", help="a segmenter that does not choose, to measure the gain"
    )


def input_list(text: str) -> List[Path]:
    """Convert the value of --data: one folder or file, or several with commas between them."""
    return [Path(text)] if Path(text).exists() else path_list(text)


def check(args: argparse.Namespace) -> None:
    """Check the options and the paths that they name, before Jittor is imported.

    Raises:
        InputError: Two options exclude each other; a file or folder is missing or not a checkpoint, or the results
            cannot be written.
    """
    check_options(args)
    if args.demo:
        demo_model()
    for path in args.data or []:
        require_input("--data", path)
    require_run("--run-dir", args.run_dir)
    require_checkpoints("--checkpoint", [args.checkpoint] if args.checkpoint else [])
    require_checkpoints("--checkpoints", args.checkpoints or [])
    check_judges(args)
    require_input("--references", args.references)
    require_folder("--real", args.real)
    require_file("--measure-by", args.measure_by)
    if args.out:
        require_writable("--out", args.out)


def check_options(args: argparse.Namespace) -> None:
    """Raise InputError if options exclude each other."""
    if args.checkpoint and args.checkpoints:
        raise InputError("--checkpoint and --checkpoints: only one of them is allowed")
    if args.demo and (args.checkpoint or args.checkpoints or args.run_dir):
        raise InputError("--demo: is a model of its own; leave out --run-dir, --checkpoint and --checkpoints")
    image_options(args).check()
    has_choice = args.candidates > 1 or len(args.checkpoints or []) > 1
    if not has_choice and (args.improve or args.measure_by or args.segmenter or args.real):
        given = "--improve, --measure-by, --segmenter and --real"
        raise InputError(f"{given}: there is no choice to make; add --candidates K or --checkpoints A,B")
    if has_choice and args.back:
        raise InputError("--back: not with --candidates or --checkpoints, which choose among images for label maps")
    if has_choice and args.class_seeds:
        raise InputError("--class-seeds: not with --candidates or --checkpoints, which draw whole images")
    if args.match_colours and not args.references:
        raise InputError("--match-colours: needs photos whose colours are taken; add --references PATH")
    if has_choice and args.match_colours:
        raise InputError("--match-colours: not with --candidates or --checkpoints, which keep images as they are")
    if has_choice and args.draws > 1:
        raise InputError("--draws: keeps all images, and --candidates or --checkpoints choose; leave one of them out")


def run(args: argparse.Namespace) -> int:
    """Run the command with parsed options: generate, translate or classify images. Return the exit status."""
    start_jittor(args.device != "cpu")
    from jittor_tsit.config import DataConfig
    from jittor_tsit.config.overrides import override_fields
    from jittor_tsit.evaluation.judges import Judges
    from jittor_tsit.inference.choose import JudgeOptions, run_with_candidates
    from jittor_tsit.runtime.parallel import on_first_process

    if args.demo and not args.data:
        on_first_process(lambda: render_sample_set("--demo without --data"))
        args.data = [SAMPLE_SET / "test"]
    images = image_options(args)
    side_by_side = override_fields(DataConfig(), args.overrides).side_by_side
    checkpoints, out = find_checkpoints(args)
    has_choice, status = args.candidates > 1 or len(checkpoints) > 1, 0
    for folder, data in folders_of_sets(out, args.data).items():
        common = data, folder, args.seed, args.references, args.compare
        if has_choice:
            judges = Judges(judges_folder(args), args.segmenter)
            options = JudgeOptions(judges, args.measure_by, args.real, args.improve)
            arguments = checkpoints, args.candidates, *common, options, side_by_side, images
            status = max(status, run_with_candidates(*arguments))
        else:
            status = max(status, run_test(checkpoints[0], *common, args.back, side_by_side, images))
    return status


def find_checkpoints(args: argparse.Namespace) -> Tuple[List[Path], Path]:
    """Return the checkpoints that the options name or imply, and the output folder. Print both, with the reasons.

    Raises:
        InputError: There is no run, or none of its checkpoints can be read.
    """
    from jittor_tsit.inference.which_checkpoint import Choice, choose_checkpoint, choose_run
    from jittor_tsit.runtime import parallel

    files = args.checkpoints or ([args.checkpoint] if args.checkpoint else [])
    if args.demo:
        files = [demo_model()]
    if files:
        choices = [Choice(path, "as asked for") for path in files]
        run_dir = RUNS / DEMO if args.demo else args.run_dir or files[0].parent
    else:
        run_of = Choice(args.run_dir, "as asked for") if args.run_dir else choose_run(RUNS)
        run_dir, choices = run_of.path, [choose_checkpoint(run_of.path)]
    if parallel.rank() == 0:
        if not files:
            print(f"run: {run_dir} ({run_of.reason})")
        for choice in choices:
            print(f"checkpoint: {choice.path} ({choice.reason})")
    return [choice.path for choice in choices], args.out or run_dir / "test"


def run_test(
    checkpoint: Path,
    data: Optional[Path],
    out: Path,
    seed: int,
    references: Optional[Path],
    compare: bool,
    back: bool = False,
    side_by_side: Optional[bool] = None,
    images: ImageOptions = DEFAULT,
) -> int:
    """Run the task of a checkpoint's system: generate images and pack them, translate images, or classify them.

    Args:
        data: Folder of the inputs (label maps, images or photos), or one file. Default: the test set in the folder of
            the training data.
        references: Folder of the photos that `label_to_img.json` names. They give the styles.
        compare: Whether to write compare.png.
        back: Whether to translate from domain B to domain A.
        side_by_side: Whether every input image shows two images side by side; None: unknown.
        images: Number, size, format and quality of the images.

    Returns:
        The exit status of the command.

    Raises:
        InputError: Checkpoint, inputs or references are faulty, or an option does not fit the system.
    """
    from jittor_tsit.data.batch_kinds import TestTask
    from jittor_tsit.inference.classify import classify
    from jittor_tsit.inference.from_images import require_random, translate
    from jittor_tsit.inference.from_label_maps import make_submission
    from jittor_tsit.inference.model import default_folder, load_model
    from jittor_tsit.inference.relabel import relabel

    model = load_model(checkpoint, references, images.size)
    if data is None:
        default_folder(model.data, checkpoint)
    elif not data.exists():
        raise InputError(f"{data}: no such folder or file")
    task = model.system.batch_kind.test_task
    of_maps = "--class-seeds" if images.class_seeds else "--match-colours" if images.match_colours else ""
    if of_maps and task is not TestTask.IMAGES_FROM_LABEL_MAPS:
        raise InputError(f"{of_maps}: the model in {checkpoint} takes no label maps; leave it out")
    if task is TestTask.IMAGES_FROM_IMAGES:
        return translate(model, data, out, seed, compare, back, side_by_side, images)
    if side_by_side is not None:
        raise InputError(f"side_by_side: the model in {checkpoint} takes no images in pairs; leave it out")
    if back:
        raise InputError(f"--back: the model in {checkpoint} has learned one direction only; leave --back out")
    require_random(model, images.draws, "--draws", bool(references))
    if task is TestTask.PHOTOS_WITH_OTHER_LABELS:
        return relabel(model, data, out, images)
    if task is TestTask.CLASSES_OF_PHOTOS:
        if images != DEFAULT:
            raise InputError(f"{checkpoint}: classifies images and writes a table; --size, --format, … have no meaning")
        return classify(model, data, out, compare)
    return make_submission(model, data, references, out, seed, compare, images)
