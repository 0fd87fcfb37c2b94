"""The journal of an unfinished set: the pairs that have got a defect so far, so that the command can resume."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, List

from data_tools.planting.truth import Truth


class Journal:
    """A file with one line for each pair that got a defect: kind, stem, and its rows of the truth file.

    A line is added after the files of the pair are written. Incomplete lines are ignored when the journal is opened.
    """

    def __init__(self, path: Path):
        self._path = path
        self._rows: Dict[str, List[Truth]] = {}
        for line in path.read_bytes().splitlines() if path.exists() else ():
            try:
                kind, stem, rows = json.loads(line)
                self._rows[f"{kind}/{stem}"] = [Truth(*row) for row in rows]
            except (ValueError, TypeError, RecursionError):
                continue

    def find(self, kind: str, stem: str) -> List[Truth]:
        """Return the rows of the truth file for this kind and pair; an empty list if no line was read for them."""
        return self._rows.get(f"{kind}/{stem}", [])

    def add(self, kind: str, stem: str, rows: List[Truth]) -> None:
        """Append a line for a pair. Call it after the pair's files are written.

        Nothing is appended if the file had a line for the pair when this journal was opened. `find` knows only the
        lines of that time: it does not return `rows`.
        """
        if self.find(kind, stem):
            return
        with open(self._path, "a", encoding="ascii") as file:
            file.write(json.dumps([kind, stem, rows]) + "\n")

    def remove(self) -> None:
        """Delete the journal, after the set is complete."""
        if self._path.exists():
            self._path.unlink()
