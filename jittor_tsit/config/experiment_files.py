"""Find and load experiment files."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Callable, Dict, NamedTuple, Optional

from data_tools.basics.errors import InputError
from jittor_tsit.config import Experiment

PACKAGE = Path(__file__).parents[1]


def shipped_experiment(name: str) -> Path:
    """Return the path of an experiment file that comes with the package, in a clone or installed."""
    places = [PACKAGE.parent / "experiments", PACKAGE / "experiments"]
    return next((place / f"{name}.py" for place in places if (place / f"{name}.py").exists()), places[0] / f"{name}.py")


def load_experiment(path: Path) -> Experiment:
    """Load a Python file and return its `experiment`.

    Raises:
        InputError: There is no such file, it cannot be loaded, or it defines no experiment.
    """
    experiment = getattr(_load(path), "experiment", None)
    if not isinstance(experiment, Experiment):
        raise InputError(f"{path}: defines no experiment; it must contain `experiment = Experiment(…)`")
    return experiment


class Runs(NamedTuple):
    """The functions of an experiment file that defines several runs, such as `experiments/smoke.py`.

    Both functions take a data set and a folder for derived data.
    """

    prepare: Callable[[Path, Path], None]  # writes the derived data
    experiments: Callable[[Path, Path], Dict[str, Experiment]]  # returns name -> experiment


def load_runs(path: Path) -> Optional[Runs]:
    """Load a Python file and return its functions `prepare` and `experiments`, or None if it has a single experiment.

    Raises:
        InputError: There is no such file, or it cannot be loaded.
    """
    module = _load(path)
    prepare, experiments = getattr(module, "prepare", None), getattr(module, "experiments", None)
    if hasattr(module, "experiment") or not callable(prepare) or not callable(experiments):
        return None
    return Runs(prepare, experiments)


def _load(path: Path) -> ModuleType:
    if not path.is_file():
        raise InputError(f"{path}: no such experiment file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: not a Python file; an experiment is a .py file that defines `experiment`")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path}: cannot be loaded ({type(error).__name__}: {error})") from None
    return module
