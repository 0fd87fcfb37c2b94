"""Unusual files are counted by what is unusual, and photos of more than 8 bits must be scaled alike."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.sets.depth import Depth
from data_tools.sets.odd_files import OddFiles, depth_remarks
from data_tools.sets.oddities import Unusual


def test_each_note_gets_a_line_with_a_count_and_an_example():
    odd = OddFiles()
    for number in range(3):
        odd.add(Unusual(Path(f"{number}.jpg"), ["is grey", "is turned"] if number == 1 else ["is turned"]))
    assert odd.lines("; list them") == [
        "3 files: is turned, such as 0.jpg; list them",
        "1 file: is grey, such as 1.jpg; list them",
    ]


def test_nothing_unusual_gives_no_line():
    odd = OddFiles()
    odd.add(Unusual(Path("a.jpg"), [], Depth(8, 8)))
    odd.require_one_scale()
    assert odd.lines() == []


def save(path, largest):
    Image.fromarray(np.array([[0, largest]], np.uint16)).save(path)
    return path


def test_photos_of_one_scale_are_told_and_black_ones_fit_every_scale(tmp_path):
    paths = [save(tmp_path / f"{k}.png", value) for k, value in enumerate((4095, 2000, 0))]
    assert depth_remarks([*paths, tmp_path / "not-read.jpg"]) == [
        f"2 files of 16 bits use 12 bits, and only the upper 8 are read; the first is {paths[0]}"
    ]


def test_photos_that_would_be_scaled_differently_are_refused_with_the_remedy(tmp_path):
    paths = [save(tmp_path / f"{k}.png", value) for k, value in enumerate((4095, 900))]
    with pytest.raises(InputError, match=r"10 bits: 1 file, such as .*1\.png; 12 bits: .*multiply 16 -depth 8 FILES"):
        depth_remarks(paths)
