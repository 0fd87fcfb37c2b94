"""Label maps as other tools write them: read wherever labels are read, or refused with the command that helps."""

import numpy as np
import pytest
from PIL import Image

from data_tools.__main__ import main
from data_tools.basics.errors import InputError
from data_tools.sets.classes import colorize
from data_tools.sets.image_io import read_instances, read_label, write_photo
from helpers.small_images import LABEL, save

MASK = np.array([[0, 255, 255], [0, 0, 255]], np.uint8)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_grey_ids_saved_with_more_channels_are_read(tmp_path, mode):
    path = save(tmp_path / "a.png", LABEL, mode)
    assert np.array_equal(read_label(path), LABEL)
    assert np.array_equal(read_instances(path), LABEL)


def test_check_and_stats_read_grey_ids_saved_as_rgb(tmp_path, capsys):
    for folder in ("imgs", "labels"):
        (tmp_path / folder).mkdir()
    write_photo(tmp_path / "imgs/a.jpg", np.zeros((2, 3, 3), np.uint8))
    save(tmp_path / "labels/a.png", LABEL, "RGB")
    assert main(["stats", "--data", str(tmp_path)]) == 0
    main(["check", "--data", str(tmp_path)])
    assert "equal channels" in capsys.readouterr().out


def test_a_picture_in_colours_is_refused_with_the_command_that_makes_ids(tmp_path):
    path = save(tmp_path / "a.png", colorize(LABEL))
    with pytest.raises(InputError, match=r"\(124, 112, 134\) at pixel x=0, y=0.*labels --from-colors"):
        read_label(path)


def test_colours_compressed_by_jpeg_are_refused_with_nearest(tmp_path):
    path = save(tmp_path / "a.jpg", colorize(LABEL))
    with pytest.raises(InputError, match="is a JPEG.*--nearest"):
        read_label(path)


def test_a_transparent_label_map_is_refused_with_the_place(tmp_path):
    pixels = np.dstack([LABEL, LABEL, LABEL, np.full_like(LABEL, 255)])
    pixels[1, 2, 3] = 0
    with pytest.raises(InputError, match="transparent at pixel x=2, y=1"):
        read_label(save(tmp_path / "a.png", pixels))


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("num_classes, unknown", [(29, None), (2, None), (1, 0)])
def test_a_mask_of_0_and_255_is_refused_with_both_remedies(tmp_path, mode, num_classes, unknown):
    path = save(tmp_path / "a.png", MASK, mode)
    with pytest.raises(InputError, match="0 and 255.*unknown_id=255.*--palette mask"):
        read_label(path, num_classes, unknown)


def test_a_mask_whose_255_is_unknown_is_read(tmp_path):
    path = save(tmp_path / "a.png", MASK)
    assert read_label(path, 1, 255).tolist() == [[0, 1, 1], [0, 0, 1]]
    assert read_label(path, 256).tolist() == MASK.tolist()


def test_the_remedy_for_a_mask_works_as_printed(tmp_path):
    (tmp_path / "in").mkdir()
    save(tmp_path / "in/a.png", MASK)
    save(tmp_path / "in/b.png", MASK, "1")
    words = ["--from-colors", str(tmp_path / "in"), "--palette", "mask", "--out", str(tmp_path / "out")]
    assert main(["labels", *words]) == 0
    for name in ("a.png", "b.png"):
        assert np.array_equal(read_label(tmp_path / "out" / name, 2), MASK // 255)
        assert Image.open(tmp_path / "out" / name).mode.startswith("I;16")
