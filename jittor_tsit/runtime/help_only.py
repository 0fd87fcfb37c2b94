"""Show help with any Python, without the packages that the program needs: `python help_only.py COMMAND --help`.

run.sh uses it before the environment is made, so that --help installs nothing.
"""

import runpy
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("numpy", "PIL", "cv2", "tqdm", "safetensors")  # what the modules of commands import


class StandIns:
    """Importer that gives an empty stand-in for each module of PACKAGES."""

    def find_spec(self, name, path=None, target=None):
        """Return the specification of a stand-in, or None for other modules."""
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in PACKAGES else None

    def create_module(self, spec):
        """Return the stand-in: every attribute exists."""
        from unittest.mock import MagicMock  # slow to import; by now Ctrl-C ends the command in one line

        return MagicMock(name=spec.name, __path__=[], __spec__=spec)

    def exec_module(self, module):
        """Do nothing: a stand-in has no code."""


if __name__ == "__main__":
    sys.path[0] = str(ROOT)
    sys.meta_path.insert(0, StandIns())
    runpy.run_module("jittor_tsit", run_name="__main__")
