"""What a model reads of a dataset: its texts by role.

The plain texts are those that are stored and shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import pandas as pd

from lib.data.text_array import Texts, text_codes
from lib.recipe.recipe import Recipe
from lib.shapes import TWO_ROLES, Shape, text_columns


class Role(StrEnum):
    """What a text is to a model: what is searched with, or what is found."""

    QUERY = "query"
    DOCUMENT = "document"


@dataclass(frozen=True)
class Reading:
    """What stands before a text when a model reads it, by role.

    default_prompt: whether the model's own default prompt also stands before every text that is embedded (but not trained
    on), as in runs from before prompts could be set.
    """

    query: str = ""
    document: str = ""
    default_prompt: bool = True

    @property
    def has_two_roles(self) -> bool:
        """Whether a query and a document of the same text are read differently."""
        return self.query != self.document

    def prompt(self, role: Role) -> str:
        """Look up what stands before a text of this role."""
        return self.query if role is Role.QUERY else self.document

    def read(self, texts: Iterable[str], role: Role) -> list[str]:
        """Convert texts to what the model reads in this role."""
        prompt = self.prompt(role)
        return [prompt + text for text in texts]

    def read_alone(self, texts: Iterable[str]) -> list[str]:
        """Convert texts that have no role to what the model reads, as those of the general probe.

        As queries where documents have a prompt too, as E5 and nomic advise; plain where only queries have one, because
        that one asks for passages (BGE, Arctic: "for searching relevant passages").
        """
        prompt = self.query if self.document else ""
        return [prompt + text for text in texts]

    def for_shape(self, shape: Shape) -> Reading:
        """Read all texts in one role where the shape has only one."""
        return self if shape in TWO_ROLES else replace(self, document=self.query)

    def to_json(self) -> dict[str, Any]:
        """Convert the prompts to JSON-able values, for another process."""
        return asdict(self)


PLAIN_READING = Reading()
"""Texts are read as they are, behind a default prompt of the model's own."""


def reading_of(recipe: Recipe | None) -> Reading:
    """Choose how a model trained by this recipe reads texts: as they are where prompts are not decided."""
    if recipe is None or not recipe.has_prompts_set:
        return PLAIN_READING
    return Reading(recipe.query_prompt or "", recipe.document_prompt or "", default_prompt=False)


@dataclass(frozen=True)
class ModelInputs:
    """A dataset's frame, and how a model reads its texts.

    What counts as the same text, what is stored and what is shown are always the plain texts of the frame.
    """

    frame: pd.DataFrame
    shape: Shape
    reading: Reading = PLAIN_READING

    @classmethod
    def of(cls, frame: pd.DataFrame, shape: Shape | str, recipe: Recipe | None = None) -> ModelInputs:
        """Build the inputs of a model by its recipe, or by a default recipe."""
        shape = Shape(shape)
        return cls(frame, shape, reading_of(recipe).for_shape(shape))

    def with_frame(self, frame: pd.DataFrame) -> ModelInputs:
        """Read other rows in the same way."""
        return replace(self, frame=frame)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the text columns."""
        return text_columns(self.shape, self.frame.columns)

    def role_of(self, column: str) -> Role:
        """Look up the role of a text column's texts."""
        two_roles = self.shape in TWO_ROLES
        return Role.DOCUMENT if two_roles and column != "anchor" else Role.QUERY

    def prompt_of(self, column: str) -> str:
        """Look up what stands before the texts of a text column."""
        return self.reading.prompt(self.role_of(column))

    def read(self, texts: Iterable[str], role: Role) -> list[str]:
        """Convert texts to what the model reads in this role."""
        return self.reading.read(texts, role)

    def read_column(self, texts: Iterable[str], column: str) -> list[str]:
        """Convert texts to what the model reads in a text column."""
        return self.read(texts, self.role_of(column))

    @cached_property
    def texts_by_prompt(self) -> list[tuple[str, Texts]]:
        """The distinct plain texts that are read behind each prompt: a text of two roles stands behind both."""
        columns: dict[str, list[str]] = {}
        for name in self.columns:
            columns.setdefault(self.prompt_of(name), []).append(name)
        return [(prompt, text_codes(self.frame, names)[1]) for prompt, names in columns.items()]

    def read_by_use(self, texts: Iterable[str]) -> list[str]:
        """Convert each text of the dataset to what the model reads.

        As a query where it is no document of the dataset.

        For what embeds a text once, whatever it is used as: snapshots and the map.
        """
        if not self.reading.has_two_roles:
            return self.read(texts, Role.QUERY)
        queries, documents = (self.reading.prompt(role) for role in (Role.QUERY, Role.DOCUMENT))
        asked = list(texts)
        known = self._documents_among(asked)
        return [(documents if text in known else queries) + text for text in asked]

    def _documents_among(self, texts: list[str]) -> set[str]:
        """Find those of a few texts that are documents of the dataset."""
        columns = [self.frame[name] for name in self.columns if self.role_of(name) is Role.DOCUMENT]
        return {text for column in columns for text in column[column.isin(texts)]}
