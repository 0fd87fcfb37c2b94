"""Our systems as the full-size checks want them: the case's options, weights by official names, one step."""

from __future__ import annotations

from typing import Callable, Dict, List, NamedTuple

import jittor as jt
import numpy as np

from helpers.full_size_cases import (
    ATTRIBUTES,
    NUM_CLASSES,
    VGG_WIDTHS,
    Arrays,
    Case,
    drawn_noise,
    drawn_weight,
)
from helpers.reference_vectors import put_weights
from helpers.training_trace import calls_of
from jittor_tsit.config import OptimConfig
from jittor_tsit.conversion import official_names as keys
from jittor_tsit.conversion.renaming import official_names
from jittor_tsit.data.batches import ImageBatch, LabelledBatch, LabelledImages, PairedBatch, full_share, to_segmap
from jittor_tsit.systems import system_class
from jittor_tsit.systems.base import System
from jittor_tsit.systems.bicyclegan import BicycleGANConfig, BicycleGANSystem, BicycleGANWeights
from jittor_tsit.systems.cyclegan import CycleGANConfig, CycleGANSystem, CycleGANWeights
from jittor_tsit.systems.pix2pix import Pix2PixConfig, Pix2PixSystem, Pix2PixWeights
from jittor_tsit.systems.simgan import SimGANConfig, SimGANSystem, SimGANWeights
from jittor_tsit.systems.spade import SPADEConfig
from jittor_tsit.systems.stargan import StarGANConfig, StarGANSystem, StarGANWeights
from jittor_tsit.systems.synthesis import SynthesisWeights
from jittor_tsit.systems.tsit import TSITConfig, TSITWeights
from jittor_tsit.systems.unit import UNITConfig, UNITWeights

NO_STEP = OptimConfig(lr_G=0.0, lr_D=0.0)  # Adam's first step goes by signs, also of gradients that are rounding alone
VGG19 = (0, 2), (5, 7), (10, 12, 14, 16), (19, 21, 23, 25), (28,)  # torchvision's `features.N`, up to relu5_1


class Network(NamedTuple):
    """One network of a system."""

    module: jt.nn.Module
    rules: keys.Rules
    optimizer: str
    prefix: str  # of its names in the optimizer


class Prepared(NamedTuple):
    """A system before its step."""

    system: System
    networks: Dict[str, Network]  # by the twin's names
    parts: Callable[[Arrays], List]  # the batch of the step
    images: Dict[str, Callable[[], jt.Var]]  # by the twin's names, to be read after the step


class DrawnNoise:
    """The rule's draws."""

    def normal(self, purpose, keys, shape):
        return jt.array(drawn_noise(purpose, (len(keys), *shape)))

    uniform = normal


def write_vgg(case: Case, path) -> str:
    """A file of the narrow VGG-19's drawn weights."""
    arrays, channels = {}, 3
    for width, stage in zip(VGG_WIDTHS, VGG19):
        for index in stage:
            for leaf, shape in (("weight", (width, channels, 3, 3)), ("bias", (width,))):
                arrays[f"features.{index}.{leaf}"] = drawn_weight(case, "vgg", f"features.{index}.{leaf}", shape)
            channels = width
    np.savez(path, **arrays)
    return str(path)


def of_pair(x: Arrays) -> List[ImageBatch]:
    """A step's images of two kinds."""
    images = {name: jt.array(array) for name, array in x.items()}
    number = len(x["a"])
    return [ImageBatch(images["a"], images["b"], range(number), full_share(number), images.get("other"))]


def of_maps(x: Arrays) -> List[PairedBatch]:
    """A step's label maps and photographs."""
    number = len(x["label"])
    segmap = to_segmap(NUM_CLASSES, x["label"])
    return [PairedBatch(segmap, jt.array(x["image"]), range(number), full_share(number))]


def synthesis(case: Case, folder) -> Prepared:
    """TSIT and SPADE."""
    o = case.options
    is_tsit, is_ast, has_code = o["system"] == "tsit", o.get("form") == "ast", bool(o.get("use_vae"))
    common = dict(width=o["width"], width_D=o["width_D"], num_layers_D=o["num_layers_D"], use_vae=has_code)
    common.update(perceptual_weights=write_vgg(case, folder / "vgg.npz"), optim=NO_STEP)
    if is_tsit:
        config = TSITConfig(**common, form=o["form"], weights=TSITWeights(**o["weights"]))
    else:
        config = SPADEConfig(**common, upsampling=o["upsampling"], weights=SynthesisWeights(**o["weights"]))
    system = system_class(o["system"], config)(config, 3 if is_ast else NUM_CLASSES, case.height, case.width, seed=0)
    system.prepare_training(terms=("vgg",))
    rules = keys.TSIT_GENERATOR_RULES if is_tsit else keys.SPADE_GENERATOR_RULES
    networks = {"netG": Network(system.G, rules, "G", "G.")}
    networks["netD"] = Network(system.D, keys.discriminator_rules(o["num_layers_D"]), "D", "")
    if has_code:
        networks["netE"] = Network(system.E, keys.ENCODER_RULES, "G", "E.")
    made = calls_of(system.G)
    return Prepared(system, networks, of_pair if is_ast else of_maps, {"fake": lambda: made[0]})


