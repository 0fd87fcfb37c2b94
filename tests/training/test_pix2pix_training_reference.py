"""Three training steps of pix2pix, CycleGAN and BicycleGAN against the official trainers', from the same weights."""

import pytest

from helpers.reference_vectors import reference_files
from helpers.training_trace import Trace, calls_of, in_float64_and_float32, optim_of, put_all_weights, step_of
from jittor_tsit.conversion import official_names
from jittor_tsit.data.batches import ImageBatch, full_share
from jittor_tsit.systems.bicyclegan import BicycleGANConfig, BicycleGANSystem, BicycleGANWeights
from jittor_tsit.systems.cyclegan import CycleGANConfig, CycleGANSystem, CycleGANWeights
from jittor_tsit.systems.pix2pix import Pix2PixConfig, Pix2PixSystem, Pix2PixWeights

pytestmark = [pytest.mark.reference, pytest.mark.slow]

NUM_LEVELS = {"unet_128": 7, "unet_256": 8}
NUM_BLOCKS = {"resnet_6blocks": 6, "resnet_9blocks": 9}
NUM_LAYERS_D = {"basic": 3, "pixel": 0}


class RecordedNoise:
    """The draws of a step."""

    def __init__(self, vectors, step):
        self.draws = {"G": f"input/step{step}/eps", "z": f"input/step{step}/z_random"}
        self.vectors = vectors

    def normal(self, purpose, keys, shape):
        return self.vectors.var(self.draws[purpose])


def images_of(vectors, system):
    """The batch of every step."""
    a, b = (vectors.var(f"input/{name}") for name in "AB")
    count = a.shape[0]
    if not system.wants_other:
        return ImageBatch(a, b, range(count), full_share(count))
    half = count // 2  # the second half of the batch lends its targets
    return ImageBatch(a[:half], b[:half], range(half), full_share(half), b[half:])


def trace_of(vectors, system, rules, places, losses_of, images):
    """A trace on the file's pairs and draws; images as `Trace` has them, before the file's stride."""
    assert vectors.group("loss/step0/") and set(vectors.group("output/step0/")) == set(images)
    put_all_weights(vectors, rules)
    stride = vectors.config.get("image_stride", 1)

    def seen(image_of):
        array = image_of().numpy()
        return array[:, :, ::stride, ::stride] if array.ndim == 4 else array

    batch = images_of(vectors, system)
    step = step_of(vectors, system, batch, lambda number: RecordedNoise(vectors, number), losses_of)
    images = {name: lambda image_of=image_of: seen(image_of) for name, image_of in images.items()}
    return Trace(system, rules, places, step, images, num_steps=vectors.config["steps"])


def generator_of(name):
    """Return pix2pix's options for a generator by its official name."""
    if name in NUM_BLOCKS:
        return {"generator": "resnet", "num_blocks": NUM_BLOCKS[name]}
    return {"generator": "unet", "num_levels": NUM_LEVELS[name]}


def pix2pix_trace(vectors):
    options = vectors.options
    config = Pix2PixConfig(
        source="images",
        **generator_of(options["netG"]),
        width=options["ngf"],
        width_D=options["ndf"],
        num_layers_D=NUM_LAYERS_D.get(options["netD"], options["n_layers_D"]),
        norm=options["norm"],
        dropout=not options["no_dropout"],
        gan_loss=options["gan_mode"],
        weights=Pix2PixWeights(l1=options["lambda_L1"]),
        optim=optim_of(options),
    )
    system = Pix2PixSystem(config, 29, *vectors["input/A"].shape[2:], seed=0)
    system.prepare_training(terms=())
    of_resnet, of_unet = official_names.resnet_rules, official_names.unet_rules
    rules_of_G = of_unet(config.num_levels) if config.generator == "unet" else of_resnet(config.num_blocks)
    rules = {
        "netG": (system.G, rules_of_G),
        "netD": (system.D, official_names.pix2pix_discriminator_rules(config.num_layers_D)),
    }

    def losses_of(terms):
        ours = {"G_GAN": terms["G/gan"], "G_L1": options["lambda_L1"] * terms["G/l1"]}
        ours.update(D_real=terms["D/real"], D_fake=terms["D/fake"], D=(terms["D/real"] + terms["D/fake"]) / 2)
        return {**ours, "G_total": ours["G_GAN"] + ours["G_L1"]}

    made = calls_of(system.G)
    places = {"netG": ("G", ""), "netD": ("D", "")}
    return trace_of(vectors, system, rules, places, losses_of, {"fake_B": lambda: made[-1]})


@in_float64_and_float32
@pytest.mark.parametrize("path", reference_files(kind="training_steps", system="pix2pix"))
def test_pix2pixs_steps_are_the_official_trainers(path, check):
    check(path, pix2pix_trace)


