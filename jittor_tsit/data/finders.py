"""Find the training samples of an experiment by the kind of data that its options name. Imports no Jittor."""

from __future__ import annotations

from functools import partial
from typing import Callable, Dict, List, Optional

from jittor_tsit.config import Experiment, SystemConfig
from jittor_tsit.config.phases import data_of, phases_of, split_of
from jittor_tsit.config.systems.base import (
    ADAPTATION,
    ATTRIBUTES,
    CONTENT_AND_STYLE,
    DOMAINS,
    IMAGE_PAIRS,
    LABEL_MAPS,
)
from jittor_tsit.data import folders, labelled_folders
from jittor_tsit.data.labels import LabelNames
from jittor_tsit.data.samples import Samples

FINDERS: Dict[str, Callable[..., Samples]] = {  # kind of data -> function of the options, the split file and the seeds
    LABEL_MAPS: folders.paired_samples,
    IMAGE_PAIRS: folders.aligned_samples,
    DOMAINS: folders.domain_samples,
    CONTENT_AND_STYLE: folders.unpaired_samples,
}
FINDERS_WITH_NAMES: Dict[str, Callable[..., Samples]] = {  # the same, with the names of the labels as last argument
    ATTRIBUTES: labelled_folders.labelled_samples,
    ADAPTATION: labelled_folders.adaptation_samples,
}


def find_samples(experiment: Experiment) -> Optional[List[Samples]]:
    """List the training samples of each phase without reading them; None if the options tell no kind of data.

    Raises:
        InputError: A folder or a split file is missing or faulty, or an option has no meaning for this kind of data.
    """
    config = experiment.config
    kind = config.data_kind() if isinstance(config, SystemConfig) else ""
    if not kind:
        return None
    find = FINDERS.get(kind)
    if find is None:
        find = partial(FINDERS_WITH_NAMES[kind], names=LabelNames(getattr(config, "attributes", ()), config.classes))
    return samples_of_phases(experiment, find)


def samples_of_phases(experiment: Experiment, find: Callable[..., Samples]) -> List[Samples]:
    """Return the training samples of each phase.

    Args:
        find: A function of the data options, the split file or None, and the seeds.

    Raises:
        InputError: The folder or a split file is missing or faulty.
    """
    numbers, seed = range(1, len(phases_of(experiment)) + 1), experiment.run.seed
    return [find(data_of(experiment, number), split_of(experiment, number), (seed, number)) for number in numbers]
