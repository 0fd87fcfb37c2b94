"""Options of an experiment: what an experiment file imports."""

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
