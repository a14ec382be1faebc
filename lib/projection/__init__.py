"""The map: one 2D frame for every snapshot of a run, and its quality figures."""
