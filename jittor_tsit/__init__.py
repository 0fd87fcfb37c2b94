"""Landscape photographs from semantic label maps, in Jittor."""

from jittor_tsit import bootstrap

__version__ = "0.1.0"

bootstrap.configure()
