"""How a person wants a file to be read."""

from __future__ import annotations

from dataclasses import dataclass

from lib.errors import InputError


@dataclass(frozen=True)
class ReadOptions:
    """Choices about a file; an empty value is detected.

    quote: None detects it, "" means none. skip: lines (rows of a sheet) above the table; None detects a title.
    na: words that mean an empty cell.
    """

    encoding: str = ""
    separator: str = ""
    quote: str | None = None
    header: bool | None = None
    sheet: str = ""
    skip: int | None = None
    na: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "na", tuple(self.na))
        if len(self.separator) > 1 or len(self.quote or "") > 1:
            raise InputError("Separator and quote are one character each.")
        if set(self.separator + (self.quote or "")) & set("\r\n\0") or self.separator == (self.quote or None):
            raise InputError("Separator and quote are two different characters, and no line ends.")
        if self.skip is not None and self.skip < 0:
            raise InputError("The number of rows to skip is 0 or more.")
