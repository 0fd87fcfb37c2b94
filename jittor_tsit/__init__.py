"""Landscape photographs from semantic label maps, in Jittor.

The names in `__all__` are the Python interface, which docs/python.md describes. Everything else may change.
Importing the package does not import Jittor; `load` and `score` do. It lets the first import of Jittor set the
environment that Jittor reads.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, List

from data_tools.basics.early_interrupt import end_at_ctrl_c
from jittor_tsit.runtime.operating_system import require_linux

end_at_ctrl_c()  # before modules are imported, which takes a second or two
require_linux()  # before modules are imported that only Linux has

from jittor_tsit.runtime import bootstrap

if TYPE_CHECKING:
    from data_tools.basics.errors import InputError
    from jittor_tsit.evaluation.interface import score
    from jittor_tsit.inference.interface import ImageModel, load

__version__ = "0.1.0"
__all__ = ["ImageModel", "InputError", "__version__", "load", "score"]

_HOMES = {  # public name -> module that defines it, imported when the name is first used
    "InputError": "data_tools.basics.errors",
    "ImageModel": "jittor_tsit.inference.interface",
    "load": "jittor_tsit.inference.interface",
    "score": "jittor_tsit.evaluation.interface",
}

bootstrap.configure_before_jittor()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
