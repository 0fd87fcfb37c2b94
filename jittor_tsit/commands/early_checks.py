"""Checks of a run's options that need no Jittor. They come before Jittor is compiled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import List, Set

from data_tools.basics.errors import InputError
from data_tools.basics.spacing import evenly_spaced
from data_tools.sets.classes import IdError
from data_tools.sets.sufficient_classes import sufficient_classes
from jittor_tsit.commands.path_checks import (
    nearest_folder,
    require_file,
    require_folder,
    require_input,
    require_writable,
)
from jittor_tsit.config import Experiment, SegFormerConfig, SystemConfig, to_json
from jittor_tsit.config.phases import make_plan, phases_of, split_of
from jittor_tsit.conversion.foreign_files import not_a_checkpoint
from jittor_tsit.conversion.weight_files import require_weight_file
from jittor_tsit.data.finders import find_samples
from jittor_tsit.data.samples import PairedSamples, Samples
from jittor_tsit.runs.checkpoint import checkpoint_paths
from jittor_tsit.runs.demo_model import weights_file
from jittor_tsit.runs.disk_space import require_space
from jittor_tsit.runs.events import require_tensorboard
from jittor_tsit.runs.initial_header import check_initial_header
from jittor_tsit.runs.same_run import check_options_of_run
from jittor_tsit.runtime.jittor_hub import find_default_weights
from jittor_tsit.runtime.published_files import how_to_get

MORE_MAPS = 50  # that are read when one of these holds an unknown id, to say which num_classes suffices; about a second
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
        plan = make_plan(experiment, [len(each) for each in samples])
        check_options_of_run(run_dir, json.loads(to_json(experiment)), plan)
        _check_first_maps(samples[0])
    return samples


def check_paths(experiment: Experiment, run_dir: Path) -> None:
    """Check that all files and folders exist that the options of a run name, and that its folder can be written.

    Raises:
        InputError: One is missing, an option that a loss term needs is empty, or --tensorboard lacks its package.
    """
    config, run, data = experiment.config, experiment.run, experiment.data
    if isinstance(config, SystemConfig):
        terms = terms_with_weight(experiment)
        for option, file in config.weight_files(terms).items():
            _require_weights(config, option, Path(file))
    for number in range(1, len(phases_of(experiment)) + 1):
        split_of(experiment, number)
    if data.split:
        require_input("--split", Path(data.split))
    if data.second_root:
        require_folder("second_root", Path(data.second_root))
    if run.initial and not checkpoint_paths(run_dir):  # a run that has begun does not read it again
        path = weights_file(run.initial)
        require_file("--from-weights", path)
        found = not_a_checkpoint(path)
        if found:
            raise InputError(f"{run.initial}: {found}; a .safetensors file of train is needed")
        check_initial_header(path, json.loads(to_json(experiment)))
    if run.tensorboard:
        require_tensorboard()
    if run.evaluate_every and not isinstance(config, SegFormerConfig):  # whose scores need no judges
        _require_judges(Path(run.judges))
    require_writable("--run-dir", run_dir)
    if data.cache:
        require_writable("cache", Path(data.cache))


def _require_weights(config: SystemConfig, option: str, path: Path) -> None:
    """Check that a file of weights exists and is of a format that can be read. Say how to get a published one."""
    published = {"perceptual_weights": getattr(config, "perceptual", "vgg16-caffe"), "nima": "nima"}
    if option in published and not path.exists():
        raise InputError(f"{option}={path}: no such file{nearest_folder(path)}; {how_to_get(published[option])}")
    require_file(option, path)
    require_weight_file(path)


def _require_judges(folder: Path) -> None:
    if not folder.exists():
        raise InputError(f"judges={folder}: no such folder; {how_to_get('inception', folder)}")
    require_folder("judges", folder)


def fetch_hub_weights(experiment: Experiment) -> None:
    """Download the weights of the perceptual loss from Jittor's hub, if the run needs them and they are not there.

    Raises:
        InputError: The download fails. The message says how to get the weights otherwise.
    """
    config = experiment.config
    arch = config.hub_weights(terms_with_weight(experiment)) if isinstance(config, SystemConfig) else ""
    if arch:
        find_default_weights(arch)


def terms_with_weight(experiment: Experiment) -> Set[str]:
    """Return the names of the loss terms with a weight other than 0 in at least one phase."""
    own = vars(experiment.config.weights)
    phases = [{**own, **phase.weights} for phase in phases_of(experiment)]
    return {name for weights in phases for name, weight in weights.items() if weight}


def _check_first_maps(samples: Samples) -> None:
    """Read a few label maps, so that a wrong num_classes or unknown_id is found at once."""
    if isinstance(samples, PairedSamples):
        for pair in samples.pairs[:FIRST_MAPS]:
            try:
                samples.label_maps.read(pair.label, *samples.augmentation.size)
            except IdError as error:
                raise InputError(f"{error}{_what_suffices(samples)}") from None


def _what_suffices(samples: PairedSamples) -> str:
    """Look at label maps all over the set, and return a text that says which num_classes suffices for them."""
    places = evenly_spaced(len(samples.pairs), MORE_MAPS).tolist()
    labels = [samples.pairs[place].label for place in places]
    count, num_read = sufficient_classes(labels, samples.label_maps.unknown)
    if not count:
        return ""
    looked = f"{num_read:,} of {len(samples.pairs):,} label maps were looked at"
    return f"; {looked}, and num_classes={count} suffices for them"
