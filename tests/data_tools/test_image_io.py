"""The former path of the readers of images."""

import data_tools.image_io
from data_tools.sets import image_io


def test_former_path_has_the_public_functions_of_the_readers():
    for name in data_tools.image_io.__all__:
        assert getattr(data_tools.image_io, name) is getattr(image_io, name)
