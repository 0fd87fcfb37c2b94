"""What was planted so far, kept beside the unfinished set so that the same command goes on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, List

from data_tools.planting.truth import Truth


class Journal:
    """A line for each pair that was planted: kind, stem, and the rows of the truth file that came of it.

    A line is added when the files are written. One that an interruption cut off counts as not there.
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
        """The rows for this pair, or none."""
        return self._rows.get(f"{kind}/{stem}", [])

    def add(self, kind: str, stem: str, rows: List[Truth]) -> None:
        """Remember a pair whose files are written; nothing happens if it is known."""
        if self.find(kind, stem):
            return
        with open(self._path, "a", encoding="ascii") as file:
            file.write(json.dumps([kind, stem, rows]) + "\n")

    def remove(self) -> None:
        """Delete the journal of a set that is complete."""
        if self._path.exists():
            self._path.unlink()
