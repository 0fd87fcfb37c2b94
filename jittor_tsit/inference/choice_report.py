"""Report of a choice among candidate images: tables, gain and a picture."""

from __future__ import annotations

from pathlib import Path
from typing import List

import numpy as np

from data_tools.basics.spacing import evenly_spaced
from data_tools.basics.table import write_rows
from data_tools.sets.image_io import read_photo
from jittor_tsit.data.batches import to_image
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.data.sheets import Row, draw_sheet
from jittor_tsit.evaluation.candidate_judges import CandidateJudges
from jittor_tsit.evaluation.scores import print_table
from jittor_tsit.inference.candidates import CandidateSet
from jittor_tsit.metrics.best_of_many import Candidates
from jittor_tsit.metrics.frechet import frechet_distance, statistics
from jittor_tsit.metrics.lpips import LPIPS
from jittor_tsit.runtime.status_line import waiting_for

REPORT = SELECTION, GAIN, PICTURE = "selection.csv", "gain.csv", "candidates.png"
SHOWN = 12  # number of label maps on the sheet; the diversity of candidates is measured on the same ones


def write_report(out: Path, candidate_set: CandidateSet, judges: CandidateJudges) -> None:
    """Write the choice and its reasons, the scores before and after choosing, and a picture of the candidates."""
    write_selection(out / SELECTION, candidate_set)
    draw_candidates(out / PICTURE, candidate_set)
    stages = candidate_set.stages.items()
    rows = [row for stage, choice in stages for row in gain_rows(stage, choice, candidate_set, judges)]
    header = ["chosen", "term", "value", "its judge", "name"]
    write_rows(out / GAIN, header, rows)
    print_table([header, *rows])
    if judges.segmenter and not judges.measuring:
        print("the segmenter that chose overestimates the choice; --measure-by FILE names another to measure it")
    if judges.lpips:
        places = shown_places(len(candidate_set.choice))
        with waiting_for("diversity of the candidates"):
            values = [diversity(candidate_set, judges.lpips, place) for place in places]
        print(f"diversity of the candidates (LPIPS, mean of {len(places)} label maps): {np.mean(values):.4f}")
    print(f"{out / 'selection.csv'}: what was chosen, and why")


def write_selection(path: Path, candidate_set: CandidateSet) -> None:
    """Write a table with one row for each candidate of each label map."""
    rows = []
    parts = *candidate_set.candidates, candidate_set.scores
    for place, stem in enumerate(candidate_set.inputs.stems):
        for number, source in enumerate(candidate_set.sources):
            values = ["" if part is None else f"{part[place, number]:.6g}" for part in parts]
            reason = "best score" if number == candidate_set.best[place] else "swapped for the set's distance"
            is_chosen = number == candidate_set.choice[place]
            rows.append((stem, source.checkpoint, source.seed, *values, int(is_chosen), reason if is_chosen else ""))
    write_rows(path, ("stem", "checkpoint", "seed", *Candidates._fields, "score", "chosen", "reason"), rows)


def gain_rows(stage: str, choice: np.ndarray, candidate_set: CandidateSet, judges: CandidateJudges) -> List[List[str]]:
    """Return table rows with the scores of a choice, by the judges that choose and by those that only measure.

    Args:
        stage: Name of the choice, for the first column.
        choice: Number of the chosen candidate of each label map, [L].
    """
    places, rows = np.arange(len(choice)), []
    for term, judge, role, field in (
        ("mask_accuracy", judges.segmenter, "chooses", "mask_accuracy"),
        ("mask_accuracy", judges.measuring, "measures", "measured"),
        ("aesthetic", judges.rater, "chooses", "aesthetic"),
    ):
        if judge:
            value = candidate_set.require_field(field)[places, choice].mean()
            rows.append([stage, term, f"{value:.4f}", role, judge.name])
    if judges.photographs and judges.extractor:
        chosen = statistics(candidate_set.require_field("features")[places, choice])
        for role, half in (("chooses", judges.photographs.choosing), ("measures", judges.photographs.measuring)):
            distance = frechet_distance(chosen, statistics(half))
            rows.append([stage, judges.extractor.frechet_name, f"{distance:.4f}", role, f"{len(half)} photographs"])
    return rows


def shown_places(count: int) -> List[int]:
    """Return the positions of at most SHOWN label maps, evenly spaced over all."""
    return evenly_spaced(count, SHOWN).tolist()


def candidates_of(candidate_set: CandidateSet, place: int) -> List[np.ndarray]:
    """Read the candidates of label map number `place`, [H, W, 3] uint8 each."""
    stem = candidate_set.inputs.stems[place]
    return [read_photo(source.images / f"{stem}.jpg") for source in candidate_set.sources]


def diversity(candidate_set: CandidateSet, lpips: LPIPS, place: int) -> float:
    """Compute the diversity of the candidates of label map number `place`: the mean LPIPS distance of all pairs."""
    return lpips.diversity(to_image(np.stack(candidates_of(candidate_set, place))))


def draw_candidates(path: Path, candidate_set: CandidateSet) -> None:
    """Draw label maps with their candidates, one label map a row, with a frame around the chosen candidate."""
    data, inputs, places = candidate_set.data, candidate_set.inputs, shown_places(len(candidate_set.choice))
    maps, rows = label_maps_of(data), []
    for place in places:
        ids = maps.read(inputs.labels[place], data.output_width, data.output_height)[0]
        pictures = [maps.class_list.colorize(ids), *candidates_of(candidate_set, place)]
        rows.append(Row(inputs.stems[place], place + 1, pictures, chosen=1 + int(candidate_set.choice[place])))
    names = checkpoint_names(candidate_set)
    lines = [
        f"{path.parent}, candidates by {', '.join(sorted(set(names)))}",
        f"{len(places)} of {len(inputs.labels):,} label maps of {inputs.labels[0].parent}; the chosen image is framed",
    ]
    sources = zip(candidate_set.sources, names)
    several = len(set(names)) > 1
    heads = [f"seed {source.seed}, {name}" if several else f"seed {source.seed}" for source, name in sources]
    draw_sheet(lines, ["label", *heads], rows).save(path)


def checkpoint_names(candidate_set: CandidateSet) -> List[str]:
    """Return the checkpoint of each source of candidates, as its folder and name: checkpoints of two runs may be
    called alike.
    """
    paths = [source.checkpoint for source in candidate_set.sources]
    return [f"{path.resolve().parent.name}/{path.stem}" for path in paths]
