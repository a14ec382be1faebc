"""The map: one 2D frame for every snapshot of a run, and how far to believe it."""
