"""Similar names are proposed in place of a name that does not exist."""

import pytest

from data_tools.basics.similar_names import nearest


@pytest.mark.parametrize(
    "name, names, found",
    [
        ("scann", ["select", "scan", "report"], ["scan"]),
        ("vgg", ["weights.vgg", "weights.gan", "seed"], ["weights.vgg"]),  # compared by its last part
        ("x", ["alpha", "beta"], []),
        ("size", ["sizes", "size_a", "sized", "resize"], ["sizes", "sized", "size_a"]),  # at most three
    ],
)
def test_the_most_similar_names_come_first(name, names, found):
    assert nearest(name, names) == found
