"""Features of image files computed by a frozen network, and their cache files.

The module does not import Jittor when it is loaded: the processes that read images import it, and start quickly.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.files import file_version, make_folder, write_through
from data_tools.basics.progress import progress_bar
from data_tools.sets.formats import IMAGES
from data_tools.sets.image_io import read_photo, resize_photo
from data_tools.sets.listing import list_files
from jittor_tsit.conversion.weight_files import read_weights
from jittor_tsit.data.read_ahead import read_ahead
from jittor_tsit.layers import imagenet
from jittor_tsit.runtime.status_line import SCORE_NOTE, FirstWait

BATCH_SIZE = 16  # on 2 cores Inception is a quarter faster than with 8; uses 0.9 GB with Inception, 1.1 GB with VGG-16
WORKERS = 2  # reading takes far less time than the network on a CPU; on a GPU more workers pay
CACHE_VERSION = 2  # raise it when the features change for the same weights

VGG_SIDE = 160  # pixels; VGG was trained on sides of 224, which take twice the time


class Extractor(NamedTuple):
    """A network that computes features, and the names of the distances between these features."""

    frechet_name: str  # name of the Fréchet distance
    kernel_name: str  # name of the kernel distance
    prepare: Callable[[np.ndarray], np.ndarray]  # [H, W, 3] uint8 of any size -> [3, h, w] float32
    network: Callable[[np.ndarray], np.ndarray]  # [N, 3, h, w] float32 -> [N, D] float32
    digest: str  # SHA-256 of its weights


def fid_extractor(weights: str) -> Extractor:
    """Return the extractor of the 2,048 features of FID and KID, as pytorch-fid computes them.

    Args:
        weights: Path of pytorch-fid's file.

    Raises:
        InputError: As in `inception.find_inception`.
    """
    import jittor as jt  # not in the reading processes

    from jittor_tsit.networks.inception import find_inception

    network = find_inception(weights)

    def pooled(x: np.ndarray) -> np.ndarray:
        with jt.no_grad():
            return network(jt.array(x))[0].numpy()

    return Extractor("fid", "kid", fid_input, pooled, digest_of(network))


def vgg16_extractor(weights: str, layer: str = "relu5_1") -> Extractor:
    """Return the extractor of the means over the image of a layer of VGG-16 trained on ImageNet.

    The distances of these features are not FID and KID and have other scales.

    Args:
        weights: Path of torchvision's file.
        layer: relu1_1 (64 features), relu2_1 (128), relu3_1 (256), relu4_1 (512) or relu5_1 (512).

    Raises:
        InputError: As in `vgg.load_vgg`, or `layer` is another word.
    """
    import jittor as jt  # not in the reading processes

    from jittor_tsit.layers.reductions import mean
    from jittor_tsit.networks.vgg import LAYERS, load_vgg

    if layer not in LAYERS:
        raise InputError(f"layer={layer}: allowed are {', '.join(LAYERS)}")
    network = load_vgg("vgg16", Path(weights))

    def means(x: np.ndarray) -> np.ndarray:
        with jt.no_grad():
            return mean(network(jt.array(x))[LAYERS.index(layer)], [2, 3]).numpy()

    return Extractor(f"vgg16_{layer}_frechet", f"vgg16_{layer}_mmd", vgg_input, means, digest_of(network))


def digest_of(network) -> str:
    """Return the SHA-256 of the names, shapes and values of a network's arrays, as hexadecimal digits."""
    digest = hashlib.sha256()
    for name, var in sorted(network.state_dict().items()):
        digest.update(f"{name} {list(var.shape)}\n".encode() + var.numpy().tobytes())
    return digest.hexdigest()


