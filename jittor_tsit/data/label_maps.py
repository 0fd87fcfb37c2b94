"""Reading of label maps: classes, pixels without a class, borders of instances. Imports no Jittor."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import List, Optional, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.sets.class_list import ClassList
from data_tools.sets.image_io import read_instances, read_label, resize_label
from data_tools.sets.listing import find_named
from jittor_tsit.config import DataConfig

# End of the message about an id out of range: options such as num_classes do not change a trained model.
OF_MODEL = ", the classes that the model was trained with; change the ids in the file, or train with other options"
INSTANCES = "instances"  # the folder beside `labels`


@dataclass(frozen=True)
class LabelMaps:
    """Reader of the label maps of a data set.

    Args:
        num_classes: Number of classes; class ids are 0 to num_classes - 1.
        unknown: Id of pixels without a class. They become one more class, the last one. None: every pixel has a class.
        class_names: Names of the classes, as `ClassList.lines`; only what people look at depends on them.
        of_model: Whether the classes are those of a trained model, which no option can change; for error messages.
        has_edges: Whether the borders of instances become one more channel. The instance maps then lie in the folder
            `instances` beside `labels`, under the names of the label maps.

    Source: the don't-care label and the edge map of SPADE and TSIT.
    """

    num_classes: int
    unknown: Optional[int] = None
    has_edges: bool = False
    class_names: Tuple[str, ...] = field(default=(), compare=False, repr=False)
    of_model: bool = field(default=False, compare=False, repr=False)

    @property
    def num_ids(self) -> int:
        """Number of different ids in a label map that `read` returns."""
        return self.num_classes + (self.unknown is not None)

    @property
    def class_list(self) -> ClassList:
        """The classes with their names and colours."""
        return ClassList(self.num_classes, self.unknown, self.class_names)

    def paths(self, label: Path) -> List[Path]:
        """Return the files that `read` reads for a label map: itself and, with `has_edges`, its instance map."""
        return [label, self._instances(label)] if self.has_edges else [label]

    def read(self, label: Path, width: int, height: int) -> Tuple[np.ndarray, ...]:
        """Read a label map and resize it by nearest neighbour.

        Returns:
            Class ids [height, width] uint8; with `has_edges` also instance numbers [height, width] int32.

        Raises:
            InputError: A file is missing, cannot be read or holds an id out of range; or label map and instance map
                differ in size.
        """
        ids = read_label(label, self.num_classes, self.unknown, OF_MODEL if self.of_model else None)
        arrays = [ids]
        if self.has_edges:
            path = self._instances(label)
            instances = read_instances(path)
            if instances.shape != ids.shape:
                sizes = "{}x{}, and its label map {}x{}".format(*instances.shape[::-1], *ids.shape[::-1])
                raise InputError(f"{path}: has {sizes}; both must have the same size")
            arrays.append(instances)
        return tuple(resize_label(array, width, height) for array in arrays)

    def _instances(self, label: Path) -> Path:
        return find_named(label.parent.parent / INSTANCES, label.name)


def label_maps_of(data: DataConfig, of_model: bool = False) -> LabelMaps:
    """Return the reader of label maps for the data options of an experiment.

    Args:
        of_model: Whether these are the options of a trained model.
    """
    unknown = None if data.unknown_id < 0 else data.unknown_id
    return LabelMaps(data.num_classes, unknown, data.instance_edges, data.class_names, of_model)


def label_channels(data: DataConfig) -> int:
    """Return the number of channels of a one-hot label map, including the channel of instance borders."""
    return label_maps_of(data).num_ids + data.instance_edges


def with_edges(ids: np.ndarray, *instances: np.ndarray) -> Tuple[np.ndarray, ...]:
    """Replace the instance map in the arrays of `LabelMaps.read`, if there is one, by the borders of instances.

    Returns:
        Class ids [H, W] uint8 and, if there is an instance map, borders [H, W] uint8 of zeros and ones.
    """
    return (ids, *map(edges, instances))


def edges(instances: np.ndarray) -> np.ndarray:
    """Return the borders of instances: 1 where a pixel differs from one of its four neighbours.

    Shapes:
        [H, W] instance numbers -> [H, W] uint8
    """
    result = np.zeros(instances.shape, np.uint8)
    across, down = instances[:, 1:] != instances[:, :-1], instances[1:] != instances[:-1]
    result[:, 1:] |= across
    result[:, :-1] |= across
    result[1:] |= down
    result[:-1] |= down
    return result
