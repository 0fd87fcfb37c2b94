"""How a data set's label maps are read: classes, pixels without a class, borders of instances. Imports no Jittor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Tuple

import numpy as np

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import read_instances, read_label, resize_label
from jittor_tsit.config import DataConfig

INSTANCES = "instances"  # the folder beside `labels`


@dataclass(frozen=True)
class LabelMaps:
    """Label maps of one kind.

    Args:
        num_classes: Ids of the classes are below it.
        unknown: Id of pixels without a class, which become a class of their own, the last; None: there are none.
        has_edges: Borders of instances are one more channel; the instances' numbers lie in `instances` beside `labels`,
            under the same names.

    Source: SPADE's and TSIT's don't-care label and edge map.
    """

    num_classes: int
    unknown: Optional[int] = None
    has_edges: bool = False

    @property
    def num_ids(self) -> int:
        """Different values of a label map as `read` gives it."""
        return self.num_classes + (self.unknown is not None)

    def paths(self, label: Path) -> List[Path]:
        """The files that a label map consists of."""
        return [label, self._instances(label)] if self.has_edges else [label]

    def read(self, label: Path, width: int, height: int) -> Tuple[np.ndarray, ...]:
        """A label map at a size, nearest neighbour: ids [height, width] uint8, and instances int32 if they are needed.

        Raises:
            InputError: A file is missing, cannot be read or holds an id out of range; or the two differ in size.
        """
        ids = read_label(label, self.num_classes, self.unknown)
        arrays = [ids]
        if self.has_edges:
            path = self._instances(label)
            instances = read_instances(path)
            if instances.shape != ids.shape:
                sizes = "{}x{}, and its label map {}x{}".format(*instances.shape[::-1], *ids.shape[::-1])
                raise InputError(f"{path}: has {sizes}; the two must be alike")
            arrays.append(instances)
        return tuple(resize_label(array, width, height) for array in arrays)

    def _instances(self, label: Path) -> Path:
        return label.parent.parent / INSTANCES / label.name


def label_maps_of(data: DataConfig) -> LabelMaps:
    """How the label maps of a data set are read, by the options of an experiment."""
    return LabelMaps(data.num_classes, None if data.unknown_id < 0 else data.unknown_id, data.instance_edges)


def label_channels(data: DataConfig) -> int:
    """Number of channels of a label map in one-hot form, the channel of instance borders included."""
    return label_maps_of(data).num_ids + data.instance_edges


def with_edges(ids: np.ndarray, *instances: np.ndarray) -> Tuple[np.ndarray, ...]:
    """What `LabelMaps.read` gives, with each map of instances replaced by its borders."""
    return (ids, *map(edges, instances))


def edges(instances: np.ndarray) -> np.ndarray:
    """[H, W] numbers -> [H, W] uint8: 1 where a pixel and one of its four neighbours differ."""
    result = np.zeros(instances.shape, np.uint8)
    across, down = instances[:, 1:] != instances[:, :-1], instances[1:] != instances[:-1]
    result[:, 1:] |= across
    result[:, :-1] |= across
    result[1:] |= down
    result[:-1] |= down
    return result