def fid_input(photo: np.ndarray) -> np.ndarray:
    """Convert a photo to the input of FID's Inception: bilinear resizing that does not average when it shrinks.

    Shapes:
        photo [H, W, 3] uint8 -> [3, 299, 299] float32 in [-1, 1]
    """
    square = cv2.resize(photo.astype(np.float32) / 255, (299, 299), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(2 * square.transpose(2, 0, 1) - 1)


def vgg_input(photo: np.ndarray) -> np.ndarray:
    """Convert a photo to the input of VGG: a square, normalised with ImageNet's mean and deviation.

    Shapes:
        photo [H, W, 3] uint8 -> [3, VGG_SIDE, VGG_SIDE] float32
    """
    square = resize_photo(photo, VGG_SIDE, VGG_SIDE).astype(np.float32) / 255
    normalized = (square - np.array(imagenet.MEAN, np.float32)) / np.array(imagenet.STD, np.float32)
    return np.ascontiguousarray(normalized.transpose(2, 0, 1))


def find_images(folder: Path, at_least: int = 2) -> List[Path]:
    """Return the images of a folder, sorted by path. Hidden and other files are ignored.

    Args:
        at_least: Smallest number of images that is enough. A distance between two sets needs 2.

    Raises:
        InputError: The folder does not exist or holds fewer images, or a name is not UTF-8.
    """
    paths = list_files(Path(folder), IMAGES)
    if len(paths) < at_least:
        raise InputError(f"{folder}: holds {len(paths)} image; at least {at_least} are needed; {IMAGES}")
    return paths


@dataclass(frozen=True)
class _Photos:
    """Function for worker processes: called with a position of `paths`, it reads this photo and applies `prepare`."""

    paths: Sequence[Path]
    prepare: Callable[[np.ndarray], np.ndarray]

    def __call__(self, place: int) -> Tuple[np.ndarray]:
        return (self.prepare(read_photo(self.paths[place])),)


def features_of(
    paths: Sequence[Path], extractor: Extractor, batch_size: int = BATCH_SIZE, workers: int = WORKERS
) -> np.ndarray:
    """Compute the features of image files, one row for each.

    Args:
        batch_size: Number of images in a batch of the network; it changes the result by rounding only.
        workers: Number of processes that read images.

    Returns:
        [N, D] float32

    Raises:
        InputError: A file cannot be read, or features are not finite.
    """
    places = range(len(paths))
    batches = [places[first : first + batch_size] for first in places[::batch_size]]
    arrays = read_ahead(_Photos(paths, extractor.prepare), iter([[batch] for batch in batches]), workers)
    rows, first_batch = [], FirstWait(SCORE_NOTE)
    try:
        with progress_bar(total=len(paths), unit="img", desc=f"{extractor.frechet_name} features") as bar:
            for batch, ((photos,),) in zip(batches, arrays):
                with first_batch:
                    rows.append(extractor.network(photos))
                bar.update(len(batch))
    finally:
        arrays.close()
    features = np.concatenate(rows)
    _require_finite(features, paths, extractor)
    return features


def _require_finite(features: np.ndarray, paths: Sequence[Path], extractor: Extractor) -> None:
    finite = np.isfinite(features).all(1)
    if not finite.all():
        first = paths[int(np.argmin(finite))]
        raise InputError(
            f"{first}: its {extractor.frechet_name} features are not finite; the weights of the network are damaged, "
            "use another file of them"
        )


def cached_features(
    paths: Sequence[Path],
    extractor: Extractor,
    cache: Path,
    batch_size: int = BATCH_SIZE,
    workers: int = WORKERS,
) -> np.ndarray:
    """Return the features of image files as `features_of` does, from a cache file if it is up to date.

    Args:
        cache: An .npz file. It is up to date if names, sizes and modification times of the image files and the weights
            of the network are the same as when it was written. Otherwise, and if it is damaged, it is replaced.

    Raises:
        InputError: As in `features_of`, or the cache has another suffix or cannot be written.
    """
    cache = Path(cache)
    if cache.suffix != ".npz" or cache.is_dir():
        raise InputError(f"{cache}: the cache of features must be a file with suffix .npz; choose another name")
    key = _cache_key(paths, extractor)
    features = _read_cache(cache, key, len(paths))
    if features is None:
        make_folder(cache.parent)
        features = features_of(paths, extractor, batch_size, workers)
        write_through(cache, lambda temporary: _write_cache(temporary, key, features))
    return features


def _cache_key(paths: Sequence[Path], extractor: Extractor) -> np.ndarray:
    """Return the SHA-256, [32] uint8, of everything that the features depend on: the images and the network."""
    digest = hashlib.sha256(f"{CACHE_VERSION} {extractor.frechet_name} {extractor.digest}\n".encode())
    for path in paths:
        try:
            version = file_version(path)
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from None
        digest.update(f"{path.name} {version.size} {version.changed_ns}\n".encode("utf-8", "surrogateescape"))
    return np.frombuffer(digest.digest(), np.uint8)


def _read_cache(cache: Path, key: np.ndarray, count: int) -> Optional[np.ndarray]:
    """Return the features, or None if the file is damaged or has another key."""
    try:
        arrays = read_weights(cache)
    except InputError:
        return None
    if set(arrays) != {"key", "features"} or not np.array_equal(arrays["key"], key):
        return None
    features = arrays["features"]
    sound = (
        features.ndim == 2 and len(features) == count and features.dtype == np.float32 and np.isfinite(features).all()
    )
    return features if sound else None


def _write_cache(path: Path, key: np.ndarray, features: np.ndarray) -> None:
    with open(path, "wb") as file:  # given a path, NumPy would append .npz
        np.savez(file, key=key, features=features)
