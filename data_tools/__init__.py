"""Landscape data sets: reading, pairing, checking and rendering; needs neither Jittor nor a GPU."""
