"""Checks of a run's options that need no Jittor. They come before Jittor is compiled."""

from __future__ import annotations

from pathlib import Path
from typing import List, Set

from jittor_tsit.commands.path_checks import require_file, require_folder, require_input, require_writable
from jittor_tsit.config import Experiment, SegFormerConfig, SystemConfig
from jittor_tsit.config.phases import make_plan, phases_of, split_of
from jittor_tsit.data.finders import find_samples
from jittor_tsit.data.samples import PairedSamples, Samples
from jittor_tsit.runs.disk_space import require_space
from jittor_tsit.runtime.jittor_hub import find_hub_weights

FIRST_MAPS = 3  # label maps that are read to compare their ids with num_classes; more would take noticeable time


def check_experiment(experiment: Experiment, run_dir: Path, has_data: bool = True) -> List[Samples]:
    """Check paths, sizes and classes of a run, in the order of their cost.

    Args:
        has_data: Whether the data set exists. The sample set, for example, is rendered later.

    Returns:
        The training samples of each phase; an empty list if they cannot be listed yet.

    Raises:
        InputError: An option is wrong. The message says what was given, what is allowed and what to do.
    """
    check_paths(experiment, run_dir)
    data = experiment.data
    if isinstance(experiment.config, SystemConfig):
        experiment.config.require_size(data.image_height, data.image_width)
    require_space(experiment, run_dir)
    if not has_data:
        return []
    require_folder("--data", Path(data.root))
    samples = find_samples(experiment) or []
    if samples:
        make_plan(experiment, [len(each) for each in samples])
        _check_first_maps(samples[0])
    return samples


def check_paths(experiment: Experiment, run_dir: Path) -> None:
    """Check that all files and folders exist that the options of a run name, and that its folder can be written.

    Raises:
        InputError: One is missing, or an option that a loss term needs is empty.
    """
    config, run, data = experiment.config, experiment.run, experiment.data
    if isinstance(config, SystemConfig):
        terms = terms_with_weight(experiment)
        for option, file in config.weight_files(terms).items():
            require_file(option, Path(file))
    for number in range(1, len(phases_of(experiment)) + 1):
        split_of(experiment, number)
    if data.split:
        require_input("--split", Path(data.split))
    if data.second_root:
        require_folder("second_root", Path(data.second_root))
    if run.initial:
        require_file("--from-weights", Path(run.initial))
    if run.evaluate_every and not isinstance(config, SegFormerConfig):  # whose scores need no judges
        require_folder("judges", Path(run.judges))
    require_writable("--run-dir", run_dir)
    if data.cache:
        require_writable("cache", Path(data.cache))


def fetch_hub_weights(experiment: Experiment) -> None:
    """Download the weights of the perceptual loss from Jittor's hub, if the run needs them and they are not there.

    Raises:
        InputError: The download fails. The message says how to get the weights otherwise.
    """
    config = experiment.config
    arch = config.hub_weights(terms_with_weight(experiment)) if isinstance(config, SystemConfig) else ""
    if arch:
        find_hub_weights(arch)


def terms_with_weight(experiment: Experiment) -> Set[str]:
    """Return the names of the loss terms with a weight other than 0 in at least one phase."""
    own = vars(experiment.config.weights)
    phases = [{**own, **phase.weights} for phase in phases_of(experiment)]
    return {name for weights in phases for name, weight in weights.items() if weight}


def _check_first_maps(samples: Samples) -> None:
    """Read a few label maps, so that a wrong num_classes or unknown_id is found at once."""
    if isinstance(samples, PairedSamples):
        for pair in samples.pairs[:FIRST_MAPS]:
            samples.label_maps.read(pair.label, *samples.augmentation.size)
