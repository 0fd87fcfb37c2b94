"""The commands of `python -m data_tools`, a module each: `add(commands)` adds its parser, `run(args)` runs it."""
