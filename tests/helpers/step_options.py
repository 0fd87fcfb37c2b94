"""Options of the steps that NumPy computes, one for each variant of a system. No weight is 1, and all rates differ."""

from helpers.hand_steps import OPTIM
from jittor_tsit.config import OptimConfig
from jittor_tsit.systems import (
    bicyclegan,
    cyclegan,
    oasis,
    pix2pix,
    segformer,
    simgan,
    spade,
    stargan,
    synthesis,
    tsit,
    unit,
    unit_digits,
)

CYCLEGAN = {
    "cyclegan": cyclegan.CycleGANConfig(
        pool_size=4,
        dropout=True,
        gan_loss="wgan",
        optim=OPTIM,
        weights=cyclegan.CycleGANWeights(gan_a=1.5, gan_b=0.7, cycle_a=7.0, cycle_b=5.0, idt_a=3.0, idt_b=2.0, gp=4.0),
    ),
}

SIMGAN = {
    "simgan": simgan.SimGANConfig(
        pretrain_G=2,
        pretrain_D=2,
        k_g=2,
        k_d=1,
        pool_size=4,
        momentum=0.8,
        optim=OptimConfig(lr_G=0.05, lr_D=0.3),
        weights=simgan.SimGANWeights(gan=1.5, reg=0.7),
    ),
}

STARGAN_WEIGHTS = stargan.StarGANWeights(gan=1.5, cls=0.7, rec=5.0, gp=4.0)

STARGAN = {
    "stargan": stargan.StarGANConfig(
        attributes=("p", "q"), n_critic=2, gan_loss="lsgan", optim=OPTIM, weights=STARGAN_WEIGHTS
    ),
    "stargan-two": stargan.StarGANConfig(
        attributes=("p", "q"), classes=("r", "s"), n_critic=2, optim=OPTIM, weights=STARGAN_WEIGHTS
    ),
    "stargan-classes": stargan.StarGANConfig(
        attributes=(), classes=("r", "s"), n_critic=2, optim=OPTIM, weights=STARGAN_WEIGHTS
    ),
}

SEGFORMER = segformer.SegFormerConfig(
    balance=0.7,
    optim=OptimConfig(lr_G=0.03, betas=(0.5, 0.9), weight_decay=2.0),
    weights=segformer.SegFormerWeights(cross_entropy=1.5),
)

PIX2PIX = {
    "pix2pix": pix2pix.Pix2PixConfig(
        source="images", gan_loss="wgan", optim=OPTIM, weights=pix2pix.Pix2PixWeights(gan=1.5, l1=7.0, gp=5.0)
    ),
    "pix2pix-labels": pix2pix.Pix2PixConfig(
        gan_loss="vanilla", optim=OPTIM, weights=pix2pix.Pix2PixWeights(gan=1.5, l1=7.0)
    ),
}

BICYCLEGAN = {
    "bicyclegan": bicyclegan.BicycleGANConfig(
        source="images",
        in_channels=1,
        z_dim=3,
        dropout=True,
        gan_loss="wgan",
        optim=OPTIM,
        weights=bicyclegan.BicycleGANWeights(gan=1.5, gan2=0.7, l1=7.0, kl=0.4, gp=5.0, latent=2.0),
    ),
    "bicyclegan-labels": bicyclegan.BicycleGANConfig(
        z_dim=3, optim=OPTIM, weights=bicyclegan.BicycleGANWeights(gan=1.5, gan2=0.7, l1=7.0, kl=0.4, latent=2.0)
    ),
}

SYNTHESIS = {
    "tsit": tsit.TSITConfig(
        z_dim=3,
        gan_loss="hinge",
        nima="a file",
        optim=OPTIM,
        segmenter_width=4,
        segmenter_height=4,
        weights=tsit.TSITWeights(gan=1.5, feat=3.0, vgg=2.5, kld=0.3, segmenter=0.7, score=1.3),
    ),
    "tsit-ast": tsit.TSITConfig(
        form="ast",
        gan_loss="wgan",
        optim=OPTIM,
        weights=tsit.TSITWeights(gan=1.5, feat=3.0, vgg=2.5, kld=0, cycle=1.7, gp=5.0),
    ),
    "spade": spade.SPADEConfig(
        gan_loss="lsgan", optim=OPTIM, weights=synthesis.SynthesisWeights(gan=1.5, feat=3.0, vgg=2.5, kld=0)
    ),
    "spade-vae": spade.SPADEConfig(
        use_vae=True,
        z_dim=3,
        gan_loss="vanilla",
        nima="a file",
        optim=OPTIM,
        segmenter_width=4,
        segmenter_height=4,
        weights=synthesis.SynthesisWeights(gan=1.5, feat=3.0, vgg=2.5, kld=0.3, segmenter=0.7, gp=5.0, score=1.3),
    ),
}

OASIS = oasis.OASISConfig(
    z_dim=3, optim=OPTIM, weights=oasis.OASISWeights(gan=1.5, labelmix=3.0, vgg=2.5), perceptual_weights="a file"
)

UNIT = {
    "unit": unit.UNITConfig(
        dropout=True,
        gan_loss="wgan",
        l2=0.3,
        optim=OPTIM,
        weights=unit.UNITWeights(gan=1.5, rec=7.0, kl=0.4, cycle=5.0, kl_cycle=0.6, gp=4.0),
    ),
    "unit-rewrite": unit.UNITConfig(
        form="rewrite",
        gan_loss="lsgan",
        l2=0.3,
        optim=OPTIM,
        perceptual_weights="a file",
        num_layers_D=1,
        weights=unit.UNITWeights(gan=1.5, rec=7.0, kl=0.4, cycle=5.0, kl_cycle=0.6, vgg=3.0),
    ),
}

DIGITS = unit_digits.UNITDigitsConfig(
    classes=("p", "q"),
    l2=0.3,
    optim=OPTIM,
    weights=unit_digits.UNITDigitsWeights(gan=1.5, rec=0.3, kl=0.2, feat=0.1, cls=5.0),
)
