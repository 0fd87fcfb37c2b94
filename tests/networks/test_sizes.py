"""Parameter counts and output sizes of the published networks; nothing is computed at full width."""

import jittor as jt
import pytest

from jittor_tsit.config.systems.spade import STRIDES
from jittor_tsit.layers.init import xavier
from jittor_tsit.layers.norm_kinds import InstanceNorm, affine_batch_norm
from jittor_tsit.networks.bicyclegan import LatentEncoder, LatentUNet
from jittor_tsit.networks.first_tensor import LatentStart, MapStart
from jittor_tsit.networks.oasis import OASISDiscriminator, OASISGenerator
from jittor_tsit.networks.patchgan_multiscale import MultiscaleDiscriminator
from jittor_tsit.networks.patchgan_pix2pix import PatchGAN, TwoScalePatchGAN
from jittor_tsit.networks.resnet import ResNetGenerator
from jittor_tsit.networks.simgan import LocalDiscriminator, Refiner
from jittor_tsit.networks.spade import SPADEGenerator
from jittor_tsit.networks.stargan import StarGANDiscriminator, StarGANGenerator
from jittor_tsit.networks.style_encoder import ConvEncoder
from jittor_tsit.networks.tsit import Stream, TSITGenerator
from jittor_tsit.networks.unet import UNetGenerator
from jittor_tsit.networks.unit import DISCRIMINATORS, SharedLatentGenerator
from jittor_tsit.networks.unit_digits import CoupledDiscriminator, CoupledVAE
from jittor_tsit.networks.unit_rewrite import AutoEncoder, ScaleDiscriminator
from jittor_tsit.optim import count_parameters


def tsit(classes, *code_size):
    """Generator for label maps; with a latent code where the rows and columns of its first tensor are given."""
    return lambda: TSITGenerator(classes, 64, make_start(classes, code_size))


def spade(classes, *code_size, num_upsamplings=5):
    return lambda: SPADEGenerator(classes, 64, make_start(classes, code_size), num_upsamplings)


def make_start(classes, code_size):
    return LatentStart(256, 1024, *code_size) if code_size else MapStart(classes, 1024)


def discriminator(in_channels):
    return lambda: MultiscaleDiscriminator(in_channels, 64)


COUNTS = {
    "tsit G ast": (lambda: TSITGenerator(3, 64, MapStart(3, 1024), has_style_stream=True), 398_093_739),
    "tsit stream": (lambda: Stream(3, 64), 66_730_836),
    "tsit G cityscapes, code": (tsit(36, 2, 4), 333_472_311),
    "tsit G cityscapes": (tsit(36), 331_699_767),
    "tsit G ade20k, code": (tsit(151, 2, 2), 332_686_899),
    "tsit G ade20k": (tsit(151), 333_026_867),
    "tsit G landscape": (tsit(29, 3, 4), 334_516_401),
    "tsit D ast": (lambda: MultiscaleDiscriminator(3, 64, num_layers=3), 1_325_186),
    "spade G coco": (spade(184), 97_480_899),
    "spade G ade20k": (spade(151), 96_492_483),
    "spade G ade20k, code": (spade(151, 8, 8), 111_942_595),
    "spade G cityscapes": (spade(36, num_upsamplings=6), 93_048_003),
    "spade G cityscapes, code": (spade(36, 4, 8, num_upsamplings=6), 101_136_579),
    "spade G facades": (spade(13), 92_359_107),
    # Of our own networks, not published: SPADE's G above without its first block (24.1 million parameters), with the
    # convolutions of 64 channels of noise (1.9 million).
    "oasis G ade20k": (lambda: OASISGenerator(151, 64, 64), 74_314_691),
    "oasis G landscape": (lambda: OASISGenerator(29, 64, 64), 70_941_635),
    "oasis D ade20k": (lambda: OASISDiscriminator(150, 64), 22_866_455),
    "oasis D landscape": (lambda: OASISDiscriminator(29, 64), 22_858_590),
    "D coco": (discriminator(187), 5_904_514),
    "D ade20k": (discriminator(154), 5_836_930),
    "D cityscapes": (discriminator(39), 5_601_410),
    "D facades": (discriminator(16), 5_554_306),
    "pix2pix G 256": (lambda: UNetGenerator(3, 3, 8, 64, affine_batch_norm), 54_413_955),
    "pix2pix G 128": (lambda: UNetGenerator(3, 3, 7, 64, affine_batch_norm), 41_828_995),
    "pix2pix D 70": (lambda: PatchGAN(6, 64, 3, affine_batch_norm), 2_768_705),
    "pix2pix D pixel": (lambda: PatchGAN(6, 64, 0, affine_batch_norm), 9_024),
    "pix2pix D 16": (lambda: PatchGAN(6, 64, 1, affine_batch_norm), 139_585),
    "pix2pix D 286": (lambda: PatchGAN(6, 64, 5, affine_batch_norm), 11_159_361),
    "cyclegan G 9": (lambda: ResNetGenerator(3, 3, 9, 64, InstanceNorm), 11_378_179),
    "cyclegan G 6": (lambda: ResNetGenerator(3, 3, 6, 64, InstanceNorm), 7_837_699),
    "cyclegan D": (lambda: PatchGAN(3, 64, 3, InstanceNorm), 2_764_737),
    "bicyclegan G": (lambda: LatentUNet(3, 3, 8, 64, 8, InstanceNorm), 54_794_627),
    "bicyclegan G, grey": (lambda: LatentUNet(1, 3, 8, 64, 8, InstanceNorm), 54_792_579),
    "bicyclegan G, input": (lambda: LatentUNet(3, 3, 8, 64, 8, InstanceNorm, adds_to_all=False), 54_417_795),
    "bicyclegan D": (lambda: TwoScalePatchGAN(3, 64, 3, InstanceNorm, xavier), 3_458_978),
    "bicyclegan E": (lambda: LatentEncoder("resnet", 3, 64, 4, 8, InstanceNorm), 2_590_032),
    "bicyclegan E 128": (lambda: LatentEncoder("resnet", 3, 64, 3, 8, InstanceNorm), 1_344_080),
    "bicyclegan E conv": (lambda: LatentEncoder("conv", 3, 64, 4, 8, InstanceNorm), 2_760_656),
    "simgan R gaze": (lambda: Refiner("gaze", 1, 64, 0.0), 296_129),
    "simgan R hand": (lambda: Refiner("hand", 1, 64, 0.0), 741_825),
    "simgan D gaze": (lambda: LocalDiscriminator("gaze", 1, 0.0), 75_906),
    "simgan D hand": (lambda: LocalDiscriminator("hand", 1, 0.0), 178_050),
    "unit G": (lambda: SharedLatentGenerator(64, 3, has_norms=False), 18_017_286),
    "unit G, norms": (lambda: SharedLatentGenerator(64, 3, has_norms=True), 18_017_286),
    "unit D separate": (lambda: DISCRIMINATORS["separate"](64, 6), 50_298_114),
    "unit D shared": (lambda: DISCRIMINATORS["shared"](64, 4), 25_240_065),
    "unit D pyramid": (lambda: DISCRIMINATORS["pyramid"](64, 4), 9_308_934),
    "unit rewrite G": (lambda: AutoEncoder(64, 4, 3), 11_140_483),
    "unit rewrite D": (lambda: ScaleDiscriminator(64, 4, 3), 8_271_171),
    "unit digits G": (lambda: CoupledVAE(96, (3, 1), (32, 32)), 22_606_468),
    "unit digits D": (lambda: CoupledDiscriminator(64, (3, 1), 10, (32, 32)), 4_332_812),
    "stargan G 5": (lambda: StarGANGenerator(5, 64, 6), 8_430_528),
    "stargan G 8": (lambda: StarGANGenerator(8, 64, 6), 8_439_936),
    "stargan G 15": (lambda: StarGANGenerator(15, 64, 6), 8_461_888),
    "stargan D 5": (lambda: StarGANDiscriminator(5, 128, 128, 64, 6), 44_762_048),
    "stargan D 8": (lambda: StarGANDiscriminator(8, 128, 128, 64, 6), 44_786_624),
    "stargan D 13": (lambda: StarGANDiscriminator(13, 256, 256, 64, 6), 45_147_072),
    "E": (lambda: ConvEncoder(64), 10_463_424),
}


