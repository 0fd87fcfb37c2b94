"""TensorBoard's event files."""

import sys

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from jittor_tsit.runs.events import FOLDER, Events, require_tensorboard


def test_numbers_and_images_go_to_the_folder_of_the_run_and_a_resumed_run_goes_on_there(tmp_path):
    pytest.importorskip("tensorboardX")
    for nimg in (0, 4):
        events = Events(tmp_path, nimg)
        events.scalars({"G/gan": 1.5, "lr/G": 1e-4}, nimg + 1)
        events.image("grid", np.zeros((4, 6, 3), np.uint8), nimg + 2)
        events.close()
    content = b"".join(path.read_bytes() for path in (tmp_path / FOLDER).iterdir())
    assert content.count(b"G/gan") == content.count(b"lr/G") == 2 and b"PNG" in content


def test_without_the_library_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install tensorboardX"):
        require_tensorboard()
