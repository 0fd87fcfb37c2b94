"""Options of an experiment. Experiment files import their classes from here."""

from jittor_tsit.config.options import (
    ON_NAN,
    PRECISIONS,
    DataConfig,
    Experiment,
    OptimConfig,
    Phase,
    RunConfig,
    from_dict,
    image_gan_optim,
    to_json,
)

__all__ = [
    "ON_NAN",
    "PRECISIONS",
    "DataConfig",
    "Experiment",
    "OptimConfig",
    "Phase",
    "RunConfig",
    "from_dict",
    "image_gan_optim",
    "to_json",
]
