"""Errors for the user: what is wrong, where, and what to do.

Anything else that is raised is a bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class CloserError(Exception):
    """An error for the user: what is wrong, where it is (may be empty), what to do (may be empty)."""

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        self.what, self.where, self.todo = what, where, todo
        self.follow_ups: tuple[str, ...] = ()  # kinds of job that can still be done with what was kept
        super().__init__(" ".join(part for part in (f"{where}:" if where else "", what, todo) if part))

    def to_json(self) -> dict[str, Any]:
        """Convert the error to its class's name and parts; `error_from_json` rebuilds it in another process."""
        return {"class": type(self).__name__, "what": self.what, "where": self.where, "todo": self.todo}


class InputError(CloserError):
    """A file, a mapping or a setting cannot be used. Nothing was changed."""


class SheetError(InputError):
    """A workbook of several sheets cannot be read; another of its `sheets` may be."""

    def __init__(self, what: str, *, where: str = "", todo: str = "", sheets: Sequence[str] = ()) -> None:
        super().__init__(what, where=where, todo=todo)
        self.sheets = tuple(sheets)

    def to_json(self) -> dict[str, Any]:
        """Convert the error as its base class does, with the names of the sheets."""
        return super().to_json() | {"sheets": list(self.sheets)}


class NotFoundError(CloserError):
    """A dataset, run, job or model that was named does not exist (any more)."""


class NotAllowedError(CloserError):
    """The person may look at the workspace and not change it."""


class StoreError(CloserError):
    """The workspace cannot be read or written: damaged, full, locked, or from a newer version."""


class DamagedError(StoreError):
    """The workspace's database is not whole.

    `has_backup` says whether `lib.store.check.restore_backup` can help.
    """

    def __init__(self, what: str, *, where: str = "", todo: str = "", has_backup: bool = False) -> None:
        super().__init__(what, where=where, todo=todo)
        self.has_backup = has_backup

    def to_json(self) -> dict[str, Any]:
        """Convert the error as its base class does, with whether there is a backup."""
        return super().to_json() | {"has_backup": self.has_backup}


class ModelError(CloserError):
    """A base model cannot be found, loaded or used."""


class MemoryShortageError(ModelError):
    """A base model may need more memory than is free. A person may go on all the same."""


class TrainingError(CloserError):
    """A training cannot go on: loss not finite, out of memory, weights damaged."""


class LostProcessError(TrainingError):
    """A process that holds a training together was killed.

    Another attempt goes on from the newest checkpoint.
    """


class ClusterError(CloserError):
    """A cluster cannot be reached, does not let one in, or has a node that would not do."""


class CancelledError(CloserError):
    """The user asked to stop; what was reached so far is kept."""


def error_from_json(facts: dict[str, Any]) -> CloserError:
    """Make an error as it was before `to_json`.

    One of a class that is not known here becomes a CloserError.
    """
    kind = globals().get(facts.get("class", ""))
    parts = {name: value for name, value in facts.items() if name != "class"}
    if isinstance(kind, type) and issubclass(kind, CloserError):
        return kind(**parts)
    return CloserError(facts["what"], where=facts.get("where", ""), todo=facts.get("todo", ""))


def is_panic(error: BaseException) -> bool:
    """Check whether the tokenizers library gave up on a text: a panic of Rust is no Exception."""
    return type(error).__name__ == "PanicException"


def unreadable_text(panic: BaseException) -> ModelError:
    """Convert a panic of the tokenizers library to an error for the user."""
    reason = (str(panic).splitlines() or ["it gave up"])[0][:200]
    return ModelError(
        f"The model's tokenizer cannot read one of the texts ({reason}).", todo="Choose another base model."
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Check whether an error means that memory ran out.

    Python's own, or the text of CUDA, MPS and torch's CPU allocator.
    """
    signs = ("out of memory", "can't allocate memory", "not enough memory")
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in signs)
