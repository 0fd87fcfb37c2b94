"""Write the review page from the folder that `scan` and `select` wrote."""

from __future__ import annotations

from pathlib import Path

from data_tools.basics.table import read_table
from data_tools.curation.default_rules import DISAGREEMENT, REDUNDANCY, read_settings
from data_tools.curation.equivalence import read_classes
from data_tools.curation.folder import (
    CLASSES,
    DECISIONS,
    DISAGREEMENT_FILE,
    PAGE,
    SETTINGS,
    TABLE,
    find_scanned,
    redundancy_signal,
    scanned_classes,
)
from data_tools.curation.rules import read_decisions
from data_tools.report.page import write_report


def make_report(out: Path, count: int) -> Path:
    """Write the page on which a person reviews the decisions of `select`, and return its path.

    Args:
        out: Folder that `scan` and `select` wrote.
        count: Number of pairs in each list of examples.

    Raises:
        InputError: `out` holds no selection, or its data set is gone.
    """
    settings, table = read_settings(out / SETTINGS), read_table(out / TABLE)
    classes = read_classes(out / CLASSES)
    table.columns[REDUNDANCY] = redundancy_signal(table.stems, classes, settings.class_size)
    if (out / DISAGREEMENT_FILE).exists():
        table.columns[DISAGREEMENT] = read_table(out / DISAGREEMENT_FILE).columns[DISAGREEMENT]
    write_report(
        out / PAGE,
        find_scanned(out),
        table,
        settings.rules,
        read_decisions(out / DECISIONS),
        classes,
        count,
        class_list=scanned_classes(out),
    )
    return out / PAGE