def pix2pix(case: Case, folder) -> Prepared:
    """pix2pix without dropout."""
    o = case.options
    sizes = dict(num_levels=o["num_levels"], width=o["width"], width_D=o["width_D"], norm=o["norm"])
    weights = Pix2PixWeights(**o["weights"])
    config = Pix2PixConfig(**sizes, source="images", dropout=False, weights=weights, optim=NO_STEP)
    system = Pix2PixSystem(config, NUM_CLASSES, case.height, case.width, seed=0)
    system.prepare_training(terms=())
    networks = {"netG": Network(system.G, keys.unet_rules(o["num_levels"]), "G", "")}
    networks["netD"] = Network(system.D, keys.pix2pix_discriminator_rules(3), "D", "")
    made = calls_of(system.G)
    return Prepared(system, networks, of_pair, {"fake": lambda: made[-1]})


def cyclegan(case: Case, folder) -> Prepared:
    """CycleGAN without a pool."""
    o = case.options
    sizes = dict(num_blocks=o["num_blocks"], width=o["width"], width_D=o["width_D"])
    config = CycleGANConfig(**sizes, pool_size=0, weights=CycleGANWeights(**o["weights"]), optim=NO_STEP)
    system = CycleGANSystem(config, NUM_CLASSES, case.height, case.width, seed=0)
    system.prepare_training(terms=())
    networks = {}
    for official, G, D in (("A", "ab", "b"), ("B", "ba", "a")):  # officially D_A judges what G_A makes
        resnet, patchgan = keys.resnet_rules(o["num_blocks"]), keys.pix2pix_discriminator_rules(3)
        networks[f"netG_{official}"] = Network(getattr(system, f"G_{G}"), resnet, "G", f"G_{G}.")
        networks[f"netD_{official}"] = Network(getattr(system, f"D_{D}"), patchgan, "D", f"D_{D}.")
    there, back = calls_of(system.G_ab), calls_of(system.G_ba)
    images = {"fake_b": lambda: there[0], "fake_a": lambda: back[0], "rec_a": lambda: back[1]}
    return Prepared(system, networks, of_pair, images)


def bicyclegan(case: Case, folder) -> Prepared:
    """BicycleGAN."""
    o = case.options
    names = "num_levels", "width", "width_D", "width_E", "num_layers_E", "num_layers_D", "z_dim"
    sizes, weights = {name: o[name] for name in names}, BicycleGANWeights(**o["weights"])
    config = BicycleGANConfig(**sizes, source="images", weights=weights, optim=NO_STEP)
    system = BicycleGANSystem(config, NUM_CLASSES, case.height, case.width, seed=0)
    system.prepare_training(terms=())
    patchgan = keys.two_scale_patchgan_rules(o["num_layers_D"])
    networks = {"netG": Network(system.G, keys.latent_unet_rules(o["num_levels"], True, "basic"), "G", "G.")}
    networks["netE"] = Network(system.E, keys.latent_encoder_rules("resnet", o["num_layers_E"]), "G", "E.")
    networks.update(netD=Network(system.D, patchgan, "D", "D."), netD2=Network(system.D2, patchgan, "D", "D2."))
    made = calls_of(system.G)
    return Prepared(system, networks, of_pair, {"encoded": lambda: made[0], "drawn": lambda: made[1]})


def unit(case: Case, folder) -> Prepared:
    """UNIT of either form."""
    o = case.options
    is_paper, blocks, layers = o["form"] == "paper", o["num_blocks"], o["num_layers_D"]
    sizes = dict(form=o["form"], num_blocks=blocks, width=o["width"], num_layers_D=layers, width_D=o["width_D"])
    gan_loss = "vanilla" if is_paper else "lsgan"
    config = UNITConfig(**sizes, gan_loss=gan_loss, weights=UNITWeights(**o["weights"]), optim=NO_STEP)
    system = system_class("unit", config)(config, NUM_CLASSES, case.height, case.width, seed=0)
    system.prepare_training(terms=())
    if is_paper:
        networks = {"gen": Network(system.G, keys.unit_generator_rules(blocks), "G", "")}
        networks["dis"] = Network(system.D, keys.unit_discriminator_rules("shared", layers), "D", "")
    else:
        networks, rules_D = {}, keys.unit_rewrite_discriminator_rules(layers)
        for k, side in enumerate("ab"):
            rules = keys.UNIT_REWRITE_GENERATOR_RULES
            networks[f"gen_{side}"] = Network(system.G.sides[k], rules, "G", f"sides.{k}.")
            networks[f"dis_{side}"] = Network(system.D.sides[k], rules_D, "D", f"sides.{k}.")
    made = calls_of(system.G, "decode")
    order = "rec_a", "fake_b", "cycle_a", "rec_b", "fake_a", "cycle_b"  # the last six; D's own fakes come before
    return Prepared(system, networks, of_pair, {name: lambda k=k: made[k - 6] for k, name in enumerate(order)})


