"""Tools for landscape data sets: read, check, measure, select and render them. They need neither Jittor nor a GPU.

The names in `__all__` are the Python interface, which docs/python.md describes. Everything else may change.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, List

from data_tools.basics.early_interrupt import end_at_ctrl_c

if TYPE_CHECKING:
    from data_tools.basics.errors import InputError
    from data_tools.commands.interface import check, curate, scan, select, stats, synth
    from data_tools.sets.classes import CLASSES, colorize
    from data_tools.sets.image_io import read_label, read_photo, write_label, write_photo
    from data_tools.sets.pairing import Pair, Problem, find_pairs

__version__ = "0.1.0"  # the same as in jittor_tsit/__init__.py

__all__ = [
    "CLASSES",
    "InputError",
    "Pair",
    "Problem",
    "check",
    "colorize",
    "curate",
    "find_pairs",
    "read_label",
    "read_photo",
    "scan",
    "select",
    "stats",
    "synth",
    "write_label",
    "write_photo",
]

_HOMES = {  # public name -> module that defines it, imported when the name is first used
    "InputError": "data_tools.basics.errors",
    **dict.fromkeys(("check", "curate", "scan", "select", "stats", "synth"), "data_tools.commands.interface"),
    **dict.fromkeys(("CLASSES", "colorize"), "data_tools.sets.classes"),
    **dict.fromkeys(("read_label", "read_photo", "write_label", "write_photo"), "data_tools.sets.image_io"),
    **dict.fromkeys(("Pair", "Problem", "find_pairs"), "data_tools.sets.pairing"),
}

end_at_ctrl_c()  # before modules are imported, which takes a second or two


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
