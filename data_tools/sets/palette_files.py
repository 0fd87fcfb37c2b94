"""Palettes: which colour stands for which class id in a picture of labels. Read and write their files.

Formats: our .json, GIMP's .gpl, and a plain list with a line `id r g b name` for each colour.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import read_json, read_text, write_atomic
from data_tools.sets.classes import MAX_ID

SHIPPED = Path(__file__).parent / "palettes"
_GIMP = "GIMP Palette"
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")
_FORMS = "a line is `id r g b name`, `r g b name`, or `name,r,g,b`"


class Color(NamedTuple):
    """A colour of a palette. Several colours may have one id. The first of them shows the id."""

    id: int
    rgb: Tuple[int, int, int]
    name: str

    @property
    def code(self) -> int:
        """The colour as one number, 0 to 2^24 - 1."""
        red, green, blue = self.rgb
        return red << 16 | green << 8 | blue


class Palette(NamedTuple):
    """The colours of a palette, and where they come from."""

    source: str
    colors: List[Color]

    def codes(self) -> np.ndarray:
        """Return the colours as numbers, [N] int64."""
        return np.array([color.code for color in self.colors], np.int64)

    def ids(self) -> np.ndarray:
        """Return the class ids of the colours, [N] int32."""
        return np.array([color.id for color in self.colors], np.int32)


def shipped_palettes() -> List[str]:
    """Return the names of the palettes that come with the program."""
    return sorted(path.stem for path in SHIPPED.glob("*.json"))


def find_palette(name: str) -> Palette:
    """Read the palette file `name`, or the shipped palette of this name.

    Raises:
        InputError: There is neither; or the file is faulty, as in `read_palette`.
    """
    if not Path(name).is_file() and name in shipped_palettes():
        return read_palette(SHIPPED / f"{name}.json")
    return read_palette(Path(name))


def read_palette(path: Path) -> Palette:
    """Read a palette file. Its content and suffix determine the format.

    Raises:
        InputError: The file is missing or faulty, or one colour stands for two ids. The message names the line.
    """
    if not path.is_file():
        what = "is not a file" if path.exists() else "no such file"
        raise InputError(f"{path}: {what}; a palette is a .json, a GIMP .gpl, a list, or {_names()}")
    if path.suffix.lower() == ".json":
        colors = _from_json(path)
    else:
        lines = read_text(path).splitlines()
        colors = _from_gimp(path, lines) if lines[:1] == [_GIMP] else _from_list(path, lines)
    if not colors:
        raise InputError(f"{path}: holds no colour; {_FORMS}")
    ids: Dict[Tuple[int, int, int], int] = {}
    for color in colors:
        if ids.setdefault(color.rgb, color.id) != color.id:
            raise InputError(
                f"{path}: {show(color.rgb)} stands for {ids[color.rgb]} and {color.id}; remove one of them"
            )
    return Palette(str(path), colors)


def _names() -> str:
    return " or ".join(shipped_palettes())


def show(rgb: Tuple[int, int, int]) -> str:
    """Return a colour as text: "(124, 112, 134)"."""
    return "({}, {}, {})".format(*rgb)


def _from_json(path: Path) -> List[Color]:
    value = read_json(path)
    entries = value.get("classes") if isinstance(value, dict) else value
    if not isinstance(entries, list):
        raise InputError(
            f'{path}: needs a list "classes" with an "id", a "name" and a "color" [r, g, b] for each class'
        )
    return [_from_entry(f"{path}: class {number}", number, entry) for number, entry in enumerate(entries)]


def _from_entry(where: str, number: int, entry: Any) -> Color:
    if not isinstance(entry, dict) or "color" not in entry:
        raise InputError(f'{where}: needs "color", such as [124, 112, 134]')
    color = entry["color"]
    if isinstance(color, str) and _HEX.fullmatch(color):
        color = list(bytes.fromhex(_HEX.fullmatch(color)[1]))  # type: ignore[index]
    return _color(where, entry.get("id", number), color, str(entry.get("name") or ""))


def _from_gimp(path: Path, lines: List[str]) -> List[Color]:
    """Read GIMP's format. The ids are the positions, counted from 0."""
    rows = [(number, line.split(None, 3)) for number, line in enumerate(lines, 1) if re.match(r"\s*\d", line)]
    return [
        _color(f"{path}, line {number}", position, words[:3], words[3].strip() if len(words) > 3 else "")
        for position, (number, words) in enumerate(rows)
    ]


