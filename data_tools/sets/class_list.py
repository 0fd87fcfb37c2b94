"""The classes of a data set: how many there are, how its label maps number them, and their names and colours."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.sets.classes import CLASSES, LOOKS, MAX_ID, NUM_CLASSES, class_colors

MAX_CLASSES = 255  # class ids are kept in 8 bits, and pixels without a class need one more id
UNKNOWN_NAME, UNKNOWN_COLOR = "unknown", (224, 224, 192)  # the colour that PASCAL VOC gives to pixels without a class

_NAME_AND_COLOR = re.compile(r"(.*?)(?:(?:^|\s+)#([0-9A-Fa-f]{6}))?")
_OTHER_COLOR = re.compile(r"(?:^|\s)(#[0-9A-Fa-f]{3,8})$")  # looks like a colour, but has not six digits


@dataclass(frozen=True)
class ClassList:
    """The classes of a data set.

    Args:
        num_classes: Number of classes; they have the ids 0 to `num_classes` - 1 in the program.
        unknown: Id in the files of pixels without a class. If it is 0, the classes are numbered from 1 in the files.
            None: every pixel has a class. In the program, these pixels have the id `num_classes`.
        lines: One for each class: its name, and optionally a colour after it, as "sky #96cefa". Empty: 29 classes are
            the landscape classes, and others have no names.

    Raises:
        InputError: A number is out of range, or the number of lines is not `num_classes`.
    """

    num_classes: int = NUM_CLASSES
    unknown: Optional[int] = None
    lines: Tuple[str, ...] = ()

    def __post_init__(self):
        if not 1 <= self.num_classes <= MAX_CLASSES:
            raise InputError(f"num_classes={self.num_classes}: allowed are 1 to {MAX_CLASSES}")
        if self.unknown is not None and self.unknown != 0 and not self.num_classes <= self.unknown <= MAX_ID:
            raise InputError(f"unknown_id={self.unknown}: allowed are 0 and {self.num_classes} to {MAX_ID}")
        if self.lines and len(self.lines) != self.num_classes:
            raise InputError(f"num_classes={self.num_classes}: there are {len(self.lines)} class names; leave it out")

    @property
    def num_ids(self) -> int:
        """Number of different ids that a label map can hold when it has been read."""
        return self.num_classes + (self.unknown is not None)

    @property
    def is_landscape(self) -> bool:
        """Whether the classes are the 29 landscape classes of the contest."""
        return self.num_classes == NUM_CLASSES and (not self.lines or self.names == [c.name for c in CLASSES])

    @property
    def names(self) -> List[str]:
        """Names of the classes in the order of their ids. A class without a name is called "class" and its number."""
        if self.lines:
            return [_NAME_AND_COLOR.fullmatch(line)[1] for line in self.lines]  # type: ignore[index]
        if self.num_classes == NUM_CLASSES:
            return [c.name for c in CLASSES]
        return [f"class {self.file_id(number)}" for number in range(self.num_classes)]

    def name_of(self, number: int) -> str:
        """Return the name of an id of the program; "unknown" for pixels without a class."""
        return self.names[number] if number < self.num_classes else UNKNOWN_NAME

    def ids_of(self, names: Iterable[str]) -> List[int]:
        """Return the ids of the classes with one of these names, in lower or upper case."""
        wanted = {name.lower() for name in names}
        return [number for number, name in enumerate(self.names) if name.lower() in wanted]

    def file_id(self, number: int) -> int:
        """Return the id in the files of an id of the program."""
        if number == self.num_classes and self.unknown is not None:
            return self.unknown
        return number + (self.unknown == 0)

    @property
    def looks(self) -> np.ndarray:
        """Id of the class that represents each id's group of classes that look alike, [num_ids] uint8.

        Such groups are known of the landscape classes only. In other lists, each class stands for itself.
        """
        looks = np.arange(self.num_ids, dtype=np.uint8)
        if self.is_landscape:
            looks[:NUM_CLASSES] = LOOKS
        return looks

    @property
    def palette(self) -> np.ndarray:
        """Colours for people to look at, [num_classes + 1, 3] uint8; the last one is that of pixels without a class.

        Classes without a colour in `lines` have the colours of `class_colors`.
        """
        colors = np.vstack([class_colors(self.num_classes), [UNKNOWN_COLOR]]).astype(np.uint8)
        for number, line in enumerate(self.lines):
            code = _NAME_AND_COLOR.fullmatch(line)[2]  # type: ignore[index]
            if code:
                colors[number] = list(bytes.fromhex(code))
        return colors

    def colorize(self, label: np.ndarray) -> np.ndarray:
        """Colour a label map: ids of any shape [...], as `read_label` gives them -> [..., 3] uint8 RGB."""
        return self.palette[label]

    def as_json(self) -> Dict[str, Any]:
        """Return the list as values for `json.dumps`."""
        return {**asdict(self), "lines": list(self.lines)}


LANDSCAPE = ClassList()


def class_list_from_json(values: Any) -> ClassList:
    """Return the list of classes that `ClassList.as_json` described.

    Raises:
        InputError: The values are of other types or out of range.
    """
    try:
        return ClassList(values["num_classes"], values["unknown"], tuple(map(str, values["lines"])))
    except (TypeError, KeyError, IndexError) as error:
        raise InputError(f"no list of classes: {error}") from None


def make_class_list(
    num_classes: Optional[int] = None, unknown: Optional[int] = None, lines: Tuple[str, ...] = ()
) -> ClassList:
    """Return a list of classes; without `num_classes`, there are as many as `lines`, or the 29 landscape classes.

    Raises:
        InputError: See `ClassList`.
    """
    return ClassList(num_classes if num_classes is not None else len(lines) or NUM_CLASSES, unknown, lines)


def given_classes(num_classes: Optional[int], unknown: Optional[int], names: Optional[Path]) -> Optional[ClassList]:
    """Return the list of classes that options describe, or None if no option is given. See `make_class_list`.

    Args:
        names: Text file of class names.
    """
    if num_classes is None and unknown is None and names is None:
        return None
    return make_class_list(num_classes, unknown, read_class_names(names) if names else ())


def read_class_names(path: Path) -> Tuple[str, ...]:
    """Read a file of class names: one class a line in the order of the ids, its name and optionally a colour "#rrggbb".

    Raises:
        InputError: The file cannot be read as UTF-8 text, a line has no name or a faulty colour, or two classes have
            the same name.
    """
    needed = "a text file with one class name a line is needed"
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").rstrip().splitlines()]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; {needed}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; {needed}") from None
    names = [_NAME_AND_COLOR.fullmatch(line)[1] for line in lines]  # type: ignore[index]
    for number, name in enumerate(names):
        if not name:
            raise InputError(f"{path}: line {number + 1} has no class name; one class a line is needed")
        other = _OTHER_COLOR.search(name)
        if other:
            raise InputError(f"{path}: line {number + 1}: {other[1]} is no colour; #rrggbb is needed")
        if name in names[:number]:
            raise InputError(f"{path}: line {number + 1}: a class is already called {name}; names must differ")
    if not lines:
        raise InputError(f"{path}: is empty; {needed}")
    return tuple(lines)