@pytest.mark.parametrize("name", COUNTS)
def test_networks_have_the_published_number_of_parameters(name):
    build, count = COUNTS[name]
    assert count_parameters(build()) == count


def test_the_domain_discriminators_maps_have_the_published_sizes():
    """SimGAN's on 55 x 35, StarGAN's on 128 x 128 and 256 x 256, the rewrite of UNIT's on 256 x 256; narrow."""
    assert LocalDiscriminator("gaze", 1, 0.0)(jt.zeros(1, 1, 35, 55)).shape == [1, 2, 9, 14]
    for size in (128, 256):
        logits, labels = StarGANDiscriminator(5, size, size, 1, 6)(jt.zeros(1, 3, size, size))
        assert (logits.shape, labels.shape) == ([1, 1, size // 64, size // 64], [1, 5])
    assert [x.shape[2] for x in ScaleDiscriminator(1, 4, 3)(jt.zeros(1, 3, 256, 256))] == [16, 8, 4]


def test_the_discriminators_maps_have_the_published_sizes():
    """TSIT's sis form on 512 x 256, width 1 instead of 64."""
    out = MultiscaleDiscriminator(4, 1)(jt.zeros(1, 4, 256, 512))
    sizes = [[tuple(x.shape[2:]) for x in (*feats, logits)] for feats, logits in zip(out.feats, out.logits)]
    assert sizes == [
        [(129, 257), (65, 129), (33, 65), (34, 66), (35, 67)],
        [(65, 129), (33, 65), (17, 33), (18, 34), (19, 35)],
    ]


@pytest.mark.parametrize("num_upsamplings", STRIDES)
def test_spades_image_has_the_label_maps_size(num_upsamplings):
    start_size = (128 // STRIDES[num_upsamplings], 256 // STRIDES[num_upsamplings])
    G = SPADEGenerator(4, 2, MapStart(4, 32), num_upsamplings)
    assert G(jt.zeros(1, 4, 128, 256), jt.zeros(1, 4, *start_size)).shape == [1, 3, 128, 256]


def test_spade_refuses_another_number_of_upsamplings():
    with pytest.raises(ValueError, match="num_upsamplings=4: allowed are 5, 6, 7"):
        SPADEGenerator(4, 2, MapStart(4, 32), num_upsamplings=4)
