"""Full-size checks: systems, sizes, real inputs and drawn weights. Both sides read it; imports no Jittor, no PyTorch.

The data folder is $JTSIT_DATA, by default ../shared/data beside the repository; nothing of it is committed.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any, Callable, Dict, NamedTuple, Sequence, Tuple

import numpy as np
from PIL import Image

from data_tools.sets.classes import colorize

DATA = Path(os.environ.get("JTSIT_DATA", Path(__file__).parents[3] / "shared/data"))
FIXTURES = Path(__file__).parents[1] / "fixtures/full_size"
NUM_CLASSES = 29
VGG_WIDTHS = 4, 6, 8, 8, 8  # of the narrow VGG-19 of the perceptual terms
ATTRIBUTES = "Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"
Arrays = Dict[str, np.ndarray]

# Real label maps of the contest with two, four and twelve classes, and photographs.
LABELS = "10834273_51845b6360_b", "1636786738_4b0d60c100_b", "127111714_93612fd7e2_b"
PHOTOS = "ade_ADE_val_00000262", "coco_000000052507", "sflckr_14351041152_ef77484a1f_b", "coco_000000569273"


class Case(NamedTuple):
    """One system at one size.

    Args:
        options: As the twin's step takes them; "weights" are those of the loss terms.
        inputs: Reads label maps [N, H, W] uint8 and images [N, C, H, W] float32 in [-1, 1].
        gain: Of the drawn weights over Kaiming's deviation.
        salt: Of the weights; chosen so that few values lie near a kink, see make_full_size.py.
    """

    height: int
    width: int
    options: Dict[str, Any]
    inputs: Callable[[Case], Arrays]
    gain: float = 1.0
    salt: int = 0


def read_label(name: str, height: int, width: int) -> np.ndarray:
    """The middle of a contest label map, [height, width] uint8."""
    ids = np.asarray(Image.open(DATA / f"landscape-peer/test/{name}.png"))
    assert ids.dtype == np.uint16 and ids.max() < NUM_CLASSES
    return middle(ids, height, width).astype(np.uint8)


def read_photo(name: str, height: int, width: int) -> np.ndarray:
    """The middle of a photograph, [3, height, width] in [-1, 1]."""
    return to_image(middle(np.asarray(Image.open(DATA / f"landscape-photos/imgs/{name}.jpg")), height, width))


def middle(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pixels around the centre."""
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]


def to_image(pixels: np.ndarray) -> np.ndarray:
    """[H, W, 3] uint8 -> [3, H, W] in [-1, 1], each value rounded once to float32."""
    return (pixels.transpose(2, 0, 1) / 127.5 - 1).astype(np.float32)


def stacked(read: Callable, names: Sequence[str], case: Case) -> np.ndarray:
    """One array of the files of these names."""
    return np.stack([read(name, case.height, case.width) for name in names])


def one_map(case: Case) -> Arrays:
    """The label map of two classes with a photograph: most features are constant."""
    return {"label": stacked(read_label, LABELS[:1], case), "image": stacked(read_photo, PHOTOS[:1], case)}


def two_maps(case: Case) -> Arrays:
    """Label maps of four and twelve classes with photographs."""
    return {"label": stacked(read_label, LABELS[1:], case), "image": stacked(read_photo, PHOTOS[1:3], case)}


def two_photos(case: Case) -> Arrays:
    """Two photographs, a and b."""
    return {"a": stacked(read_photo, PHOTOS[2:3], case), "b": stacked(read_photo, PHOTOS[3:], case)}


def coloured_maps(case: Case) -> Arrays:
    """Label maps in the classes' colours, photographs, and other photographs."""
    ids = stacked(read_label, LABELS[1:], case)
    a = np.stack([to_image(colorize(each, NUM_CLASSES)) for each in ids])
    return {"a": a, "b": stacked(read_photo, PHOTOS[1:3], case), "other": stacked(read_photo, PHOTOS[2:], case)}


def read_face(number: int, side: int) -> np.ndarray:
    """The middle square of a CelebA photograph at a size, [3, side, side] in [-1, 1]."""
    image = Image.open(DATA / f"celeba/imgs/{number:06d}.jpg")
    return to_image(np.asarray(Image.fromarray(middle(np.asarray(image), 89, 89)).resize((side, side), Image.BILINEAR)))


def faces(case: Case) -> Arrays:
    """Two faces, their attributes and each other's."""
    with open(DATA / "celeba/list_attr_celeba.txt") as file:
        lines = file.read().splitlines()
    places = [lines[1].split().index(name) + 1 for name in ATTRIBUTES]
    rows = [lines[1 + number].split() for number in FACES]
    label = np.float32([[int(row[place]) > 0 for place in places] for row in rows])
    image = np.stack([read_face(number, case.width) for number in FACES])
    return {"image": image, "label": label, "target": label[::-1].copy()}


FACES = 1, 6


def eyes(case: Case) -> Arrays:
    """Grey eyes of eight faces; the first four in eight grey values, as a plain renderer would have them."""
    found = []
    for number in range(1, 9):
        grey = np.asarray(Image.open(DATA / f"celeba/imgs/{number:06d}.jpg").convert("L"))
        found.append(grey[30 : 30 + case.height, 17 : 17 + case.width])
    pixels = np.stack(found)[:, None]
    a, b = pixels[:4] // 32 * 32, pixels[4:]
    return {name: (array / 127.5 - 1).astype(np.float32) for name, array in (("a", a), ("b", b))}


