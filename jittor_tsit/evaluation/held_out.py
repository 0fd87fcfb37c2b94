"""Score a system on the held-out pairs during training.

data_tools/sets/held_out.py chooses which pairs are held out.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Callable, Dict, Optional, cast

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import make_folder
from data_tools.basics.progress import progress_bar
from data_tools.basics.table import Table, write_table
from data_tools.sets.image_io import read_header, resize_photo, write_photo
from jittor_tsit.config import Experiment
from jittor_tsit.config.phases import split_of
from jittor_tsit.data.batches import PairedBatch, full_share, to_pixels, to_segmap
from jittor_tsit.data.folders import held_out_samples
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.data.samples import PairedSamples
from jittor_tsit.evaluation.history import RANK, Evaluation
from jittor_tsit.evaluation.image_set import ImageSet
from jittor_tsit.evaluation.judges import Judges, Segmenter
from jittor_tsit.evaluation.scores import FEWEST, compute_terms
from jittor_tsit.metrics.contest import CLOSENESS, as_far_as_known
from jittor_tsit.metrics.segmentation import confusion, mean_iou, pixel_accuracy
from jittor_tsit.metrics.terms import Term, values_of
from jittor_tsit.runs.events import Events
from jittor_tsit.runtime import parallel
from jittor_tsit.runtime.status_line import IMAGE_NOTE, FirstWait
from jittor_tsit.systems.base import System
from jittor_tsit.systems.draws import Noise, key_of
from jittor_tsit.systems.tasks import PhotoSegmenter

FOLDER = "evaluation"  # in the run directory: images of the last evaluation
DISAGREEMENT = "disagreement.csv"  # in the run directory: a table that data_tools can read as a further signal


def make_evaluation(
    system: System,
    experiment: Experiment,
    total_nimg: int,
    run_dir: Path,
    say: Callable[[str], None],
    events: Optional[Events] = None,
) -> Optional[Evaluation]:
    """Return the evaluation of an experiment's held-out pairs; None if `run.evaluate_every` is 0.

    Args:
        say: Prints one line for the user.
        events: TensorBoard's event file, if the user wants one.

    Raises:
        InputError: See `held_out_samples` and `require_useful`.
    """
    run = experiment.run
    if not run.evaluate_every:
        return None
    samples = held_out_samples(experiment.data, split_of(experiment, 1))
    if system.batch_kind.predicts_label_maps:
        measure = partial(segmentation_scores, system, samples, run_dir)
    else:
        judges = Judges(Path(run.judges))
        parallel.on_all_processes(
            lambda: require_useful(judges, len(samples), samples.label_maps) if parallel.rank() == 0 else None
        )
        measure = partial(synthesis_scores, system, samples, experiment, run_dir)
    say(f"evaluation: {len(samples)} held-out pairs, every {run.evaluate_every * run.snapshot_nimg} images")
    return Evaluation(measure, run.evaluate_every * run.snapshot_nimg, total_nimg, run_dir, say, events)


def require_useful(judges: Judges, num_pairs: int, maps: LabelMaps) -> None:
    """Check before training that the judges can score the held-out pairs.

    Args:
        num_pairs: Number of held-out pairs.
        maps: Reader of their label maps.

    Raises:
        InputError: The weights of all judges are missing, the segmenter knows other classes than the set, or there are
            too few held-out pairs for all judges.
    """
    judges.require_any("evaluate_every")
    segmenter = judges.segmenter()
    if isinstance(segmenter, Segmenter):
        fault = segmenter.fault(maps.num_classes)
        if fault:
            raise InputError(f"evaluate_every: {fault}")
    elif num_pairs < FEWEST and not judges.has("nima"):
        raise InputError(
            f"evaluate_every: {num_pairs} pair is held out, and the judges in {judges.folder} need at least "
            f"{FEWEST}; take fewer folds"
        )


def segmentation_scores(system: System, samples: PairedSamples, run_dir: Path) -> Dict[str, float]:
    """Compute pixel accuracy and mean intersection over union of a segmenter on the held-out pairs.

    Also write the share of wrong pixels of each pair to `disagreement.csv`.
    """
    segmenter = cast(PhotoSegmenter, system)
    num_ids, accuracy = samples.label_maps.num_ids, []
    counts, first_image = np.zeros((num_ids, num_ids), np.int64), FirstWait(IMAGE_NOTE)
    for position in progress_bar(range(len(samples)), unit="img", desc="held-out pairs", leave=False):
        photo, label = samples.unaugmented(position)[:2]
        with first_image:
            predicted = segmenter.segment(photo)
        accuracy.append(pixel_accuracy(predicted, label))
        counts = counts + confusion(predicted, label, num_ids)
    stems = [pair.stem for pair in samples.pairs]
    write_table(run_dir / DISAGREEMENT, Table(stems, {"disagreement": 1 - np.array(accuracy)}))
    iou = mean_iou(counts)
    return {"pixel_accuracy": float(np.mean(accuracy)), "mean_iou": iou, RANK: iou}


def synthesis_scores(system: System, samples: PairedSamples, experiment: Experiment, run_dir: Path) -> Dict[str, float]:
    """Generate images for the held-out label maps and compute the contest's terms whose judges are available."""
    folder = run_dir / FOLDER
    make_folder(folder)
    noise, images, first_image = Noise(experiment.run.seed), {}, FirstWait(IMAGE_NOTE)
    for position in progress_bar(range(len(samples)), unit="img", desc="held-out pairs", leave=False):
        pair, label = samples.pairs[position], samples.unaugmented(position)[1:]
        segmap = to_segmap(samples.label_maps.num_ids, *(array[None] for array in label))
        batch = PairedBatch(segmap, None, [key_of(pair.stem)], full_share(1))
        with first_image:
            pixels = to_pixels(system.generate(batch, noise))[0]
        images[pair.stem] = folder / f"{pair.stem}.jpg"
        width, height, _ = read_header(pair.label)
        write_photo(images[pair.stem], resize_photo(pixels, width, height))
    labels = {pair.stem: pair.label for pair in samples.pairs}
    image_set = ImageSet(images, labels, samples.label_maps.class_list)
    photos = [pair.photo for pair in samples.pairs]
    terms = compute_terms(
        image_set, photos, Path(experiment.data.root), Judges(Path(experiment.run.judges)), None, folder
    )
    known = {name: value for name, value in values_of(terms).items() if value is not None}
    return {**known, RANK: rank_of(terms)}


def rank_of(terms: Dict[str, Term]) -> float:
    """Compute the number that orders the checkpoints of a run: the 2022 formula over the available terms.

    It is not a contest score. If FID is missing, the distance of VGG-16 features takes its place.
    """
    values = values_of(terms)
    distances = [(part, values[name]) for name, part in CLOSENESS.items()]
    near = next((part(distance) for part, distance in distances if distance is not None), None)
    return as_far_as_known(values["mask_accuracy"], values["aesthetic"], near)
