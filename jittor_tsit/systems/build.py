"""Build the system that an experiment names."""

from __future__ import annotations

from typing import Callable

from jittor_tsit.config import Experiment
from jittor_tsit.data.label_maps import label_channels
from jittor_tsit.systems import system_class
from jittor_tsit.systems.base import System
from jittor_tsit.systems.draws import initial_draws


def make_system(experiment: Experiment) -> System:
    """Build the system of an experiment. Its weights are arbitrary, for callers that load weights afterwards."""
    data = experiment.data
    kind: Callable[..., System] = system_class(experiment.system, experiment.config)
    system = kind(experiment.config, label_channels(data), data.image_height, data.image_width, experiment.run.seed)
    system.known_classes = data.num_classes
    return system


def build_system(experiment: Experiment) -> System:
    """Build the system of an experiment with initial weights drawn from the run's seed."""
    with initial_draws(experiment.run.seed):
        return make_system(experiment)
