"""`test`: from a checkpoint and label maps to images and a checked submission.zip; or from images to images."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Optional

from data_tools.basics.errors import InputError
from jittor_tsit.commands.shared_options import (
    add_command,
    add_judges,
    add_processes,
    natural_number,
    path_list,
    positive_number,
)
from jittor_tsit.commands.train import RUNS
from jittor_tsit.runtime.import_jittor import start_jittor


def add(commands) -> None:
    """Add the command and its options."""
    parser = add_command(
        commands,
        "test",
        run,
        "make images for label maps, and a checked submission.zip; or translate images",
        "python -m jittor_tsit test --data data/landscape/test --run-dir runs/mine --compare\n"
        "For models of pairs of images, side_by_side=true or side_by_side=false says whether every file shows two.",
        accepts="side_by_side=",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder of label maps, or of images to translate; default: the test set beside the training set",
    )
    parser.add_argument("--run-dir", type=Path, metavar="DIR", help="a run of train; default: the latest in runs/")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="default: the newest of the run")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: <run-dir>/test")
    parser.add_argument(
        "--candidates",
        type=positive_number,
        default=1,
        metavar="K",
        help="images drawn for each label map, of which the judges choose one; of translated images all are kept",
    )
    parser.add_argument(
        "--checkpoints", type=path_list, metavar="A,B,...", help="draw by each of these, and let the judges choose"
    )
    parser.add_argument("--improve", action="store_true", help="choose with regard to the whole set's distance, too")
    parser.add_argument("--real", type=Path, metavar="DIR", help="photographs; default: those of the training set")
    add_judges(parser)
    parser.add_argument(
        "--measure-by", type=Path, metavar="FILE", help="a segmenter that does not choose, to say what was gained"
    )
    parser.add_argument("--seed", type=natural_number, default=0, metavar="N", help="of the styles drawn; default: 0")
    parser.add_argument(
        "--references", type=Path, metavar="DIR", help="photos named by label_to_img.json, to take the style from"
    )
    parser.add_argument(
        "--back",
        action="store_true",
        help="translate from b to a, by a model that has learned both ways (CycleGAN, UNIT)",
    )
    parser.add_argument("--compare", action="store_true", help="also write compare.png, labels beside images")
    add_processes(parser)
    parser.add_argument("--device", choices=("auto", "cpu"), default="auto", help="auto: the GPU where there is one")


def run(args: argparse.Namespace) -> int:
    """Make images and a submission."""
    start_jittor(args.device != "cpu")
    from jittor_tsit.config import DataConfig
    from jittor_tsit.config.overrides import override_fields
    from jittor_tsit.evaluation.judges import Judges
    from jittor_tsit.inference.choose import JudgeOptions, run_with_candidates
    from jittor_tsit.runs.loading import find_checkpoint, newest_run_dir

    if args.checkpoint and args.checkpoints:
        raise InputError("--checkpoint and --checkpoints: one of them is needed")
    named = args.checkpoints or ([args.checkpoint] if args.checkpoint else [])
    run_dir = args.run_dir or (named[0].parent if named else newest_run_dir(RUNS))
    checkpoints = named or [find_checkpoint(run_dir)]
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
    """Make the images and the zip; returns the exit status.

    Args:
        data: Folder of label maps, or of images for a model that takes such; by default the test set in the folder
            that the run was trained on.
        back: Translate the other way; only for a model that has learned both.
        references: Folder of the photos that `label_to_img.json` names, whose style the images take.
        side_by_side: Whether every image to translate shows two side by side; None: not said.

    Raises:
        InputError: Faulty checkpoint, labels or references.
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
        raise InputError(f"--back: the model in {checkpoint} has learned one way only")
    if task is TestTask.PHOTOS_WITH_OTHER_LABELS:
        return relabel(model, data, out)
    if task is TestTask.CLASSES_OF_PHOTOS:
        return classify(model, data, out, compare)
    inputs = find_inputs(data or Path(model.data.root), references)
    make_set(model, inputs, out, seed)
    parallel.on_first_process(lambda: finish(inputs, model.data, out, compare))
    return 0
