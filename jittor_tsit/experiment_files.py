"""Finding and loading experiment files."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Callable, Dict, Optional

from data_tools.errors import InputError
from jittor_tsit.config import Experiment

PACKAGE = Path(__file__).parent


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


def load_runs(path: Path) -> Optional[Callable[[Path, Path], Dict[str, Experiment]]]:
    """The function `runs` of a file that stands for several runs, as `experiments/smoke.py` does; None of any other.

    It takes a data set and a folder that it may fill with what it makes of it, and gives experiments by name.

    Raises:
        InputError: No such file.
    """
    return getattr(_load(path), "runs", None)


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
