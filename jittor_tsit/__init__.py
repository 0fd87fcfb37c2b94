"""Landscape photographs from semantic label maps, in Jittor."""

from jittor_tsit.runtime import bootstrap

__version__ = "0.1.0"

bootstrap.configure()
