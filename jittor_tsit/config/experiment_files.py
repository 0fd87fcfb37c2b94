"""Finding and loading experiment files."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Callable, Dict, NamedTuple, Optional

from data_tools.basics.errors import InputError
from jittor_tsit.config import Experiment

PACKAGE = Path(__file__).parents[1]


def shipped_experiment(name: str) -> Path:
    """An experiment file that comes with the package, in a checkout or installed."""
    places = [PACKAGE.parent / "experiments", PACKAGE / "experiments"]
    return next((place / f"{name}.py" for place in places if (place / f"{name}.py").exists()), places[0] / f"{name}.py")


def load_experiment(path: Path) -> Experiment:
    """The `experiment` that a Python file defines.

    Raises:
        InputError: No such file, or it defines none.
    """
    experiment = getattr(_load(path), "experiment", None)
    if not isinstance(experiment, Experiment):
        raise InputError(f"{path}: defines no `experiment = Experiment(…)`")
    return experiment


class Runs(NamedTuple):
    """What a file defines that stands for several runs, as `experiments/smoke.py` does.

    Both functions take a data set and a folder for what they make of it.
    """

    prepare: Callable[[Path, Path], None]  # fills the folder
    experiments: Callable[[Path, Path], Dict[str, Experiment]]  # by name


def load_runs(path: Path) -> Optional[Runs]:
    """The functions `prepare` and `experiments` of a file; None of one that defines an `experiment`.

    Raises:
        InputError: No such file.
    """
    module = _load(path)
    functions = [getattr(module, name, None) for name in Runs._fields]
    return Runs(*functions) if not hasattr(module, "experiment") and all(map(callable, functions)) else None


def _load(path: Path) -> ModuleType:
    if not path.is_file():
        raise InputError(f"{path}: no such experiment file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None:
        raise InputError(f"{path}: not a Python file; an experiment is one that defines `experiment`")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path}: cannot be loaded ({type(error).__name__}: {error})") from None
    return module
