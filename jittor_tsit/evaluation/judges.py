"""The judges: networks that score images. Loads them from a folder, or says how to get missing weights."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Callable, NamedTuple, Optional, Tuple, Union, cast

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.basics.invocation import typed
from jittor_tsit.conversion.weight_files import WEIGHT_SUFFIXES
from jittor_tsit.data.label_maps import LabelMaps, label_maps_of
from jittor_tsit.evaluation.history import RANK, read_metrics
from jittor_tsit.metrics.features import Extractor, fid_extractor, vgg16_extractor
from jittor_tsit.metrics.lpips import LPIPS, load_lpips
from jittor_tsit.metrics.segmentation import pixel_accuracy
from jittor_tsit.networks.nima import load_nima
from jittor_tsit.runs.loading import load_system
from jittor_tsit.runtime.published_files import FOLDER, how_to_get
from jittor_tsit.systems.tasks import PhotoSegmenter

WITHOUT = "left out by --judges none"


class Segmenter(NamedTuple):
    """Segmentation network that predicts the class of each pixel."""

    name: str  # file name and SHA-256 of the weights
    note: str  # its own accuracy on held-out pairs, if known
    segment: Callable[[np.ndarray], np.ndarray]  # [H, W, 3] uint8 RGB -> [H, W] class ids
    # Like `segment`, and the mean probability of the predicted classes; None for a segmenter without probabilities.
    segment_with_confidence: Optional[Callable[[np.ndarray], Tuple[np.ndarray, float]]] = None
    label_maps: Optional[LabelMaps] = None  # classes of the set that it was trained on, if known

    @property
    def num_classes(self) -> Optional[int]:
        """Number of classes that it knows; None: not known."""
        return self.label_maps.num_classes if self.label_maps else None

    def fault(self, num_classes: int) -> str:
        """Return in a few words why this segmenter cannot judge label maps of so many classes; "" if it can."""
        if self.num_classes in (None, num_classes):
            return ""
        return (
            f"{self.name} knows {self.num_classes} classes, and the label maps have {num_classes} "
            f"(num_classes={num_classes}); take a segmenter of the same classes, or give the right num_classes"
        )

    def accuracy(self, photo: np.ndarray, label: np.ndarray, num_classes: int) -> Optional[float]:
        """Return the share of pixels whose predicted class is the label's class; None if no pixel has a class.

        Args:
            label: Class ids; pixels with an id from `num_classes` on have no class and do not count.

        Raises:
            InputError: The prediction has another shape than the label map.
        """
        predicted = self.segment(photo)
        if predicted.shape != label.shape:
            raise InputError(f"{self.name}: gave {predicted.shape} ids for an image of {label.shape} pixels")
        known = label < num_classes
        return pixel_accuracy(predicted[known], label[known]) if known.any() else None


class Rater(NamedTuple):
    """Network that predicts how people would rate the look of an image."""

    name: str  # file name and SHA-256 of the weights
    rate: Callable[[np.ndarray], float]  # [H, W, 3] uint8 RGB -> 1 to 10


class JudgeAbsent(NamedTuple):
    """Placeholder for a judge whose weights are missing."""

    how: str  # a sentence that tells the user how to get the weights


class Judges(NamedTuple):
    """The judges of a folder of weight files. Each method loads a judge, or returns JudgeAbsent if its file is missing.

    Args:
        folder: Folder with the files `inception`, `nima`, `vgg16`, `lpips` and `segmenter`, each with one of
            WEIGHT_SUFFIXES. A segmenter is a checkpoint of `train`, or a Python file with a function `segment(photo)`
            that takes [H, W, 3] uint8 RGB and returns [H, W] class ids.
        segmenter_file: Used in place of the folder's segmenter.
    """

    folder: Optional[Path] = FOLDER  # None: no judge but `segmenter_file`
    segmenter_file: Optional[Path] = None

    def inception(self) -> Union[Extractor, JudgeAbsent]:
        """Load the Inception network of FID and KID."""
        path = self._file("inception")
        if path is None:
            return self._absent("inception")
        return fid_extractor(str(path))

    def vgg16(self) -> Union[Extractor, JudgeAbsent]:
        """Load the VGG-16 network of the other distances between features."""
        path = self._file("vgg16")
        if path is None:
            return self._absent("vgg16")
        return vgg16_extractor(str(path))

    def nima(self) -> Union[Rater, JudgeAbsent]:
        """Load the NIMA network, which rates the look of an image.

        Raises:
            InputError: The file is not a NIMA network.
        """
        path = self._file("nima")
        if path is None:
            return self._absent("nima")
        return Rater(describe_file(path), load_nima(path).rate)

    def lpips(self) -> Union[LPIPS, JudgeAbsent]:
        """Load LPIPS, the perceptual distance between two images.

        Raises:
            InputError: A file does not hold the expected network.
        """
        vgg16, heads = self._file("vgg16"), self._file("lpips")
        if vgg16 is None or heads is None:
            return self._absent(*(name for name, path in (("lpips", heads), ("vgg16", vgg16)) if path is None))
        return load_lpips(vgg16, heads)

    def segmenter(self) -> Union[Segmenter, JudgeAbsent]:
        """Load the segmentation network.

        Raises:
            InputError: The file is not a segmenter.
        """
        path = self.segmenter_file or self._file("segmenter")
        if path is None:
            if self.folder is None:
                return JudgeAbsent(WITHOUT)
            wanted = self.folder / "segmenter.safetensors"
            train = typed("train --data DIR --experiment segformer_landscape")
            return JudgeAbsent(f"`{train}` trains one; save its best.safetensors as {wanted}")
        return from_python(path) if path.suffix == ".py" else from_checkpoint(path)

    def require_any(self, what: str) -> None:
        """Check that at least one judge is available.

        Args:
            what: Name of the option that needs a judge, for the message.

        Raises:
            InputError: All judges are missing. The message says how to get them.
        """
        names = "segmenter", "nima", "inception", "vgg16"
        if self.folder is None and not self.segmenter_file:
            raise InputError(f"{what}: needs a judge, and the judges are {WITHOUT}; leave that option out")
        if not self.segmenter_file and not any(self._file(name) for name in names):
            ways = "; ".join(getattr(self, name)().how for name in names)
            raise InputError(f"{what}: {self.folder} holds no judge of images: {ways}")

    def has(self, name: str) -> bool:
        """Return whether the folder has the weights of a judge, such as "nima"."""
        return self._file(name) is not None

    def _absent(self, *names: str) -> JudgeAbsent:
        """Return the placeholder of a judge whose files are missing, with the way to get them."""
        if self.folder is None:
            return JudgeAbsent(WITHOUT)
        folder = self.folder
        return JudgeAbsent("; ".join(how_to_get(name, folder) for name in names))

    def _file(self, name: str) -> Optional[Path]:
        """Find the weight file of a judge in `folder`: `name` with one of WEIGHT_SUFFIXES. None if there is none.

        Args:
            name: Such as "inception". A "segmenter" may also be a Python file.

        Raises:
            InputError: There are several such files.
        """
        if self.folder is None:
            return None
        suffixes = (*WEIGHT_SUFFIXES, ".py") if name == "segmenter" else WEIGHT_SUFFIXES
        found = [path for path in (self.folder / f"{name}{suffix}" for suffix in suffixes) if path.exists()]
        if len(found) > 1:
            raise InputError(f"{found[1]}: {found[0].name} lies beside it; only one is allowed, remove the other")
        return found[0] if found else None


def describe_file(path: Path) -> str:
    """Return a file's name and the first 12 digits of its SHA-256."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return f"{path.name} sha256 {digest.hexdigest()[:12]}"


