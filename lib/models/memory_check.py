"""Compare what encoding needs of memory with what is free, before a model is loaded.

Light: no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lib.errors import MemoryShortageError
from lib.format import format_bytes
from lib.memory import available_memory, has_graphics_card
from lib.models.catalog import resolve
from lib.models.folder_check.check import FolderFacts, check_folder
from lib.models.memory_need import FLOAT, MemoryNeed, ModelSizes, encoding_need
from lib.models.text_lengths import reading_limit

VECTOR_COPIES = 2
"""Copies of the vectors of a search's index that live at once: as they were encoded, and normalized."""


@dataclass(frozen=True)
class EncodingCheck:
    """What encoding texts by models that are loaded at once needs of memory, and what there is."""

    models: tuple[str, ...]
    need: MemoryNeed
    available: int

    @property
    def fits(self) -> bool:
        """Whether there is room."""
        return self.need.total <= self.available

    def describe(self) -> str:
        """Write need and room in one sentence."""
        verb = "needs" if len(self.models) == 1 else "need"
        return (
            f"{' and '.join(self.models)} {verb} up to {format_bytes(self.need.total)} of memory to encode "
            f"({format_bytes(self.need.weights)} for weights); {format_bytes(self.available)} are free."
        )


def check_encoding(models: Sequence[str], *, home: Path) -> EncodingCheck | None:
    """Compare what a new process needs to encode by these models, all loaded, with what is free.

    None where a graphics card may encode, or a model is not on this machine. Raises ModelError for a folder that can't be
    used.
    """
    needs = [need for model in models if (need := _need(model, home)) is not None]
    if has_graphics_card() or len(needs) < len(models) or not needs:
        return None
    weights, texts = sum(need.weights for need in needs), max(need.texts for need in needs)
    return EncodingCheck(tuple(models), replace(needs[0], weights=weights, texts=texts), available_memory())


def check_index(model: str, *, texts: int, home: Path) -> EncodingCheck | None:
    """Compare what loading a model and indexing texts needs beyond what this process holds.

    None and ModelError as `check_encoding`; a graphics card holds no index, and is not asked for.
    """
    facts = _facts(model, home)
    if facts is None:
        return None
    need = _need_of(*facts)
    vectors = VECTOR_COPIES * texts * facts[1].dimension * FLOAT
    return EncodingCheck((model,), replace(need, texts=need.texts + vectors, program=0), available_memory())


def refuse_index_without_memory(model: str, *, texts: int, home: Path) -> None:
    """Raise MemoryShortageError where loading a model and indexing texts needs more than is free."""
    check = check_index(model, texts=texts, home=home)
    if check is not None and not check.fits:
        raise MemoryShortageError(check.describe(), todo="Close other programs, then ask again.")


def _need(model: str, home: Path) -> MemoryNeed | None:
    facts = _facts(model, home)
    return _need_of(*facts) if facts else None


def _need_of(folder: Path, facts: FolderFacts) -> MemoryNeed:
    return encoding_need(ModelSizes.of(facts), longest=reading_limit(folder, facts))


def _facts(model: str, home: Path) -> tuple[Path, FolderFacts] | None:
    """Check a model's folder; None where it is not on this machine."""
    folder = resolve(model, home=home)
    return (folder, check_folder(folder)) if isinstance(folder, Path) and folder.is_dir() else None
