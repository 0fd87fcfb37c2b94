"""Seeds of the noise of single classes, for models that draw noise for each pixel."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from data_tools.basics.errors import InputError
from jittor_tsit.config import DataConfig
from jittor_tsit.data.label_maps import label_maps_of


def seeds_of_classes(system: Any, data: DataConfig, seeds: Mapping[int, int], option: str) -> Dict[int, int]:
    """Return class, counted from 0 -> seed, as `Noise` takes them.

    Args:
        seeds: Id in the files of label maps -> seed.
        option: Name of the option, for error messages.

    Raises:
        InputError: The system draws no noise for classes, or there is no such class.
    """
    if seeds and not system.draws_by_class:
        raise InputError(f"{option}: this model draws no noise for single classes, only OASIS does; leave it out")
    maps = label_maps_of(data)
    first = 1 if maps.unknown == 0 else 0
    last = first + maps.num_classes - 1
    for number in seeds:
        if not first <= number <= last:
            raise InputError(f"{option}: there is no class {number}; this model's classes are {first} to {last}")
    return {number - first: seed for number, seed in seeds.items()}
