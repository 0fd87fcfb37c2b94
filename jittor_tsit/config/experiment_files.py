"""Find and load experiment files."""

from __future__ import annotations

import ast
import builtins
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Dict, NamedTuple, Optional

from data_tools.basics.errors import InputError
from data_tools.basics.similar_names import nearest
from jittor_tsit import config
from jittor_tsit.config import Experiment

PACKAGE = Path(__file__).parents[1]
SYSTEMS = "jittor_tsit.systems."  # prefix of the modules from which older experiment files import their options


def shipped_folder() -> Path:
    """Return the folder of the experiment files that come with the package, in a clone or installed."""
    places = [PACKAGE / "experiments", PACKAGE.parent / "experiments"]
    return next((place for place in places if place.is_dir()), places[0])


def shipped_experiment(name: str) -> Path:
    """Return the path of an experiment file that comes with the package, in a clone or installed."""
    return shipped_folder() / f"{name}.py"


def shipped_experiments() -> Dict[str, str]:
    """Return name -> first line of the docstring of all experiment files that come with the package."""
    found = {}
    for path in sorted(shipped_folder().glob("*.py")):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        if docstring:  # all but `__init__.py`
            found[path.stem] = docstring.splitlines()[0]
    return found


def find_experiment(text: str) -> Path:
    """Return the path of an experiment file: a path, or the name of one that comes with the package.

    `experiments/NAME.py` is found from any folder, too.

    Raises:
        InputError: There is neither. The message proposes the most similar names.
    """
    path = Path(text)
    if path.is_file():
        return path
    names = shipped_experiments()
    if path.stem in names and path.parent in (Path(), Path("experiments")) and path.suffix in ("", ".py"):
        return shipped_experiment(path.stem)
    guesses = ", ".join(nearest(path.stem, names))
    similar = f"; similar names are {guesses}" if guesses else ""
    raise InputError(
        f"--experiment {text}: no such experiment file, and no shipped experiment of that name{similar}; "
        "--list-experiments lists all"
    )


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
    vars(module)["__builtins__"] = {**vars(builtins), "__import__": _import_without_jittor}
    try:
        spec.loader.exec_module(module)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path}: cannot be loaded ({type(error).__name__}: {error})") from None
    return module


def _import_without_jittor(name: str, globals=None, locals=None, fromlist: Any = (), level: int = 0):
    """Import as `__import__` does, but take options of systems from jittor_tsit.config.

    Experiment files of older versions import them from jittor_tsit.systems, whose modules import Jittor.
    """
    if name.startswith(SYSTEMS) and fromlist and all(hasattr(config, each) for each in fromlist):
        return config
    return builtins.__import__(name, globals, locals, fromlist, level)
