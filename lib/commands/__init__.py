"""The commands of `python -m lib`, one module each: add(parser) and run(arguments) -> exit code."""
