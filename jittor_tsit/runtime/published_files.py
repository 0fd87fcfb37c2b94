"""Weights of judges and teachers that others have published: addresses, checksums, licences, and how to get them."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, NamedTuple, Optional

from data_tools.basics.errors import InputError
from data_tools.basics.invocation import typed

FOLDER = Path("judges")  # the folder in which `score` looks for judges


class PublishedFile(NamedTuple):
    """A published file of weights."""

    file: str  # its name in the folder of the judges
    what: str
    url: str
    size: Optional[int]  # in bytes; None: not published
    sha256: str  # 64 hexadecimal digits, or the first of them as far as they are published; empty: not published
    licence: str
    source: str  # page that describes the file and its licence
    use: str  # command that uses the file; {path} is its path


_IMAGENET = "the weights were trained on ImageNet, which has terms of its own"
_TEACHER = "train --data DIR perceptual_weights={path}"
_SCORE = "score finds it"

PUBLISHED: Dict[str, PublishedFile] = {
    # Address: torchvision/models/vgg.py of pytorch/vision. The name holds the first 8 digits of the SHA-256. The size
    # and all digits are those that several public projects recorded for this address; both agree with the name.
    "vgg19": PublishedFile(
        file="vgg19.pth",
        what="torchvision's VGG-19, for the perceptual loss",
        url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
        size=574_673_361,
        sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
        licence=f"BSD-3-Clause; {_IMAGENET}",
        source="https://github.com/pytorch/vision",
        use=_TEACHER,
    ),
    # As for vgg19.
    "vgg16": PublishedFile(
        file="vgg16.pth",
        what="torchvision's VGG-16, a judge and the trunk of LPIPS",
        url="https://download.pytorch.org/models/vgg16-397923af.pth",
        size=553_433_881,
        sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        licence=f"BSD-3-Clause; {_IMAGENET}",
        source="https://github.com/pytorch/vision",
        use=_SCORE,
    ),
    # Address: src/pytorch_fid/inception.py of mseitzer/pytorch-fid. The name holds the first 8 digits of the SHA-256.
    # Size and all digits as for vgg19.
    "inception": PublishedFile(
        file="inception.pth",
        what="pytorch-fid's Inception-v3 of 2015-12-05, for FID and KID",
        url="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
        "pt_inception-2015-12-05-6726825d.pth",
        size=95_628_359,
        sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        licence=f"Apache-2.0; {_IMAGENET}",
        source="https://github.com/mseitzer/pytorch-fid",
        use=_SCORE,
    ),
    # Address: the repository of LPIPS. Size and SHA-256 were computed from the same file in the authors' package lpips
    # 0.1.4 on PyPI. Its MD5 d507d7349b931f0638a25a48a722f98a is the one in CompVis/taming-transformers, taming/util.py.
    "lpips": PublishedFile(
        file="lpips.pth",
        what="LPIPS 0.1's heads on VGG-16, for the diversity of candidates (needs vgg16 too)",
        url="https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/lpips/weights/v0.1/vgg.pth",
        size=7_289,
        sha256="a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
        licence="BSD-2-Clause",
        source="https://github.com/richzhang/PerceptualSimilarity",
        use="test --candidates finds it",
    ),
    # Address: the repository idealo/image-quality-assessment, models/MobileNet. Neither size nor checksum is published.
    "nima": PublishedFile(
        file="nima.h5",
        what="NIMA on MobileNet, for the aesthetic term (needs h5py: pip install h5py)",
        url="https://github.com/idealo/image-quality-assessment/raw/master/"
        "models/MobileNet/weights_mobilenet_aesthetic_0.07.hdf5",
        size=None,
        sha256="",
        licence="Apache-2.0; the weights were trained on AVA, which has terms of its own",
        source="https://github.com/idealo/image-quality-assessment",
        use=_SCORE,
    ),
    # Address: README.md of jcjohnson/pytorch-vgg. The name holds the first 8 digits of the SHA-256. No more digits and
    # no size are published.
    "vgg16-caffe": PublishedFile(
        file="vgg16_caffe.pth",
        what="Caffe's VGG-16 in torchvision's layout, for the perceptual loss of UNIT's rewrite",
        url="https://web.eecs.umich.edu/~justincj/models/vgg16-00b39a1b.pth",
        size=None,
        sha256="00b39a1b",
        licence="see https://www.robots.ox.ac.uk/~vgg/research/very_deep; " + _IMAGENET,
        source="https://github.com/jcjohnson/pytorch-vgg",
        use="train --data DIR form=rewrite perceptual_weights={path}",
    ),
}


def how_to_get(name: str, folder: Path = FOLDER) -> str:
    """Return in a few words how to get a published file: "`bash run.sh fetch vgg19` downloads it from …".

    Args:
        name: A key of PUBLISHED.
        folder: The folder to which it should go.
    """
    published = PUBLISHED[name]
    where = "" if folder == FOLDER else f" --judges {folder}"
    return (
        f"`{typed(f'fetch {name}{where}')}` saves it as {folder / published.file}, from {published.url} "
        f"({published.licence.split(';')[0]})"
    )


def require_published(path: Path, name: str) -> Path:
    """Check that a file of published weights exists, and return its path.

    Args:
        name: The key of PUBLISHED that is wanted there.

    Raises:
        InputError: There is no such file. The message says how to get it.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file; {how_to_get(name)}")
    return path
