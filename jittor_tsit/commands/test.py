"""The command `test`: generate images from label maps and pack them into submission.zip, or translate images."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Optional

from data_tools.basics.errors import InputError
from jittor_tsit.commands.path_checks import (
    check_judges,
    require_checkpoints,
    require_file,
    require_folder,
    require_input,
    require_run,
    require_writable,
)
from jittor_tsit.commands.shared_options import (
    add_command,
    add_device,
    add_judges,
    add_processes,
    natural_number,
    path_list,
    positive_number,
)
from jittor_tsit.commands.train import RUNS
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
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder of label maps, or of images to translate; default: the test set beside the training set",
    )
    parser.add_argument("--run-dir", type=Path, metavar="DIR", help="a run of train; default: the latest in runs/")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="default: the newest readable one of the run")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the results; default: <run-dir>/test")
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
    parser.add_argument(
        "--seed", type=natural_number, default=0, metavar="N", help="seed of the random styles; default: 0"
    )
    parser.add_argument(
        "--references", type=Path, metavar="DIR", help="photos named by label_to_img.json, which give the styles"
    )
    parser.add_argument(
        "--back",
        action="store_true",
        help="translate from domain B to domain A, with a model that has learned both directions (CycleGAN, UNIT)",
    )
    parser.add_argument("--compare", action="store_true", help="also write compare.png, inputs beside images")
    add_processes(parser)
    add_device(parser)


def check(args: argparse.Namespace) -> None:
    """Check the paths that the options name.

    Raises:
        InputError: A file or folder is missing or not a checkpoint, or the results cannot be written.
    """
    require_input("--data", args.data)
    require_run("--run-dir", args.run_dir)
    require_checkpoints("--checkpoint", [args.checkpoint] if args.checkpoint else [])
    require_checkpoints("--checkpoints", args.checkpoints or [])
    check_judges(args)
    require_input("--references", args.references)
    require_folder("--real", args.real)
    require_file("--measure-by", args.measure_by)
    if args.out:
        require_writable("--out", args.out)


def run(args: argparse.Namespace) -> int:
    """Run the command with parsed options: generate, translate or classify images. Return the exit status."""
    start_jittor(args.device != "cpu")
    from jittor_tsit.config import DataConfig
    from jittor_tsit.config.overrides import override_fields
    from jittor_tsit.evaluation.judges import Judges
    from jittor_tsit.inference.choose import JudgeOptions, run_with_candidates
    from jittor_tsit.runs.loading import find_checkpoint, newest_run_dir

    if args.checkpoint and args.checkpoints:
        raise InputError("--checkpoint and --checkpoints: only one of them is allowed")
    files = args.checkpoints or ([args.checkpoint] if args.checkpoint else [])
    run_dir = args.run_dir or (files[0].parent if files else newest_run_dir(RUNS))
    checkpoints = files or [find_checkpoint(run_dir)]
    side_by_side = override_fields(DataConfig(), args.overrides).side_by_side
    common = args.data, args.out or run_dir / "test", args.seed, args.references, args.compare
    if args.candidates == len(checkpoints) == 1:
        if args.improve or args.measure_by or args.segmenter or args.real:
            given = "--improve, --measure-by, --segmenter and --real"
            raise InputError(f"{given}: there is no choice to make; add --candidates K or --checkpoints A,B")
        return run_test(checkpoints[0], *common, args.back, side_by_side)
    if args.back:
        raise InputError("--back: not with --candidates or --checkpoints, which choose among images for label maps")
    options = JudgeOptions(Judges(args.judges, args.segmenter), args.measure_by, args.real, args.improve)
    return run_with_candidates(checkpoints, args.candidates, *common, options, side_by_side)


def run_test(
    checkpoint: Path,
    data: Optional[Path],
    out: Path,
    seed: int,
    references: Optional[Path],
    compare: bool,
    back: bool = False,
    side_by_side: Optional[bool] = None,
) -> int:
    """Run the task of a checkpoint's system: generate images and pack them, translate images, or classify them.

    Args:
        data: Folder of the inputs: label maps, images or photos. Default: the test set in the folder of the training
            data.
        references: Folder of the photos that `label_to_img.json` names. They give the styles.
        compare: Whether to write compare.png.
        back: Whether to translate from domain B to domain A.
        side_by_side: Whether every input image shows two images side by side; None: unknown.

    Returns:
        The exit status of the command.

    Raises:
        InputError: Checkpoint, inputs or references are faulty, or an option does not fit the system.
    """
    from jittor_tsit.data.batch_kinds import TestTask
    from jittor_tsit.inference.classify import classify
    from jittor_tsit.inference.from_images import translate
    from jittor_tsit.inference.from_label_maps import find_inputs, finish, make_set
    from jittor_tsit.inference.model import default_folder, load_model
    from jittor_tsit.inference.relabel import relabel
    from jittor_tsit.runtime import parallel

    model = load_model(checkpoint, references)
    if data is None:
        default_folder(model.data, checkpoint)
    task = model.system.batch_kind.test_task
    if task is TestTask.IMAGES_FROM_IMAGES:
        return translate(model, data, out, seed, compare, back, side_by_side=side_by_side)
    if side_by_side is not None:
        raise InputError(f"side_by_side: the model in {checkpoint} takes no images in pairs; leave it out")
    if back:
        raise InputError(f"--back: the model in {checkpoint} has learned one direction only; leave --back out")
    if task is TestTask.PHOTOS_WITH_OTHER_LABELS:
        return relabel(model, data, out)
    if task is TestTask.CLASSES_OF_PHOTOS:
        return classify(model, data, out, compare)
    inputs = find_inputs(data or Path(model.data.root), references)
    make_set(model, inputs, out, seed)
    parallel.on_first_process(lambda: finish(inputs, model.data, out, compare))
    return 0
