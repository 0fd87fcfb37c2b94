"""Parameter counts and output sizes of the published networks; nothing is computed at full width."""

import jittor as jt
import pytest

from jittor_tsit.networks.encoder import ConvEncoder
from jittor_tsit.networks.patchgan import MultiscaleDiscriminator
from jittor_tsit.networks.tsit import LatentStart, MapStart, Stream, TSITGenerator
from jittor_tsit.optim import count_parameters


def sis_with_code(classes, rows, columns):
    return lambda: TSITGenerator(classes, 64, LatentStart(256, 1024, rows, columns))


COUNTS = {
    "G ast": (lambda: TSITGenerator(3, 64, MapStart(3, 1024), has_style_stream=True), 398_093_739),
    "stream": (lambda: Stream(3, 64), 66_730_836),
    "G cityscapes, code": (sis_with_code(36, 2, 4), 333_472_311),
    "G cityscapes": (lambda: TSITGenerator(36, 64, MapStart(36, 1024)), 331_699_767),
    "G ade20k, code": (sis_with_code(151, 2, 2), 332_686_899),
    "G ade20k": (lambda: TSITGenerator(151, 64, MapStart(151, 1024)), 333_026_867),
    "G landscape": (sis_with_code(29, 3, 4), 334_516_401),
    "D ast": (lambda: MultiscaleDiscriminator(3, 64, num_layers=3), 1_325_186),
    "D cityscapes": (lambda: MultiscaleDiscriminator(39, 64), 5_601_410),
    "D ade20k": (lambda: MultiscaleDiscriminator(154, 64), 5_836_930),
    "E": (lambda: ConvEncoder(64), 10_463_424),
}


@pytest.mark.parametrize("name", COUNTS)
def test_networks_have_the_published_number_of_parameters(name):
    build, count = COUNTS[name]
    assert count_parameters(build()) == count


def test_the_discriminators_maps_have_the_published_sizes():
    """TSIT's sis form on 512 x 256, width 1 instead of 64."""
    out = MultiscaleDiscriminator(4, 1)(jt.zeros(1, 4, 256, 512))
    sizes = [[tuple(x.shape[2:]) for x in (*feats, logits)] for feats, logits in zip(out.feats, out.logits)]
    assert sizes == [
        [(129, 257), (65, 129), (33, 65), (34, 66), (35, 67)],
        [(65, 129), (33, 65), (17, 33), (18, 34), (19, 35)],
    ]
