"""List of the files that a run trains on, kept beside the run to describe later what has changed. Imports no Jittor."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from pathlib import Path
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_json, write_atomic
from data_tools.basics.names import printable
from jittor_tsit.data.samples import AlignedSamples, PairedSamples, Samples

SAMPLE_LIST = "samples.json"  # file name in a run's folder
SHOWN = 3  # names in a message; more make a line that nobody reads
NOT_KNOWN = "the data set has changed since; what has changed is not known, because this run has no list of its files"
SAME_FILES = "the files are the same, but their order or their labels have changed"


class ListedFile(NamedTuple):
    """One file of a data set: the name of its folder, its own name, and its size in bytes."""

    folder: str
    name: str
    size: int


def list_files(samples: Samples) -> List[ListedFile]:
    """Return the files of a data set, in order.

    Raises:
        OSError: A file is gone.
    """
    return [ListedFile(path.parent.name, path.name, path.stat().st_size) for path in samples.paths()]


def write_sample_list(run_dir: Path, samples: Sequence[Samples], digests: Sequence[str]) -> None:
    """Write the files of each phase's data set to `samples.json`, unless it holds these digests already.

    Args:
        digests: `Samples.digest` of each data set.
    """
    path = run_dir / SAMPLE_LIST
    if _read(path).get("digests") == list(digests):
        return
    text = json.dumps({"digests": digests, "files": [list_files(each) for each in samples]})  # ASCII: any name fits
    write_atomic(path, text.encode())


def describe_changes(run_dir: Path, number: int, digest: str, samples: Samples) -> str:
    """Return in words how a data set differs from the one that a run was trained on.

    Args:
        number: Number of the phase, counted from 0.
        digest: Digest of the data set that the run was trained on.
        samples: The data set as it is now.
    """
    kept = _read(run_dir / SAMPLE_LIST)
    try:
        if kept["digests"][number] != digest:
            return NOT_KNOWN
        there = [ListedFile(*file) for file in kept["files"][number]]
    except (KeyError, IndexError, TypeError):
        return NOT_KNOWN
    unit = "pair" if isinstance(samples, (PairedSamples, AlignedSamples)) else "photo"
    return "; ".join(compare_files(there, list_files(samples), unit)) or SAME_FILES


def compare_files(there: Sequence[ListedFile], here: Sequence[ListedFile], unit: str) -> List[str]:
    """Return sentences such as "1 pair is missing: p3" that say how two lists of files differ.

    Args:
        unit: "pair": files of the same name before the suffix belong together; "photo": each file is a sample.
    """
    old, new = _by_name(there, here), _by_name(here, there)
    missing = _units([name for name in old if name not in new], unit)
    added = _units([name for name in new if name not in old], unit)
    both = sorted(set(missing) & set(added))  # one file of a pair was replaced by a file in another format
    changed = [*both, *(name for name in old if name in new and old[name] != new[name])]
    return [
        *_sentence(unit, [name for name in missing if name not in both], "missing"),
        *_sentence(unit, [name for name in added if name not in both], "new"),
        *(f"{unit if name in both else 'file'} {printable(name)} has changed" for name in changed[:SHOWN]),
        *([f"{len(changed) - SHOWN} more have changed"] if len(changed) > SHOWN else []),
    ]


def _by_name(files: Sequence[ListedFile], others: Sequence[ListedFile]) -> Dict[str, int]:
    """Return name -> size. Where a name occurs twice in one of the lists, all names have their folder in front."""
    counts = [Counter(file.name for file in each) for each in (files, others)]
    is_unique = all(max(count.values(), default=0) <= 1 for count in counts)
    return {file.name if is_unique else f"{file.folder}/{file.name}": file.size for file in files}


def _units(names: Iterable[str], unit: str) -> List[str]:
    return list(dict.fromkeys(Path(name).stem if unit == "pair" else name for name in names))


def _sentence(unit: str, names: List[str], what: str) -> List[str]:
    if not names:
        return []
    shown = ", ".join(map(printable, names[:SHOWN]))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return [f"{len(names)} {unit}{'s are' if len(names) > 1 else ' is'} {what}: {shown}{more}"]


def _read(path: Path) -> dict:
    """Return the content of a sample list; an empty dict if it is missing or damaged."""
    content: Optional[object] = None
    with contextlib.suppress(InputError):
        content = read_json(path) if path.is_file() else None
    return content if isinstance(content, dict) else {}