def cyclegan_trace(vectors):
    options = vectors.options
    identity = options["lambda_identity"]
    weights = CycleGANWeights(
        cycle_a=options["lambda_A"],
        cycle_b=options["lambda_B"],
        idt_a=identity * options["lambda_A"],
        idt_b=identity * options["lambda_B"],
    )
    config = CycleGANConfig(
        num_blocks=NUM_BLOCKS[options["netG"]],
        width=options["ngf"],
        width_D=options["ndf"],
        num_layers_D=NUM_LAYERS_D.get(options["netD"], options["n_layers_D"]),
        norm=options["norm"],
        pool_size=options["pool_size"],
        gan_loss=options["gan_mode"],
        weights=weights,
        optim=optim_of(options),
    )
    system = CycleGANSystem(config, 29, *vectors["input/A"].shape[2:], seed=0)
    system.prepare_training(terms=())
    resnet, patchgan = (
        official_names.resnet_rules(config.num_blocks),
        official_names.pix2pix_discriminator_rules(config.num_layers_D),
    )
    # officially D_A judges what G_A makes, images of b
    rules = {"netG_A": (system.G_ab, resnet), "netG_B": (system.G_ba, resnet)}
    rules.update(netD_A=(system.D_b, patchgan), netD_B=(system.D_a, patchgan))
    places = {"netG_A": ("G", "G_ab."), "netG_B": ("G", "G_ba."), "netD_A": ("D", "D_b."), "netD_B": ("D", "D_a.")}

    def losses_of(terms):
        ours = {}
        for official, side, other in (("A", "a", "b"), ("B", "b", "a")):
            ours[f"G_{official}"] = terms[f"G/gan_{other}"]
            ours[f"cycle_{official}"] = getattr(weights, f"cycle_{side}") * terms[f"G/cycle_{side}"]
            if identity:
                ours[f"idt_{official}"] = getattr(weights, f"idt_{other}") * terms[f"G/idt_{other}"]
            ours[f"D_{official}"] = (terms[f"D/real_{other}"] + terms[f"D/fake_{other}"]) / 2
        total = sum(value for name, value in ours.items() if not name.startswith("D_"))
        return {**ours, "G_total": total}

    made_ab, made_ba = calls_of(system.G_ab), calls_of(system.G_ba)
    # In a step each generator makes a fake, a way back and, where its loss has a weight, an identity.
    calls = [("fake_B", "fake_A"), ("rec_B", "rec_A"), ("idt_A", "idt_B")][: 3 if identity else 2]
    images = {}
    for k, (name_ab, name_ba) in enumerate(calls):
        place = k - len(calls)
        images[name_ab] = lambda place=place: made_ab[place]
        images[name_ba] = lambda place=place: made_ba[place]
    return trace_of(vectors, system, rules, places, losses_of, images)


@in_float64_and_float32
@pytest.mark.parametrize("path", reference_files(kind="training_steps", system="CycleGAN"))
def test_cyclegans_steps_are_the_official_trainers(path, check):
    check(path, cyclegan_trace)


def bicyclegan_trace(vectors):
    options = vectors.options
    encoder, _, size = options["netE"].partition("_")
    weights = BicycleGANWeights(
        gan=options["lambda_GAN"],
        gan2=options["lambda_GAN2"],
        l1=options["lambda_L1"],
        kl=options["lambda_kl"],
        latent=options["lambda_z"],
    )
    config = BicycleGANConfig(
        source="images",
        in_channels=options["input_nc"],
        num_levels=NUM_LEVELS[options["netG"]],
        z_dim=options["nz"],
        adds_to_all=options["where_add"] == "all",
        upsampling=options["upsample"],
        encoder=encoder,
        num_layers_E={"128": 3, "256": 4}[size],
        width=options["ngf"],
        width_D=options["ndf"],
        width_E=options["nef"],
        num_layers_D={"basic_128_multi": 2, "basic_256_multi": 3}[options["netD"]],
        norm=options["norm"],
        dropout=options["use_dropout"],
        gan_loss=options["gan_mode"],
        weights=weights,
        optim=optim_of(options),
    )
    system = BicycleGANSystem(config, 29, *vectors["input/A"].shape[2:], seed=0)
    system.prepare_training(terms=())
    patchgan = official_names.two_scale_patchgan_rules(config.num_layers_D)
    rules = {
        "netG": (system.G, official_names.latent_unet_rules(config.num_levels, config.adds_to_all, config.upsampling)),
        "netE": (system.E, official_names.latent_encoder_rules(config.encoder, config.num_layers_E)),
        "netD": (system.D, patchgan),
        "netD2": (system.D2, patchgan),
    }
    places = {"netG": ("G", "G."), "netE": ("G", "E."), "netD": ("D", "D."), "netD2": ("D", "D2.")}

    def losses_of(terms):
        ours = {"G_GAN": weights.gan * terms["G/gan"], "G_GAN2": weights.gan2 * terms["G/gan2"]}
        ours.update(G_L1=weights.l1 * terms["G/l1"], kl=weights.kl * terms["G/kl"])
        ours["G_total_without_z_L1"] = sum(ours.values())
        ours.update(D_fake=terms["D/fake"], D_real=terms["D/real"], D=terms["D/fake"] + terms["D/real"])
        ours.update(D2_fake=terms["D/fake2"], D2_real=terms["D/real2"], D2=terms["D/fake2"] + terms["D/real2"])
        return {**ours, "z_L1": weights.latent * terms["G/latent"]}

    made, codes = calls_of(system.G), calls_of(system.E)
    images = {"fake_B_encoded": lambda: made[-2], "fake_B_random": lambda: made[-1]}
    images.update(mu=lambda: codes[-2][0], logvar=lambda: codes[-2][1], mu2=lambda: codes[-1][0])
    return trace_of(vectors, system, rules, places, losses_of, images)


@in_float64_and_float32
@pytest.mark.parametrize("path", reference_files(kind="training_steps", system="BicycleGAN"))
def test_bicyclegans_steps_are_the_official_trainers(path, check):
    check(path, bicyclegan_trace)
