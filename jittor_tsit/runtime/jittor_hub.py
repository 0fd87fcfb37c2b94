"""Weights of VGG from Jittor's hub, kept in Jittor's cache. Imports no Jittor."""

from pathlib import Path

from data_tools.basics.errors import InputError
from jittor_tsit.runtime.download import download
from jittor_tsit.runtime.jittor_home import jittor_home
from jittor_tsit.runtime.published_files import FOLDER, PUBLISHED, how_to_get

HUB = "https://cg.cs.tsinghua.edu.cn/jittor/assets/build/checkpoints"  # weights of jittor.models


def hub_path(arch: str) -> Path:
    """Return the path of the hub's weights of a network, "vgg16" or "vgg19", in Jittor's cache. They may be missing."""
    return jittor_home() / ".cache/jittor/checkpoints" / f"{arch}.pkl"


def default_path(arch: str) -> Path:
    """Return the path of the weights that are read if none are named: those that `fetch` saved, else those of the hub.

    Neither may be there yet.
    """
    fetched = FOLDER / PUBLISHED[arch].file
    return fetched if fetched.exists() else hub_path(arch)


def find_default_weights(arch: str) -> Path:
    """Return the path of the weights that are read if none are named. Download them from the hub if there are none.

    Raises:
        InputError: The download fails.
    """
    path = default_path(arch)
    return path if path.exists() else find_hub_weights(arch)


def find_hub_weights(arch: str) -> Path:
    """Return the path of the weights of Jittor's hub in Jittor's cache. Download them if they are not there.

    Raises:
        InputError: The download fails.
    """
    target = hub_path(arch)
    if target.exists():
        return target
    try:
        download(f"{HUB}/{arch}.pkl", target, size=None, sha256="")  # the hub publishes neither
    except InputError as error:
        raise InputError(
            f"no {arch} weights for the perceptual loss, and Jittor's hub gives none ({error}): {how_to_get(arch)}; "
            "or name a file by perceptual_weights=FILE (any .pth or .npz in torchvision's layout does), or do without "
            "(weights.vgg=0)"
        ) from None
    return target
