"""The commands of `python -m data_tools`, one module each: `add` adds its command-line parser, `run` runs it."""
