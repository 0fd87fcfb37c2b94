"""How many classes label maps need, and what `check` says about it."""

import numpy as np
import pytest

from data_tools.__main__ import main
from data_tools.sets.image_io import write_label, write_photo
from data_tools.sets.sufficient_classes import sufficient_classes


def maps(folder, *ids):
    folder.mkdir(parents=True, exist_ok=True)
    for number, value in enumerate(ids):
        write_label(folder / f"{number}.png", np.array([[0, value]] * 2))
    return sorted(folder.iterdir())


@pytest.mark.parametrize(
    "ids, unknown, expected",
    [
        ((3, 40), None, (41, 2)),
        ((3, 40), 0, (40, 2)),  # numbered from 1
        ((3, 40), 40, (4, 2)),
        ((3, 255, 700), None, (4, 3)),  # no more classes are possible
        ((0,), 0, (0, 1)),
        ((), None, (0, 0)),
    ],
)
def test_the_largest_id_decides(tmp_path, ids, unknown, expected):
    assert sufficient_classes(maps(tmp_path / "labels", *ids), unknown) == expected


def test_a_file_that_cannot_be_read_is_left_out(tmp_path):
    paths = maps(tmp_path / "labels", 3, 40)
    paths[1].write_bytes(b"x")
    assert sufficient_classes(paths, None) == (4, 1)


def test_check_says_what_suffices_for_the_set(tmp_path, capsys):
    for path in maps(tmp_path / "labels", 3, 30, 40):
        (tmp_path / "imgs").mkdir(exist_ok=True)
        write_photo(tmp_path / f"imgs/{path.stem}.jpg", np.zeros((2, 2, 3), np.uint8))
    words = "num_classes=41 suffices for all label maps that can be read\n3 pairs read, 2 broken, 0 odd\n"
    assert main(["check", "--data", str(tmp_path)]) == 1 and capsys.readouterr().err == words
    assert main(["check", "--data", str(tmp_path), "num_classes=41"]) == 0
    assert "suffices" not in capsys.readouterr().err
