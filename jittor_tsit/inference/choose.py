"""`test` with several candidates: the best image for each label map is kept, by measurement.

Nothing but what a generator drew here can become a candidate, so no photograph gets into a submission.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import List, NamedTuple, Optional, Sequence

import numpy as np

from data_tools.basics.errors import InputError
from jittor_tsit.config import DataConfig
from jittor_tsit.data.batch_kinds import TestTask
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.evaluation.judges import Judges
from jittor_tsit.evaluation.jury import Jury, assemble
from jittor_tsit.inference.choice_report import Screened, Source, write_report
from jittor_tsit.inference.from_images import translate
from jittor_tsit.inference.from_label_maps import Inputs, find_inputs, finish, make_set
from jittor_tsit.inference.model import claim, default_folder, load_model
from jittor_tsit.metrics.best_of_many import Improver, Space
from jittor_tsit.metrics.contest import CLOSENESS
from jittor_tsit.metrics.frechet import frechet_distance, statistics
from jittor_tsit.runtime import parallel


class Judging(NamedTuple):
    """How candidates are judged."""

    judges: Judges
    measuring: Optional[Path]  # file of a segmenter that only measures what was gained
    real: Optional[Path]  # photographs; None: those of the training set
    improve: bool  # also swap images for the sake of the whole set's distance from the photographs

    def assemble(self, data: DataConfig, cache: Path) -> Jury:
        """The judges, and the photographs' features.

        Raises:
            InputError: As `jury.assemble`; or a network is lacking.
        """
        jury = assemble(self.judges, self.measuring, self.real or Path(data.root), cache)
        if self.improve and jury.extractor is None:
            raise InputError("--improve: needs inception or vgg16 among the judges")
        return jury


def run_screening(
    checkpoints: Sequence[Path],
    num_seeds: int,
    data: Optional[Path],
    out: Path,
    seed: int,
    references: Optional[Path],
    compare: bool,
    judging: Judging,
    side_by_side: Optional[bool] = None,
) -> int:
    """Make the candidates, choose, and pack; or translate images to several each. Returns the exit status.

    Args:
        num_seeds: Images of each checkpoint for a label map, from `seed` on.
        Others as `run_test`.

    Raises:
        InputError: Faulty checkpoints, labels or references, or candidates that cannot differ.
    """
    if len(checkpoints) == 1:
        model = load_model(checkpoints[0], references)
        if (
            model.system.batch_kind.test_task is TestTask.IMAGES_FROM_IMAGES
        ):  # all images are kept: nothing says which is best
            if judging.improve or judging.measuring or judging.real:
                given = "--improve, --measure-by and --real"
                raise InputError(f"{given}: of translated images none is chosen; leave them out")
            return translate(model, data, out, seed, compare, count=num_seeds, side_by_side=side_by_side)
    if side_by_side is not None:
        raise InputError("side_by_side: label maps do not lie in pairs; leave it out")
    config = common_data(checkpoints, num_seeds, references)
    inputs = find_inputs(data or default_folder(config, checkpoints[0]), references)
    if len(inputs.labels) < 2:
        raise InputError(f"{inputs.labels[0]}: the only label map; a choice is measured on at least 2")
    sources = [
        Source(out / f"candidates/{number}-{path.stem}-seed{seed + k}", path, seed + k)
        for number, path in enumerate(checkpoints, 1)
        for k in range(num_seeds)
    ]
    jury = parallel.together(judging.assemble if parallel.rank() == 0 else lambda *_: None, config, out / "candidates")
    make_candidates(sources, inputs, references)
    parallel.on_first_process(lambda: choose(sources, inputs, config, out, jury, judging.improve, compare))
    return 0


def common_data(checkpoints: Sequence[Path], num_seeds: int, references: Optional[Path]) -> DataConfig:
    """What all checkpoints were trained on; each is loaded once, so that faults show before anything is drawn.

    Raises:
        InputError: They differ in classes or sizes, draw nothing at random, or take no label maps.
    """
    first = None
    for path in checkpoints:
        model = load_model(path, references)
        data = model.data
        first = first or data
        if model.system.batch_kind.test_task is not TestTask.IMAGES_FROM_LABEL_MAPS:
            raise InputError(f"{path}: no model for label maps, of whose images there is a choice")
        if num_seeds > 1 and not model.system.draws_at_test(bool(references)):
            raise InputError(
                f"--candidates {num_seeds}: {path} makes one image a label map, whatever the seed; name several "
                "--checkpoints"
            )
        sizes = ((label_maps_of(each), each.output_width, each.output_height) for each in (data, first))
        if len(set(sizes)) > 1:
            raise InputError(f"{path}: other classes or another size of images than {checkpoints[0]}")
    return first


def make_candidates(sources: Sequence[Source], inputs: Inputs, references: Optional[Path]) -> None:
    """Every source's images, with one model in memory at a time."""
    model = None
    for source in sources:
        if parallel.rank() == 0:
            print(f"candidates of {source.checkpoint}, seed {source.seed}", file=sys.stderr)
        if model is None or model.checkpoint != source.checkpoint:
            model = None  # before the next is loaded
            model = load_model(source.checkpoint, references)
        make_set(model, inputs, source.folder, source.seed)


def choose(
    sources: List[Source], inputs: Inputs, data: DataConfig, out: Path, jury: Jury, improve: bool, compare: bool
) -> None:
    """Judge the candidates, copy the chosen ones, write what was chosen and why, and pack."""
    verdicts = [jury.judge(source.images, inputs.labels, data) for source in sources]
    screened = Screened(sources, inputs, data, verdicts)
    if improve:
        screened.stages["after swaps"] = improved(screened, jury)
    write_report(out, screened, jury)
    images = out / "images"
    images.mkdir(exist_ok=True)
    claim(images, inputs.stems, "screening")
    for stem, chosen in zip(inputs.stems, screened.choice):
        shutil.copyfile(sources[chosen].images / f"{stem}.jpg", images / f"{stem}.jpg")
    finish(inputs, data, out, compare)


def improved(screened: Screened, jury: Jury) -> np.ndarray:
    """The choice after swaps for the sake of the set's distance, [L]."""
    features, places = screened.stacked("features"), np.arange(len(screened.choice))
    real = statistics(jury.photographs.choosing)

    def whole(choice: np.ndarray) -> float:
        return frechet_distance(statistics(features[places, choice]), real)

    def report(number: int, swaps: int) -> None:
        print(f"round {number}: {swaps} swaps", file=sys.stderr)

    space, closeness = Space(jury.photographs.choosing), CLOSENESS[jury.extractor.frechet]
    return Improver(screened.candidates, features, space, closeness, whole).improve(screened.choice, report)
