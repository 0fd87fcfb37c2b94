"""Candidates that have been judged and chosen among, and what is written of it."""

from __future__ import annotations

from pathlib import Path
from typing import List, NamedTuple, Optional

import numpy as np
from PIL import Image

from data_tools.basics.spacing import evenly_spaced
from data_tools.basics.table import write_rows
from data_tools.sets.classes import colorize
from data_tools.sets.image_io import read_photo, resize_photo
from jittor_tsit.config import DataConfig
from jittor_tsit.data.batches import to_image
from jittor_tsit.data.label_maps import label_maps_of
from jittor_tsit.evaluation.jury import Jury, Verdict
from jittor_tsit.evaluation.scores import print_table
from jittor_tsit.inference.from_label_maps import Inputs
from jittor_tsit.inference.sheets import contact_sheet
from jittor_tsit.metrics.best_of_many import Candidates, own_scores
from jittor_tsit.metrics.frechet import frechet_distance, statistics

SHOWN = 12  # label maps on the sheet, and those whose candidates' diversity is measured
FRAME = 4  # pixels around the chosen image
FRAME_COLOR = (230, 40, 40)


class Source(NamedTuple):
    """Where candidates come from."""

    folder: Path  # of what belongs to them
    checkpoint: Path
    seed: int

    @property
    def images(self) -> Path:
        """Folder of the images."""
        return self.folder / "images"


class Screened:
    """K candidates for each of L label maps, and which of them are chosen."""

    def __init__(self, sources: List[Source], inputs: Inputs, data: DataConfig, verdicts: List[Verdict]):
        self.sources, self.inputs, self.data, self.verdicts = sources, inputs, data, verdicts
        self.candidates = Candidates(*map(self.stacked, Candidates._fields))
        self.scores = own_scores(self.candidates)  # [L, K]
        self.best = self.scores.argmax(1)
        self.stages = {"the first": np.zeros_like(self.best), "best by own score": self.best}  # choices [L], in turn

    @property
    def choice(self) -> np.ndarray:
        """Which candidate of each label map is taken, [L]."""
        return list(self.stages.values())[-1]

    def stacked(self, name: str) -> Optional[np.ndarray]:
        """A field of all verdicts, [L, K, ...]; None where there is no judge."""
        parts = [getattr(verdict, name) for verdict in self.verdicts]
        return None if parts[0] is None else np.stack(parts, axis=1)


def write_report(out: Path, screened: Screened, jury: Jury) -> None:
    """What was chosen and why, what it is worth, and a picture."""
    write_selection(out / "selection.csv", screened)
    draw_candidates(out / "candidates.png", screened)
    rows = [row for stage, choice in screened.stages.items() for row in worth(stage, choice, screened, jury)]
    header = ["chosen", "term", "value", "its judge", "name"]
    write_rows(out / "gain.csv", header, rows)
    print_table([header, *rows])
    if jury.segmenter and not jury.measuring:
        print("the segmenter that chose flatters the choice; --measure-by FILE names another to measure it")
    if jury.lpips:
        places = shown_places(len(screened.choice))
        values = [diversity(screened, jury, place) for place in places]
        print(f"diversity of the candidates (LPIPS, mean of {len(places)} label maps): {np.mean(values):.4f}")
    print(f"{out / 'selection.csv'}: what was chosen, and why")


def write_selection(path: Path, screened: Screened) -> None:
    """A row for each candidate of each label map."""
    rows = []
    parts = *screened.candidates, screened.scores
    for place, stem in enumerate(screened.inputs.stems):
        for number, source in enumerate(screened.sources):
            values = ["" if part is None else f"{part[place, number]:.6g}" for part in parts]
            reason = "best score" if number == screened.best[place] else "swapped for the set's distance"
            is_chosen = number == screened.choice[place]
            rows.append((stem, source.checkpoint, source.seed, *values, int(is_chosen), reason if is_chosen else ""))
    write_rows(path, ("stem", "checkpoint", "seed", *Candidates._fields, "score", "chosen", "reason"), rows)


def worth(stage: str, choice: np.ndarray, screened: Screened, jury: Jury) -> List[List[str]]:
    """Rows of what a choice is worth, by the judges that choose and by those that only measure."""
    places, rows = np.arange(len(choice)), []
    for term, judge, role, field in (
        ("mask_accuracy", jury.segmenter, "chooses", "mask_accuracy"),
        ("mask_accuracy", jury.measuring, "measures", "measured"),
        ("aesthetic", jury.rater, "chooses", "aesthetic"),
    ):
        if judge:
            value = screened.stacked(field)[places, choice].mean()
            rows.append([stage, term, f"{value:.4f}", role, judge.name])
    if jury.photographs:
        made = statistics(screened.stacked("features")[places, choice])
        for role, half in (("chooses", jury.photographs.choosing), ("measures", jury.photographs.measuring)):
            distance = frechet_distance(made, statistics(half))
            rows.append([stage, jury.extractor.frechet, f"{distance:.4f}", role, f"{len(half)} photographs"])
    return rows


def shown_places(count: int) -> List[int]:
    """Some label maps, spread evenly over all."""
    return evenly_spaced(count, SHOWN).tolist()


def candidates_of(screened: Screened, place: int) -> List[np.ndarray]:
    """The images for a label map, [H, W, 3] uint8 each."""
    stem = screened.inputs.stems[place]
    return [read_photo(source.images / f"{stem}.jpg") for source in screened.sources]


def diversity(screened: Screened, jury: Jury, place: int) -> float:
    """How different the candidates for a label map look: mean LPIPS of their pairs."""
    return jury.lpips.diversity(to_image(np.stack(candidates_of(screened, place))))


def draw_candidates(path: Path, screened: Screened) -> None:
    """A row for some label maps: the map and its candidates, a frame around the chosen one."""
    data, pictures = screened.data, []
    width, height = data.output_width // 2, data.output_height // 2
    for place in shown_places(len(screened.choice)):
        ids = label_maps_of(data).read(screened.inputs.labels[place], width, height)[0]
        pictures.append(colorize(ids, label_maps_of(data).num_ids))
        for number, photo in enumerate(candidates_of(screened, place)):
            small = resize_photo(photo, width, height)
            pictures.append(framed(small) if number == screened.choice[place] else small)
    Image.fromarray(contact_sheet(pictures, 1 + len(screened.sources))).save(path)


def framed(picture: np.ndarray) -> np.ndarray:
    """With a coloured border inside."""
    result = np.full_like(picture, FRAME_COLOR)
    result[FRAME:-FRAME, FRAME:-FRAME] = picture[FRAME:-FRAME, FRAME:-FRAME]
    return result
