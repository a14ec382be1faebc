"""Trainings in more than one process: all devices of this machine, by torchrun."""
