"""Judging base against tuned on pairs the model never saw."""
