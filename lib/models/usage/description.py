"""What code that loads a model has to know of it. Light: nothing is loaded for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lib.data.model_inputs import Reading, Role
from lib.models.folder_check.check import check_folder


@dataclass(frozen=True)
class ModelDescription:
    """A model as other code loads it.

    place: its folder, or its name on the Hub where on_hub. query, document: what stands before a text of that role. dimension: of
    its vectors; is_truncated: whether they are the first ones of longer vectors; normalises: whether their length is 1.
    """

    place: str
    query: str
    document: str
    dimension: int
    is_truncated: bool = False
    normalises: bool = True
    on_hub: bool = False

    @property
    def has_two_roles(self) -> bool:
        """Whether a query and a document of the same text have different vectors."""
        return self.query != self.document


def describe_model(
    folder: Path, *, reading: Reading | None = None, place: str = "", on_hub: bool = False
) -> ModelDescription:
    """Describe the model of a folder, whose files are checked as data.

    reading: how its run reads texts (default: by the folder's own prompts). place: what code names in place of the folder.
    Raises ModelError.
    """
    facts = check_folder(folder)
    if reading is None:
        query, document = (facts.prompts.get(role, facts.default_prompt) for role in Role)
    elif reading.default_prompt:
        query = document = facts.default_prompt
    else:
        query, document = reading.query, reading.document
    return ModelDescription(
        place or str(folder),
        query,
        document,
        facts.dimension,
        is_truncated=facts.is_truncated,
        normalises=facts.normalises and not facts.is_truncated,
        on_hub=on_hub,
    )
