"""The command `test` with several candidates: generate several images for each label map and keep the best.

`CandidateSet` of candidates.py makes the choice; metrics/best_of_many.py computes the score of a candidate.

All candidates are generated here. A photograph can therefore never become part of a submission.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Sequence

import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit.config import DataConfig
from jittor_tsit.data.batch_kinds import TestTask
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.evaluation.candidate_judges import CandidateJudges, load_candidate_judges
from jittor_tsit.evaluation.judges import Judges
from jittor_tsit.inference.candidates import CandidateSet, Source
from jittor_tsit.inference.choice_report import REPORT, write_report
from jittor_tsit.inference.from_images import require_random, translate
from jittor_tsit.inference.from_label_maps import Inputs, find_inputs, finish, folder_for_test, make_set
from jittor_tsit.inference.model import default_folder, load_model
from jittor_tsit.inference.options import DEFAULT, ImageOptions, Size
from jittor_tsit.inference.results import SHEET, SUBMISSION, digest, prepare_folder
from jittor_tsit.metrics.best_of_many import Improver, Space
from jittor_tsit.metrics.contest import CLOSENESS
from jittor_tsit.metrics.frechet import frechet_distance, statistics
from jittor_tsit.runtime import parallel


class JudgeOptions(NamedTuple):
    """Options of the choice among candidates, as the command line gives them."""

    judges: Judges
    measuring: Optional[Path]  # file of a segmenter that only measures the gain
    real: Optional[Path]  # folder of photographs; None: those of the training set
    improve: bool  # whether to swap images afterwards to reduce the distance of the whole set to the photographs

    def load(self, data: DataConfig, cache: Path) -> CandidateJudges:
        """Load the judges and the features of the photographs.

        Raises:
            InputError: See `load_candidate_judges`; or `improve` needs a network that is missing.
        """
        judges = load_candidate_judges(self.judges, self.measuring, self.real or Path(data.root), cache)
        if self.improve and judges.extractor is None:
            raise InputError("--improve: needs inception or vgg16 among the judges")
        return judges


def run_with_candidates(
    checkpoints: Sequence[Path],
    num_seeds: int,
    data: Optional[Path],
    out: Path,
    seed: int,
    references: Optional[Path],
    compare: bool,
    options: JudgeOptions,
    side_by_side: Optional[bool] = None,
    images: ImageOptions = DEFAULT,
) -> int:
    """Generate several candidates for each label map, choose the best ones, and pack them.

    For models that translate images, write several images for each input instead, without a choice.

    Args:
        num_seeds: Number of images by each checkpoint for each label map; their seeds are `seed`, `seed` + 1, …
        images: Of its options, a choice among candidates takes only the size.
        See `run_test` for the other arguments.

    Returns:
        The exit status of the command.

    Raises:
        InputError: Checkpoints, labels or references are faulty, or all candidates would be equal.
    """
    if len(checkpoints) == 1:
        model = load_model(checkpoints[0], references, images.size)
        if model.system.batch_kind.test_task is TestTask.IMAGES_FROM_IMAGES:  # no judge can choose: keep all images
            if options.improve or options.measuring or options.real:
                given = "--improve, --measure-by and --real"
                raise InputError(f"{given}: translated images are all kept, without a choice; leave these options out")
            require_random(model, num_seeds, "--candidates")
            images = images._replace(draws=num_seeds)
            return translate(model, data, out, seed, compare, side_by_side=side_by_side, options=images)
    if side_by_side is not None:
        raise InputError("side_by_side: label maps do not lie in pairs; leave it out")
    if images != ImageOptions(size=images.size):
        given = "--draws, --keep-size, --format and --quality"
        raise InputError(f"{given}: leave them out; the candidates are judged as the contest's .jpg, and one is kept")
    config = common_data(checkpoints, num_seeds, references, images.size)
    inputs = find_inputs(data or folder_for_test(default_folder(config, checkpoints[0])), references)
    if len(inputs.labels) < 2:
        raise InputError(f"{inputs.labels[0]}: the only label map; a choice is measured on at least 2")
    sources = [
        Source(out / f"candidates/{number}-{path.stem}-seed{seed + k}", path, seed + k)
        for number, path in enumerate(checkpoints, 1)
        for k in range(num_seeds)
    ]
    load = options.load if parallel.rank() == 0 else lambda *_: None
    judges: Any = parallel.on_all_processes(load, config, out / "candidates")  # None on all processes but the first
    make_candidates(sources, inputs, references, images.size)
    parallel.on_first_process(lambda: choose(sources, inputs, config, out, judges, options.improve, compare))
    return 0


def common_data(
    checkpoints: Sequence[Path], num_seeds: int, references: Optional[Path], size: Optional[Size] = None
) -> DataConfig:
    """Return the data options that all checkpoints share. Load each checkpoint once, to find faults at the start.

    Args:
        size: Width and height of the images; None: as in training.

    Raises:
        InputError: Checkpoints differ in classes or image size, take no label maps, or their images do not depend on
            the seed.
    """
    first: Optional[DataConfig] = None
    for path in checkpoints:
        model = load_model(path, references, size)
        data = model.data
        first = first or data
        if model.system.batch_kind.test_task is not TestTask.IMAGES_FROM_LABEL_MAPS:
            raise InputError(f"{path}: no model for label maps; only their images can be chosen among")
        if num_seeds > 1 and not model.system.is_random_at_test(bool(references)):
            raise InputError(
                f"--candidates {num_seeds}: {path} generates the same image for every seed; name several --checkpoints"
            )
        sizes = ((label_maps_of(each), each.output_width, each.output_height) for each in (data, first))
        if len(set(sizes)) > 1:
            raise InputError(f"{path}: other classes or another size of images than {checkpoints[0]}")
    assert first is not None  # there is at least one checkpoint
    return first


def make_candidates(
    sources: Sequence[Source], inputs: Inputs, references: Optional[Path], size: Optional[Size]
) -> None:
    """Generate the candidate images of all sources into their folders, with one model in memory at a time."""
    model = None
    for source in sources:
        if parallel.rank() == 0:
            print(f"candidates of {source.checkpoint}, seed {source.seed}", file=sys.stderr)
        if model is None or model.checkpoint != source.checkpoint:
            model = None  # frees its memory before the next model is loaded
            model = load_model(source.checkpoint, references, size)
        make_set(model, inputs, source.folder, source.seed)


def choose(
    sources: List[Source],
    inputs: Inputs,
    data: DataConfig,
    out: Path,
    judges: CandidateJudges,
    improve: bool,
    compare: bool,
) -> None:
    """Score the candidates, choose the best ones, write a report, copy the chosen images and pack them."""
    verdicts = [judges.judge(source.images, inputs.labels, data) for source in sources]
    candidate_set = CandidateSet(sources, inputs, data, verdicts)
    if improve:
        candidate_set.stages["after swaps"] = swap_candidates(candidate_set, judges)
    chosen = [sources[k].images / f"{stem}.jpg" for stem, k in zip(inputs.stems, candidate_set.choice)]
    keys = {f"images/{path.name}": digest(path.read_bytes()) for path in chosen}
    whole = digest(*keys.values())
    prepare_folder(out, {**keys, **dict.fromkeys((SHEET, SUBMISSION, *REPORT), whole)}, inputs.labels)
    write_report(out, candidate_set, judges)
    for path in chosen:
        shutil.copyfile(path, out / "images" / path.name)
    finish(inputs, data, out, compare, f"{out}: the best of {len(sources)} candidates each")


def swap_candidates(candidate_set: CandidateSet, judges: CandidateJudges) -> np.ndarray:
    """Swap chosen candidates for others to reduce the distance of the whole set to the photographs.

    Returns:
        The new choice, [L].
    """
    features, places = candidate_set.require_field("features"), np.arange(len(candidate_set.choice))
    photographs, extractor = judges.photographs, judges.extractor
    assert photographs is not None and extractor is not None  # `JudgeOptions.load` requires them for --improve
    real = statistics(photographs.choosing)

    def distance(choice: np.ndarray) -> float:
        return frechet_distance(statistics(features[places, choice]), real)

    def report(number: int, swaps: int) -> None:
        print(f"round {number}: {swaps} swaps", file=sys.stderr)

    space, closeness = Space(photographs.choosing), CLOSENESS[extractor.frechet_name]
    improver = Improver(candidate_set.candidates, features, space, closeness, distance)
    return improver.improve(candidate_set.choice, report)
