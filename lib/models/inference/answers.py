"""What the inference process answers, typed for the pages that read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NearestText:
    """A text that a search finds, and its cosine to the query."""

    text: str
    cosine: float
