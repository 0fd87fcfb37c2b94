"""Style photos by the similarity of label maps."""

import json

import numpy as np
import pytest

from data_tools.__main__ import main
from data_tools.curation.references import most_similar
from data_tools.sets.image_io import write_label, write_photo
from data_tools.sets.pairing import find_pairs


@pytest.fixture
def data(tmp_path):
    """Three pairs whose maps are split at a fifth, a half and four fifths of the height."""
    for folder in ("imgs", "labels"):
        (tmp_path / "set" / folder).mkdir(parents=True)
    for name, row in (("a", 48), ("b", 120), ("c", 192)):
        write_label(tmp_path / f"set/labels/{name}.png", split_at(row))
        write_photo(tmp_path / f"set/imgs/{name}.jpg", np.zeros((240, 320, 3), np.uint8))
    return tmp_path / "set"


def split_at(row):
    return np.where(np.arange(240)[:, None] < row, 3, 12).repeat(320, 1)


@pytest.fixture
def labels(tmp_path):
    (tmp_path / "test").mkdir()
    for name, row in (("x", 60), ("y", 200)):
        write_label(tmp_path / f"test/{name}.png", split_at(row))
    return tmp_path / "test"


def test_the_most_similar_map_gives_the_photo(data, labels, capsys):
    command = ["references", "--labels", str(labels), "--data", str(data)]
    assert main(command) == 0
    assert json.loads((labels / "label_to_img.json").read_text()) == {"x.png": "a.jpg", "y.png": "c.jpg"}
    printed = capsys.readouterr().out
    assert "2 label maps, 2 photos; median agreement 96% of the cells" in printed and str(data / "imgs") in printed
    assert main(command) == 0  # the same again
    (labels / "label_to_img.json").write_text("{}")
    assert main(command) == 2 and "exists and names other photos; move it away" in capsys.readouterr().err
    assert main([*command, "--out", str(labels / "own.json")]) == 0


def test_a_map_is_not_its_own_reference(data):
    pairs = find_pairs(data)
    found = most_similar([pair.label for pair in pairs], pairs)
    assert [reference.pair.stem for reference in found] == ["b", "a", "b"]
    assert found[0].agreement == pytest.approx(1 - 7 / 24)  # rows 5 to 11 of 24 differ


def test_one_pair_is_no_choice(data, labels, capsys):
    for name in "bc":
        (data / f"imgs/{name}.jpg").unlink()
        (data / f"labels/{name}.png").unlink()
    assert main(["references", "--labels", str(labels), "--data", str(data)]) == 2
    assert "holds 1 pair; at least two are needed to choose from" in capsys.readouterr().err
