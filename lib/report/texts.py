"""How much of the dataset's texts a report holds: all, their beginnings, or none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SHORT_CHARACTERS = 60
"""Characters of a text in a report for outsiders."""


class TextDetail(StrEnum):
    """What a report shows of texts."""

    FULL = "full"
    SHORT = "short"
    NONE = "none"


@dataclass(frozen=True)
class TextWriter:
    """Writes texts of the dataset as a report may show them."""

    detail: TextDetail

    @property
    def has_texts(self) -> bool:
        """Whether anything of the texts is shown."""
        return self.detail is not TextDetail.NONE

    def write(self, text: object, stand_in: str) -> str:
        """Write a text, its beginning in one line, or what stands for it."""
        if self.detail is TextDetail.NONE:
            return stand_in
        if self.detail is TextDetail.FULL:
            return str(text)
        line = " ".join(str(text).split())
        return line if len(line) <= SHORT_CHARACTERS else line[: SHORT_CHARACTERS - 1] + "…"
