"""Systems with options that are not their defaults, as small as those of tiny.py; each has several at once.

Their operators run one by one in the tests: fused, each variant would compile its own for half a minute.
"""

from jittor_tsit.systems.bicyclegan import BicycleGANConfig, BicycleGANWeights
from jittor_tsit.systems.cyclegan import CycleGANConfig, CycleGANWeights
from jittor_tsit.systems.pix2pix import Pix2PixConfig, Pix2PixWeights
from jittor_tsit.systems.simgan import SimGANConfig
from jittor_tsit.systems.spade import SPADEConfig
from jittor_tsit.systems.stargan import StarGANConfig
from jittor_tsit.systems.synthesis import SynthesisWeights
from jittor_tsit.systems.tsit import TSITConfig, TSITWeights
from jittor_tsit.systems.unit import REWRITE_WEIGHTS, UNITConfig, UNITWeights

_STARGAN = dict(num_blocks=1, num_layers_D=2, width=2, width_D=2, n_critic=2)

VARIANTS = {
    "tsit-map": TSITConfig(
        width=2,
        width_D=2,
        use_vae=False,
        downsampling="bilinear",
        norm_G="instance",
        gan_loss="vanilla",
        diff_augment=("color", "translation", "cutout"),
        weights=TSITWeights(vgg=0),
    ),
    "tsit-code": TSITConfig(
        width=2, width_D=2, z_dim=3, code_in_norms=True, pixel_noise=True, weights=TSITWeights(vgg=0)
    ),
    "spade-vae": SPADEConfig(
        width=2,
        width_D=2,
        use_vae=True,
        code_in_norms=True,
        norm_G="instance",
        hidden_channels=3,
        pixel_noise=True,
        upsampling="more",
        gan_loss="lsgan",
        diff_augment=("cutout", "color", "translation"),
        weights=SynthesisWeights(vgg=0, gp=1),
    ),
    "spade-most": SPADEConfig(
        width=2,
        width_D=2,
        upsampling="most",
        num_layers_D=3,
        attention_G=4,
        attention_D=2,
        weights=SynthesisWeights(vgg=0),
    ),
    "pix2pix-images": Pix2PixConfig(
        source="images", in_channels=1, generator="resnet", num_blocks=1, width=2, width_D=2
    ),
    "pix2pix-pixel": Pix2PixConfig(
        source="images",
        out_channels=1,
        num_levels=6,
        width=2,
        width_D=2,
        num_layers_D=0,
        norm="instance",
        dropout=False,
        gan_loss="wgan",
        weights=Pix2PixWeights(gp=10),
    ),
    "cyclegan-batch": CycleGANConfig(
        out_channels=1,
        num_blocks=1,
        width=2,
        width_D=2,
        num_layers_D=0,
        pool_size=0,
        norm="batch",
        dropout=True,
        gan_loss="wgan",
        weights=CycleGANWeights(idt_a=0, idt_b=0, gp=10),
    ),
    "bicyclegan-conv": BicycleGANConfig(
        source="images",
        in_channels=1,
        out_channels=1,
        num_levels=6,
        width=2,
        width_D=2,
        width_E=2,
        num_layers_E=1,
        num_layers_D=1,
        z_dim=3,
        adds_to_all=False,
        upsampling="bilinear",
        encoder="conv",
        norm="batch",
        dropout=True,
        gan_loss="wgan",
        weights=BicycleGANWeights(gp=10),
    ),
    "stargan-sets": StarGANConfig(attributes=("a", "b"), classes=("c", "d"), gan_loss="hinge", **_STARGAN),
    "stargan-classes": StarGANConfig(attributes=(), classes=("c", "d"), gan_loss="lsgan", **_STARGAN),
    "simgan-hand": SimGANConfig(kind="hand", channels=3, width=2, slope=0.1, pretrain_G=1, pretrain_D=1, pool_size=3),
    "unit-rewrite": UNITConfig(
        form="rewrite",
        out_channels=1,
        num_blocks=1,
        num_layers_D=1,
        width=2,
        width_D=2,
        gan_loss="lsgan",
        weights=REWRITE_WEIGHTS,
    ),
    "unit-pyramid": UNITConfig(
        discriminator="pyramid",
        in_channels=1,
        num_blocks=1,
        num_layers_D=1,
        has_norms=True,
        dropout=True,
        width=2,
        width_D=2,
        gan_loss="wgan",
        weights=UNITWeights(gp=10),
    ),
    "unit-separate": UNITConfig(
        discriminator="separate", num_blocks=1, num_layers_D=1, width=2, width_D=2, gan_loss="hinge"
    ),
}
