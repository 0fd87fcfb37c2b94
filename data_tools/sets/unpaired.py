"""Check the images of a set without pairs of photos and label maps: two domains, image pairs, photos alone, classes."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from data_tools.basics.errors import InputError
from data_tools.basics.names import composed, printable
from data_tools.basics.threads import with_bar
from data_tools.sets.class_list import LANDSCAPE, ClassList
from data_tools.sets.formats import IMAGES, LABELS
from data_tools.sets.image_io import LABEL_MODES, read_label, read_photo, read_storage
from data_tools.sets.listing import Listing, Problem, list_folder, odd_entries, require_folder
from data_tools.sets.odd_files import OddFiles
from data_tools.sets.oddities import Unusual, unusual_label, unusual_photo

DEPTH = 2  # levels of sub-folders that are read; sets with classes have train/CLASS
DOMAINS = (("trainA", "trainB"), ("testA", "testB"))  # folders of two domains, or of image pairs with equal names
_MOSTLY = 0.5  # share of equal names from which two folders count as image pairs; unrelated sets share few names


class ImageFolder(NamedTuple):
    """A folder that holds images, and whether they are label maps."""

    path: Path
    listing: Listing
    holds_labels: bool

    @property
    def files(self) -> List[Path]:
        """The images, sorted by name."""
        return sorted(path for paths in self.listing.files.values() for path in paths)


def find_image_folders(root: Path) -> List[ImageFolder]:
    """Return the folders that hold images: the set's folder and its sub-folders, sorted by path.

    Raises:
        InputError: There is no such folder, or one cannot be read.
    """
    found, pending = [], [(require_folder(root), 0)]
    while pending:
        folder, depth = pending.pop(0)
        listing = list_folder(folder, IMAGES)
        if listing.files:
            found.append(ImageFolder(folder, listing, _holds_labels(folder, listing)))
        if depth < DEPTH:
            pending += [(path, depth + 1) for path in sorted(listing.folders)]
    return sorted(found)


def inspect_images(
    folders: List[ImageFolder], workers: int = 2, class_list: ClassList = LANDSCAPE, progress: bool = True
) -> List[Problem]:
    """Read every image in full. Return what is broken, and what is odd.

    Args:
        workers: Number of threads.
        class_list: The classes of the label maps that lie in the folders.
        progress: Whether to show a progress bar.
    """
    tasks = [(path, folder.holds_labels) for folder in folders for path in folder.files]
    problems, odd = [], OddFiles()

    def inspect(task: Tuple[Path, bool]) -> Tuple[Optional[Problem], Optional[Unusual]]:
        return _inspect(task[0], task[1], class_list)

    for problem, file in with_bar(inspect, tasks, workers, "check", progress, unit="image"):
        problems += [problem] if problem else []
        if file:
            odd.add(file)
    try:
        odd.require_one_scale()
    except InputError as error:
        problems.append(Problem("", printable(str(error)), broken=True))
    for folder in folders:
        others = folder.listing._replace(folders=[])  # sub-folders are read as well
        problems += odd_entries(others, LABELS if folder.holds_labels else IMAGES)
    return problems + _names_of_domains({folder.path: folder for folder in folders})


def _inspect(path: Path, is_label: bool, class_list: ClassList) -> Tuple[Optional[Problem], Optional[Unusual]]:
    try:
        if is_label:
            read_label(path, class_list.num_classes, class_list.unknown)
            file = unusual_label(path)
        else:
            read_photo(path)
            file = unusual_photo(path, has_label=False)
    except InputError as error:
        return Problem(path.stem, printable(str(error)), broken=True), None
    reason = f"{path}: {', '.join(file.notes)}"
    return Problem(path.stem, printable(reason), broken=False) if file.notes else None, file


def _holds_labels(folder: Path, listing: Listing) -> bool:
    """Return whether the images of a folder are label maps: by its name, or because the first image is grey."""
    first = min(paths[0] for paths in listing.files.values())
    if folder.name == "labels":
        return True
    try:
        return LABELS.includes(first) and read_storage(first).mode in LABEL_MODES
    except InputError:
        return False


def _names_of_domains(folders: Dict[Path, ImageFolder]) -> List[Problem]:
    """Return an odd problem for each image without a partner, of two folders that share most of their names."""
    problems = []
    for root in sorted({path.parent for path in folders}):
        for one, other in DOMAINS:
            if root / one in folders and root / other in folders:
                problems += _without_partner(folders[root / one], folders[root / other])
    return problems


def _without_partner(one: ImageFolder, other: ImageFolder) -> List[Problem]:
    names = [{composed(path.stem): path for path in folder.files} for folder in (one, other)]
    common = set(names[0]) & set(names[1])
    if len(common) < _MOSTLY * min(len(names[0]), len(names[1])):
        return []
    lone = [(path, other.path.name) for stem, path in names[0].items() if stem not in common]
    lone += [(path, one.path.name) for stem, path in names[1].items() if stem not in common]
    return [
        Problem(path.stem, printable(f"{path}: has no image of that name in {place}, which image pairs need"), False)
        for path, place in lone
    ]
