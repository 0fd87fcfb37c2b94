"""The function `jittor_tsit.load`: a checkpoint as a Python function from NumPy arrays to NumPy arrays."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Collection, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from data_tools.basics.arguments import as_flag, as_pair, as_path, as_whole, given
from data_tools.basics.errors import InputError
from data_tools.basics.invocation import typed
from data_tools.sets.classes import to_classes
from data_tools.sets.image_io import resize_label, resize_photo, with_channels
from jittor_tsit.data.label_maps import OF_MODEL, label_maps_of
from jittor_tsit.inference.arrays import Names, as_batch, in_colour, matching_batch, names_of_batch
from jittor_tsit.inference.class_seeds import seeds_of_classes
from jittor_tsit.inference.options import ImageOptions, Size
from jittor_tsit.runs.demo_model import weights_file
from jittor_tsit.runtime.inside_program import start_jittor_inside

PathLike = Union[str, "os.PathLike[str]"]
LABEL_MAPS, IMAGES, PHOTOS_WITH_LABELS, SEGMENTATION = "label maps", "images", "labels", "segmentation"
TASKS = {  # name of the TestTask of a system -> task of its model here
    "IMAGES_FROM_LABEL_MAPS": LABEL_MAPS,
    "IMAGES_FROM_IMAGES": IMAGES,
    "PHOTOS_WITH_OTHER_LABELS": PHOTOS_WITH_LABELS,
}


def load(path: PathLike, device: str = "auto") -> ImageModel:
    """Load the model of a run or of a checkpoint.

    The first call in a new Python environment compiles Jittor's core, which takes some minutes.

    Args:
        path: Folder of a run of `train`, whose best checkpoint by its evaluations is loaded, or the newest if there
            were none; or a checkpoint of `train`, `convert` or `average`; or "demo", the model that comes with the
            package.
        device: "auto" uses the GPU if there is one, "cpu" does not. It applies to the whole process.

    Raises:
        InputError: There is no checkpoint, it cannot be read, or its system makes no images from one input.
    """
    path = weights_file(as_path(path, "path"))
    if not path.exists():
        raise InputError(f"{path}: no such run or checkpoint; train one first by `{typed('train')}`")
    start_jittor_inside(device)
    from jittor_tsit.inference.which_checkpoint import choose_checkpoint
    from jittor_tsit.runs.loading import load_system

    checkpoint = choose_checkpoint(path).path if path.is_dir() else path
    system, experiment = load_system(checkpoint)
    if not _task_of(system):
        raise InputError(f"{checkpoint}: this model of {experiment.system} cannot be called with an array")
    return ImageModel(checkpoint, system, experiment)


class ImageModel:
    """A model that turns NumPy arrays into NumPy arrays, one image or a batch at a time. Made by `load`.

    The images are the pixels that `bash run.sh test` writes for files of the same content, before JPEG compresses them.
    `help(model)` and docs/python.md say what each kind of model takes.
    """

    def __init__(self, checkpoint: Path, system: Any, experiment: Any):
        self.checkpoint = checkpoint
        self._system, self._data, self._system_name = system, experiment.data, experiment.system

    def __repr__(self) -> str:
        width, height = self.size
        return f"<{self.system} from {self.takes} to {width}x{height}, {self.checkpoint}>"

    @property
    def system(self) -> str:
        """Name of the system, such as "tsit"."""
        return self._system_name

    @property
    def takes(self) -> str:
        """Kind of the inputs: "label maps" or "photos"."""
        return LABEL_MAPS if self._task == LABEL_MAPS else "photos"

    @property
    def takes_reference(self) -> bool:
        """Whether the style of an image can be taken from a photo."""
        return self._task == LABEL_MAPS and self._system.has_code

    @property
    def translates_back(self) -> bool:
        """Whether the model also translates from the second domain to the first."""
        return self._system.translates_back

    @property
    def size(self) -> Tuple[int, int]:
        """Width and height of the images of label maps, or of the training images of a model that translates photos.

        A segmenter's results have the size of the photo instead.
        """
        data = self._data
        if self._task == LABEL_MAPS:
            return data.output_width, data.output_height
        return data.image_width, data.image_height

    @property
    def num_classes(self) -> int:
        """Number of classes of label maps; 0 for models that know none."""
        return self._data.num_classes if self._task in (LABEL_MAPS, SEGMENTATION) else 0

    @property
    def class_names(self) -> List[str]:
        """Names of the landscape classes, or those of `train --class-names`, in the order of ids; otherwise empty."""
        classes = label_maps_of(self._data).class_list
        return classes.names if self.num_classes and (classes.is_landscape or classes.lines) else []

    @property
    def palette(self) -> np.ndarray:
        """Colours that show the classes in pictures, [num_classes, 3] uint8."""
        return label_maps_of(self._data).class_list.palette[: self.num_classes]

    @property
    def targets(self) -> List[str]:
        """Names of the attributes and classes that the argument `target` of a call can be; empty except for StarGAN."""
        if self._task != PHOTOS_WITH_LABELS:
            return []
        return [*self._system.names.attributes, *self._system.names.classes]

    def __call__(
        self,
        inputs: np.ndarray,
        seed: int = 0,
        reference: Optional[np.ndarray] = None,
        name: Names = None,
        instances: Optional[np.ndarray] = None,
        target: str = "",
        label: Sequence[int] = (),
        back: bool = False,
        size: Optional[Size] = None,
        class_seeds: Optional[Mapping[int, int]] = None,
    ) -> np.ndarray:
        """Make an image of each input.

        Args:
            inputs: Label maps [H, W] or [N, H, W] of any integer type, with ids as in the files of the training set; or
                photos [H, W, 3] or [N, H, W, 3] uint8 RGB. Any size: they are resized as `test` does.
            seed: Seed of everything that is drawn at random, as `test --seed`.
            reference: Photos whose style the images take, [H, W, 3] or [N, H, W, 3] uint8 RGB; without them styles are
                drawn at random. Only where `takes_reference`.
            name: Name of the input, or one name for each. A style is drawn by `seed` and name: `test` uses a file's
                name without its ending. The default is the place in the batch: "0", "1", and so on.
            instances: Numbers of the objects that pixels belong to, shaped as `inputs`; needed by models trained with
                `instance_edges=true`.
            target: The member of `targets` that the images get. Only StarGAN needs it.
            label: The photos' own attributes, zeros and ones in the order of `targets`. Only for StarGAN's models of
                attributes; without it, the model's D finds the attributes, as `test` does for photos without a list.
            back: Translate from the second domain to the first. Only where `translates_back`.
            size: Width and height of the images, as `test --size`. The default is `size` of the model for label maps;
                translated photos keep their proportions, with about as many pixels.
            class_seeds: Other seeds for the pixels of single classes: id -> seed. Only for OASIS.

        Returns:
            [height, width, 3] uint8 RGB, or [N, height, width, 3] for a batch. A segmenter returns class ids
            [H, W] uint8, or [N, H, W].

        Raises:
            InputError: An array has the wrong shape, type or ids, or an option does not fit the model.
        """
        seed, back = as_whole(seed, "seed", 0), as_flag(back, "back")
        self._require_fitting(reference, instances, target, label, back)
        own_seeds = seeds_of_classes(self._system, self._data, class_seeds or {}, "class_seeds")
        if size is not None and self._task == SEGMENTATION:
            raise InputError(f"{given('size', size)}: this model makes no images; leave it out")
        size = None if size is None else as_pair(size, "size", "(width, height) in pixels", 1)
        batch, is_single = as_batch(inputs, "inputs", is_photo=self._task != LABEL_MAPS)
        names = names_of_batch(name, len(batch))
        references = None if reference is None else matching_batch(reference, "reference", len(batch), is_photo=True)
        objects = None if instances is None else matching_batch(instances, "instances", len(batch), is_photo=False)
        from jittor_tsit.systems.draws import Noise

        outputs = []
        for k, one in enumerate(batch):  # one at a time, as `test` does: no image depends on its neighbours
            if self._task == LABEL_MAPS:
                photo = None if references is None else references[k]
                own = None if objects is None else objects[k]
                outputs.append(self._from_label(one, own, photo, names[k], Noise(seed, own_seeds), size))
            elif self._task == IMAGES:
                outputs.append(self._translated(one, names[k], seed, back, size))
            elif self._task == PHOTOS_WITH_LABELS:
                outputs.append(self._relabelled(one, target, label, size))
            else:
                outputs.append(self._system.segment(one))
        return outputs[0] if is_single else np.stack(outputs)

    @property
    def _task(self) -> str:
        return _task_of(self._system)

    def _from_label(
        self,
        ids: np.ndarray,
        objects: Optional[np.ndarray],
        photo: Optional[np.ndarray],
        name: str,
        noise: Any,
        size: Optional[Size],
    ) -> np.ndarray:
        from jittor_tsit.data.batches import to_image
        from jittor_tsit.inference.from_label_maps import pixels_of

        model, maps = self._model(size), label_maps_of(self._data)
        shape = model.data.image_width, model.data.image_height
        arrays = [to_classes(ids, maps.num_classes, maps.unknown, f"inputs, {name}", OF_MODEL)]
        if objects is not None:
            if objects.shape != ids.shape:
                raise InputError(f"instances: have the shape {objects.shape}; the label map's {ids.shape} is needed")
            arrays.append(objects.astype(np.int32))
        image = None if photo is None else to_image(resize_photo(photo, *shape)[None])
        resized = [resize_label(array, *shape) for array in arrays]
        return pixels_of(model, resized, image, name, noise)

    def _translated(self, photo: np.ndarray, name: str, seed: int, back: bool, size: Optional[Size]) -> np.ndarray:
        from jittor_tsit.inference.from_images import translation
        from jittor_tsit.inference.sizes import Sizing
        from jittor_tsit.systems.draws import Noise

        height, width = photo.shape[:2]
        grey_or_colour = with_channels(photo, self._system.batch_kind.channels[back])
        resized = resize_photo(grey_or_colour, *Sizing(self.size, size).of(width, height))
        return in_colour(translation(self._model(size), resized, name, Noise(seed), back))

    def _relabelled(self, photo: np.ndarray, target: str, label: Sequence[int], size: Optional[Size]) -> np.ndarray:
        from jittor_tsit.inference.relabel import fit, relabelled

        names = self._system.names
        own, model = names.of_attributes(label) if label else None, self._model(size)
        return relabelled(model, fit(photo, model.data, ImageOptions(size=size)), own)[target]

    def _model(self, size: Optional[Size]) -> Any:
        """Return the model as the modules of `test` take it, for images of a size; None: the default size."""
        from jittor_tsit.inference.model import Model, with_size

        return with_size(Model(self.checkpoint, self._system, self._data), size)

    def _require_fitting(self, reference, instances, target: str, label: Sequence[int], back: bool) -> None:
        """Raise InputError for options that the model does not use, and for missing ones that it needs."""
        if reference is not None and not self.takes_reference:
            raise InputError(f"reference: this model ({self.system}) takes no style from a photo; leave it out")
        if back and not self.translates_back:
            raise InputError(f"back=True: this model ({self.system}) has learned one direction only; leave it out")
        has_edges = self._task == LABEL_MAPS and self._data.instance_edges
        if has_edges != (instances is not None):
            need = "instances are needed" if has_edges else "leave them out"
            how = "with" if has_edges else "without"
            raise InputError(f"instances: {need}: this model was trained {how} instance_edges=true")
        if target not in (self.targets or [""]):
            allowed = f"allowed are {', '.join(self.targets)}" if self.targets else "this model has none; leave it out"
            raise InputError(f"target={target!r}: {allowed}")
        attributes = self._system.names.attributes if self.targets else ()
        if not isinstance(label, Collection) or isinstance(label, (str, bytes)):
            raise InputError(f"{given('label', label)}: a list of zeros and ones is needed, or nothing")
        if len(label) not in (0, len(attributes)) or not set(label) <= {0, 1}:
            needed = f"a 0 or 1 for each of {', '.join(attributes)}, or nothing" if attributes else "leave it out"
            raise InputError(f"label={list(label)}: {needed}")


def _task_of(system: Any) -> str:
    """Return the task of a system's model; empty if it cannot be called with an array."""
    kind = system.batch_kind
    return SEGMENTATION if kind.predicts_label_maps else TASKS.get(kind.test_task.name, "")
