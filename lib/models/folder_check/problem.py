"""Why a model folder is refused, and text from a folder made safe to show."""

from __future__ import annotations

SHOWN_CHARACTERS = 80


class FolderProblemError(Exception):
    """A file of a model folder that is refused.

    Its name (may be empty), the reason, and what to do (may be empty).
    """

    def __init__(self, file: str, reason: str, todo: str = "") -> None:
        self.file, self.reason, self.todo = quote(file) if file else "", reason, todo
        super().__init__(reason)


def quote(value: object, *, limit: int = SHOWN_CHARACTERS) -> str:
    """Write a value from a folder in one short printable line."""
    text = value if isinstance(value, str) else repr(value)
    text = text if len(text) <= limit else f"{text[:limit]}..."
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def quote_names(names: list[str], *, most: int = 3) -> str:
    """Write the first few of a list of names, and how many more there are."""
    shown = ", ".join(quote(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