def stargan(case: Case, folder) -> Prepared:
    """StarGAN; G learns in the same step as D."""
    o = case.options
    sizes = dict(num_blocks=o["num_blocks"], width=o["width"], num_layers_D=o["num_layers_D"], width_D=o["width_D"])
    weights = StarGANWeights(**o["weights"])
    config = StarGANConfig(**sizes, attributes=ATTRIBUTES, n_critic=1, weights=weights, optim=NO_STEP)
    system = StarGANSystem(config, NUM_CLASSES, case.height, case.width, seed=0)
    system.prepare_training(terms=())
    networks = {"G": Network(system.G, keys.stargan_generator_rules(o["num_blocks"]), "G", "")}
    networks["D"] = Network(system.D, keys.stargan_discriminator_rules(o["num_layers_D"]), "D", "")

    def parts(x: Arrays) -> List[LabelledBatch]:
        arrays, number = [jt.array(x[name]) for name in ("image", "label", "target")], len(x["image"])
        return [LabelledBatch((LabelledImages(*arrays, range(number), full_share(number)),))]

    made = calls_of(system.G)
    return Prepared(system, networks, parts, {"fake": lambda: made[1]})  # after the one that D was shown


class Shown:
    """A new history's answer: which images of the batch it shows."""

    def __init__(self, places):
        self.places = places

    def query(self, images, index):
        return images[jt.array(np.int32(self.places))]


def simgan(case: Case, folder) -> Prepared:
    """SimGAN without pre-training."""
    o = case.options
    own = dict(width=o["width"], slope=o["slope"], pretrain_G=0, pretrain_D=0, k_g=1, k_d=1, pool_size=8)
    config = SimGANConfig(**own, weights=SimGANWeights(**o["weights"]), optim=NO_STEP)
    system = SimGANSystem(config, NUM_CLASSES, case.height, case.width, seed=0)
    system.prepare_training(terms=())
    system.pool = Shown(o["shown"])
    networks = {"R": Network(system.G, keys.REFINER_RULES, "G", "")}
    networks["D"] = Network(system.D, keys.LOCAL_DISCRIMINATOR_RULES, "D", "")
    made = calls_of(system.G)
    return Prepared(system, networks, of_pair, {"refined": lambda: made[0]})


def keep_gradients(optimizer) -> Dict[str, np.ndarray]:
    """The gradients of the optimizer's step, filled in when it is done."""
    kept, apply = {}, optimizer.apply

    def keeping(gradients):
        kept.update({name: gradient.numpy() for name, gradient in gradients.items()})
        apply(gradients)

    optimizer.apply = keeping
    return kept


SYSTEMS = {"tsit": synthesis, "spade": synthesis, "pix2pix": pix2pix, "cyclegan": cyclegan, "bicyclegan": bicyclegan}
SYSTEMS.update(unit=unit, stargan=stargan, simgan=simgan)


def run_step(case: Case, x: Arrays, folder) -> Dict[str, np.ndarray]:
    """Losses, images and gradients of our step by the twin's names: "loss/G/gan", "gradient/netG/fc.bias"."""
    prepared = SYSTEMS[case.options["system"]](case, folder)
    system = prepared.system
    for net, network in prepared.networks.items():
        put_drawn_weights(case, net, network)
    system.noise = DrawnNoise()
    gradients = {name: keep_gradients(optimizer) for name, optimizer in system.optimizers.items()}
    terms = {}
    for step in range(2 if case.options["system"] == "simgan" else 1):  # its networks learn in turn
        terms.update(system.train_step(prepared.parts(x), step))
    found = {f"loss/{name}": term.numpy() for name, term in terms.items()}
    found.update({f"output/{name}": image().numpy() for name, image in prepared.images.items()})
    for net, (module, rules, optimizer, prefix) in prepared.networks.items():
        for ours, official in official_names(module.state_dict(), rules).items():
            if prefix + ours in gradients[optimizer]:  # no buffer
                found[f"gradient/{net}/{official}"] = gradients[optimizer][prefix + ours]
    return found


def put_drawn_weights(case: Case, net: str, network: Network) -> None:
    """The rule's arrays into a network, by their official names."""
    state = network.module.state_dict()
    names = official_names(state, network.rules)
    arrays = {official: drawn_weight(case, net, official, state[ours].shape) for ours, official in names.items()}
    put_weights(network.module, arrays, network.rules)
