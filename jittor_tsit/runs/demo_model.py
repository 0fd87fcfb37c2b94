"""The demo model, a small generator that comes with the package. It was trained on rendered landscapes only."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Union

from data_tools.basics.errors import InputError

DEMO = "demo"  # its name in --from-weights and in `jittor_tsit.load`
FOLDER = Path(__file__).parent / "models"
FILE, CHECKSUM = "demo.safetensors", "demo.sha256"  # the checksum as the command sha256sum writes it


def demo_model(folder: Path = FOLDER) -> Path:
    """Return the path of the demo model's checkpoint.

    Raises:
        InputError: The file is missing, or is not the one that came with the package.
    """
    path = folder / FILE
    advice = "install jittor_tsit again (in a clone: git checkout -- jittor_tsit/runs/models)"
    if not path.is_file():
        raise InputError(f"{path}: the demo model is missing; {advice}")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    expected = (folder / CHECKSUM).read_text(encoding="ascii").split()[0]
    if found != expected:
        raise InputError(
            f"{path}: not the demo model of this version: its SHA-256 is {found}, expected is {expected}; {advice}"
        )
    return path


def weights_file(name: Union[str, Path]) -> Path:
    """Return the path of a checkpoint: that of the demo model for the name "demo", else the name as a path."""
    return demo_model() if str(name) == DEMO else Path(name)