def from_checkpoint(path: Path) -> Segmenter:
    """Load a segmenter that was trained by `train`. Its note gives its accuracy on held-out pairs.

    Raises:
        InputError: The file is not a checkpoint of a segmenter.
    """
    system, experiment = load_system(path)
    if not system.batch_kind.predicts_label_maps:
        raise InputError(f"{path}: is a checkpoint of {experiment.system}, which is no segmenter")
    scores = max(read_metrics(path.parent), key=lambda line: line[RANK], default=None)
    note = "the segmenter's accuracy is not known: no metrics.jsonl beside it"
    if scores:
        note = "on held-out pairs the segmenter's pixel accuracy is {pixel_accuracy:.3f}, its mean IoU {mean_iou:.3f}"
        note = note.format(**scores)
    segmenter, maps = cast(PhotoSegmenter, system), label_maps_of(experiment.data)
    return Segmenter(describe_file(path), note, segmenter.segment, segmenter.segment_with_confidence, maps)


def from_python(path: Path) -> Segmenter:
    """Load a segmenter from a Python file with a function `segment(photo)`.

    A further function `probabilities(photo)`, [H, W, 3] uint8 RGB -> [K, H, W] of K classes, gives confidences.

    Raises:
        InputError: The file is missing, fails, or has no such function.
    """
    try:
        spec = importlib.util.spec_from_file_location("user_segmenter", path)
        assert spec is not None and spec.loader is not None  # its name ends in .py
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except Exception as error:  # the user's code may raise anything
        raise InputError(f"{path}: cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(getattr(module, "segment", None)):
        raise InputError(f"{path}: has no function segment(photo)")

    def call(name: str, photo: np.ndarray) -> np.ndarray:
        try:
            return np.asarray(getattr(module, name)(photo))
        except Exception as error:
            raise InputError(f"{path}: {name}(photo) fails: {type(error).__name__}: {error}") from error

    def segment(photo: np.ndarray) -> np.ndarray:
        ids = call("segment", photo)
        if ids.ndim != 2 or ids.dtype.kind not in "iu":
            raise InputError(f"{path}: segment(photo) gave {ids.dtype} of shape {ids.shape}, not ids [H, W]")
        return ids

    def segment_with_confidence(photo: np.ndarray) -> Tuple[np.ndarray, float]:
        shares = call("probabilities", photo)
        is_right = shares.ndim == 3 and shares.dtype.kind == "f" and shares.shape[1:] == photo.shape[:2]
        if not is_right or not (0 <= shares.min() <= shares.max() <= 1.001):
            form, pixels = f"{shares.dtype} of shape {shares.shape}", f"a photo of {photo.shape[:2]} pixels"
            raise InputError(f"{path}: probabilities(photo) gave {form} for {pixels}; [K, H, W] from 0 to 1 is needed")
        return shares.argmax(0), float(shares.max(0).mean())

    has_probabilities = callable(getattr(module, "probabilities", None))
    return Segmenter(describe_file(path), "", segment, segment_with_confidence if has_probabilities else None)
