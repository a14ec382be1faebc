"""The length from which packed attention trades time for memory. Light: no torch."""

from __future__ import annotations

LONG = 1_024
"""Tokens above which the attention weights of a text are not stored but computed again for the gradient: their memory grows
with the square of the length."""
