"""Experiments as `train` makes them of a file and the words of its command line."""

from jittor_tsit.commands.train import adapt
from jittor_tsit.config.experiment_files import load_experiment


def configure(file, data, assignments):
    """The experiment of a file with the data folder (a path or None) and the overrides."""
    return adapt(load_experiment(file), data, assignments)
