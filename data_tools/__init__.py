"""Landscape data sets: reading, pairing, checking and rendering; needs neither Jittor nor a GPU."""

__version__ = "0.1.0"  # the same as in jittor_tsit/__init__.py
