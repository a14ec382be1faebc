"""How a person wants a file to be read."""

from __future__ import annotations

from dataclasses import dataclass

from lib.errors import InputError


@dataclass(frozen=True)
class ReadOptions:
    """Choices about a file; an empty value is detected. na: words that mean an empty cell."""

    encoding: str = ""
    separator: str = ""
    quote: str = '"'
    header: bool | None = None
    sheet: str = ""
    na: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "na", tuple(self.na))
        if len(self.separator) > 1 or len(self.quote) > 1:
            raise InputError("Separator and quote are one character each.")