def _from_list(path: Path, lines: List[str]) -> List[Color]:
    colors: List[Color] = []
    for number, line in enumerate(lines, 1):
        words = [word for word in re.split(r"[\s,;:|]+", line.partition("#")[0].strip()) if word]
        is_heading = not colors and not any(word.isdigit() for word in words)
        if words and not is_heading:
            colors.append(_from_words(f"{path}, line {number}", len(colors), words))
    return colors


def _from_words(where: str, position: int, words: List[str]) -> Color:
    """Read a line: `id r g b name`, or without an id `r g b name` or `name r g b`. The id is then the position."""
    numbers = [word.lstrip("-").isdigit() for word in words]
    if numbers[:4] == [True] * 4:
        return _color(where, words[0], words[1:4], " ".join(words[4:]))
    if numbers[:3] == [True] * 3:
        return _color(where, position, words[:3], " ".join(words[3:]))
    if numbers[-3:] == [True] * 3 and not any(numbers[:-3]):
        return _color(where, position, words[-3:], " ".join(words[:-3]))
    raise InputError(f"{where}: {' '.join(words)!a:.60}; {_FORMS}")


def _color(where: str, number: Any, rgb: Any, name: str) -> Color:
    try:
        number, parts = _whole(number), tuple(map(_whole, rgb))
    except (TypeError, ValueError):
        raise InputError(f"{where}: id {number!a:.20} and colour {rgb!a:.40}; whole numbers are needed") from None
    if not 0 <= number <= MAX_ID:
        raise InputError(f"{where}: id {number}; ids are 0..{MAX_ID}")
    if len(parts) != 3 or not all(0 <= part <= 255 for part in parts):
        raise InputError(f"{where}: colour {list(parts)}; red, green and blue are needed, each 0..255")
    return Color(number, parts, name)


def _whole(value: Any) -> int:
    """Convert a text or a number of JSON to a whole number. Raise ValueError for fractions and truth values."""
    if isinstance(value, (bool, float)):
        raise ValueError(value)
    return int(value)


def write_palette(path: Path, colors: List[Color], title: str) -> None:
    """Write a palette in the format of the suffix: .json, .gpl, or .txt for a list.

    Raises:
        InputError: Another suffix, or ids that .gpl cannot hold; or the folder may not be written to.
    """
    writers = {".json": _as_json, ".gpl": _as_gimp, ".txt": _as_list}
    if path.suffix.lower() not in writers:
        raise InputError(f"{path}: ends in {path.suffix or 'no suffix'}; allowed are {', '.join(writers)}")
    write_atomic(path, writers[path.suffix.lower()](colors, title).encode())


def _as_json(colors: List[Color], title: str) -> str:
    rows = [json.dumps({"id": color.id, "name": color.name, "color": list(color.rgb)}) for color in colors]
    return f'{{"name": {json.dumps(title)}, "classes": [\n  ' + ",\n  ".join(rows) + "\n]}\n"


def _as_gimp(colors: List[Color], title: str) -> str:
    if [color.id for color in colors] != list(range(len(colors))):
        raise InputError("a GIMP palette (.gpl) has no ids but positions; write a .json or .txt")
    rows = ["{:3} {:3} {:3}\t{}".format(*color.rgb, color.name) for color in colors]
    return "\n".join([_GIMP, f"Name: {title}", "Columns: 1", "#", *rows]) + "\n"


def _as_list(colors: List[Color], title: str) -> str:
    rows = ["{} {} {} {} {}".format(color.id, *color.rgb, color.name) for color in colors]
    return "\n".join([f"# {title}: id r g b name", *rows]) + "\n"
