"""The quality signals of a single pair. Each is a function of the pair only; larger values are worse."""
