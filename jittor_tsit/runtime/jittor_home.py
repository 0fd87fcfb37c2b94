"""Find the folder in which Jittor keeps its cache. Standard library only."""

import json
import os
from pathlib import Path


def jittor_home() -> Path:
    """Return the folder that holds Jittor's `.cache/jittor`.

    Jittor takes $JITTOR_HOME, else the folder that it remembered in ~/.cache/jittor/config.json, else the home folder.
    """
    remembered = Path.home() / ".cache/jittor/config.json"
    default = str(Path.home())
    if remembered.exists():
        default = json.loads(remembered.read_text()).get("JITTOR_HOME", default)
    return Path(os.environ.get("JITTOR_HOME", default)).absolute()


def jittor_cache() -> Path:
    """Return Jittor's cache folder, in which we keep files of our own beside those of Jittor."""
    return jittor_home() / ".cache/jittor"
