"""Candidate images for label maps: where they come from, their scores, and the choice among them."""

from __future__ import annotations

from pathlib import Path
from typing import List, NamedTuple, Optional

import numpy as np

from jittor_tsit.config import DataConfig
from jittor_tsit.evaluation.candidate_judges import Verdict
from jittor_tsit.inference.from_label_maps import Inputs
from jittor_tsit.metrics.best_of_many import Candidates, own_scores


class Source(NamedTuple):
    """One way to make candidates: a checkpoint and a seed. It gives one candidate for each label map."""

    folder: Path  # folder of the candidates and their scores
    checkpoint: Path
    seed: int

    @property
    def images(self) -> Path:
        """Folder of the candidate images, inside `folder`."""
        return self.folder / "images"


class CandidateSet:
    """K candidates with scores for each of L label maps, and the choice among them.

    `stages` holds the choices so far by name, oldest first: [L] numbers of candidates each.
    """

    def __init__(self, sources: List[Source], inputs: Inputs, data: DataConfig, verdicts: List[Verdict]):
        self.sources, self.inputs, self.data, self.verdicts = sources, inputs, data, verdicts
        self.candidates = Candidates(*map(self.stack_field, Candidates._fields))
        self.scores = own_scores(self.candidates)  # [L, K]
        self.best = self.scores.argmax(1)
        self.stages = {"the first": np.zeros_like(self.best), "best by own score": self.best}  # name -> choice [L]

    @property
    def choice(self) -> np.ndarray:
        """For each label map the number of the chosen candidate, [L], as the last of `stages` chose it."""
        return list(self.stages.values())[-1]

    def require_field(self, name: str) -> np.ndarray:
        """Return `stack_field(name)`. An AssertionError is raised if it is None."""
        values = self.stack_field(name)
        assert values is not None, f"no judge of {name}"
        return values

    def stack_field(self, name: str) -> Optional[np.ndarray]:
        """Return one field of `Verdict` for all candidates, [L, K, ...]; None if its judge is missing."""
        parts = [getattr(verdict, name) for verdict in self.verdicts]
        return None if parts[0] is None else np.stack(parts, axis=1)