SYNTHESIS = dict(width=4, width_D=4, num_layers_D=4, vgg_widths=VGG_WIDTHS)
SYNTHESIS_WEIGHTS = dict(gan=1.0, feat=10.0, vgg=10.0, kld=0.05)
TSIT = dict(SYNTHESIS, system="tsit", form="sis", weights=dict(SYNTHESIS_WEIGHTS, vgg=20.0))
SPADE = dict(SYNTHESIS, system="spade", upsampling="normal", weights=SYNTHESIS_WEIGHTS)
AST = dict(TSIT, form="ast", num_layers_D=3, weights=dict(gan=1.0, feat=2.0, vgg=1.0))
PIX2PIX = dict(system="pix2pix", num_levels=8, width=4, width_D=4, norm="batch", weights=dict(gan=1.0, l1=100.0))
CYCLEGAN_WEIGHTS = dict(gan_a=1.0, gan_b=1.0, cycle_a=10.0, cycle_b=10.0, idt_a=5.0, idt_b=5.0)
CYCLEGAN = dict(system="cyclegan", num_blocks=1, width=4, width_D=4, weights=CYCLEGAN_WEIGHTS)
BICYCLEGAN_WEIGHTS = dict(gan=1.0, gan2=1.0, l1=10.0, kl=0.01, latent=0.5)
BICYCLEGAN = dict(system="bicyclegan", num_levels=8, width=4, width_D=4, width_E=4, num_layers_E=4, num_layers_D=3)
BICYCLEGAN.update(z_dim=8, weights=BICYCLEGAN_WEIGHTS)
UNIT = dict(system="unit", form="paper", num_blocks=1, width=4, num_layers_D=4, width_D=4)
UNIT["weights"] = dict(gan=10.0, rec=100.0, kl=0.1, cycle=100.0, kl_cycle=0.1)
REWRITE = dict(UNIT, form="rewrite", weights=dict(gan=1.0, rec=10.0, kl=0.01, cycle=10.0, kl_cycle=0.01))
STARGAN = dict(system="stargan", num_blocks=1, width=4, num_layers_D=6, width_D=4, updates_G=True)
STARGAN["weights"] = dict(gan=1.0, cls=1.0, rec=10.0, gp=10.0)
SIMGAN = dict(system="simgan", width=8, slope=0.01, shown=[0, 0, 2, 0], weights=dict(gan=1.0, reg=0.5))

CASES = {
    "tsit_sis": Case(384, 512, TSIT, one_map, 0.5),
    "tsit_sis_vae": Case(384, 512, dict(TSIT, use_vae=True), two_maps, 0.5),
    "tsit_ast": Case(384, 512, AST, two_photos, 0.5, salt=1),
    "spade": Case(384, 512, SPADE, one_map, 0.5),
    "spade_vae": Case(256, 256, dict(SPADE, use_vae=True), two_maps, 0.5),
    "pix2pix": Case(256, 256, PIX2PIX, coloured_maps, salt=1),
    "cyclegan": Case(256, 256, CYCLEGAN, two_photos, salt=1),
    "bicyclegan": Case(256, 256, BICYCLEGAN, coloured_maps),
    "unit": Case(256, 256, UNIT, two_photos),
    "unit_rewrite": Case(256, 256, REWRITE, two_photos),
    "stargan": Case(128, 128, STARGAN, faces, salt=3),
    "simgan": Case(35, 55, SIMGAN, eyes),
}


def generator_of(*words: str) -> np.random.RandomState:
    """Draws that follow from words; RandomState's streams never change."""
    return np.random.RandomState(zlib.crc32("/".join(words).encode()) & 0x7FFFFFFF)


def drawn_weight(case: Case, net: str, name: str, shape: Sequence[int]) -> np.ndarray:
    """Float32 array of a network by its official name.

    Kaiming's deviation times the case's gain; scales near 1, biases of deviation 0.1, singular vectors of length 1.
    """
    n = generator_of(str(case.salt), net, name).standard_normal(tuple(shape))
    if name.endswith(("weight_u", "weight_v")):
        n = n / np.linalg.norm(n)
    elif name.endswith("running_var"):
        n = abs(1 + 0.1 * n)
    elif name.endswith(("bias", "beta", "running_mean")):
        n = 0.1 * n
    else:
        n = 1 + 0.1 * n if len(shape) == 1 else n * case.gain * np.sqrt(2 / np.prod(shape[1:]))
    return n.astype(np.float32)


def drawn_noise(purpose: str, shape: Sequence[int]) -> np.ndarray:
    """Float32 draws of a step for a purpose: N(0, 1), or uniform for the gradient penalty."""
    rng = generator_of("noise", purpose)
    draws = rng.uniform(size=tuple(shape)) if purpose == "gp" else rng.standard_normal(tuple(shape))
    return draws.astype(np.float32)


def checksum(inputs: Arrays) -> int:
    """Of the input arrays, so that another decoder of JPEG files is not taken for a fault."""
    return zlib.crc32(b"".join(np.ascontiguousarray(inputs[name]).tobytes() for name in sorted(inputs)))


NUM_SAMPLES, NUM_PROJECTIONS, OUTPUT_SAMPLES = 12, 2, 400


def sketch(name: str, array: np.ndarray, count: int) -> Tuple[np.ndarray, np.ndarray]:
    """Values at seeded places (all, where there are few), and sums with random signs, in float64."""
    flat, rng = np.asarray(array, np.float64).ravel(), generator_of("sketch", name)
    places = np.arange(flat.size) if flat.size <= count else rng.choice(flat.size, count, replace=False)
    signs = rng.choice((-1.0, 1.0), (NUM_PROJECTIONS, flat.size))
    return flat[places], signs @ flat
