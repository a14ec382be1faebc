"""Choose the prompts of a training: by hand, the model's own, or those of the table.

Light: pages choose before anything is loaded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lib.errors import InputError
from lib.models.card_metadata import read_card_values
from lib.models.catalog import RunFolder, is_model_folder, resolve, split_revision
from lib.models.folder_check.check import FolderFacts, check_folder
from lib.models.prompts.known_models import KnownModel, find_known_model
from lib.recipe.options import PromptSource
from lib.recipe.recipe import FIELDS, Recipe
from lib.shapes import TWO_ROLES, Shape
from lib.store.layout import MODEL_CARD_DATA

QUERY_NAMES = ("query", "search_query", "s2p_query", "web_search_query", "Retrieval-query", "retrieval.query")
DOCUMENT_NAMES = ("document", "passage", "corpus", "search_document", "Retrieval-document", "retrieval.passage")
SIMILARITY_NAMES = ("STS", "sts", "sts_query", "s2s_query", "text-matching")
CLASSIFICATION_NAMES = ("Classification", "classification")
"""Names that models give their prompts for a role, the usual first.

sentence-transformers' `encode_query` and `encode_document` look for the first of them; the others are from the cards of
nomic, Stella, E5-Mistral, EmbeddingGemma and Jina.
"""


@dataclass(frozen=True)
class ExpectedPrompts:
    """The prompts that a model expects before both sides of data of a shape.

    source: where they are from. where: the page that states them, where they are from the table.
    """

    query: str = ""
    document: str = ""
    source: PromptSource = PromptSource.NONE
    where: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether texts are read as they are."""
        return not (self.query or self.document)


def choose_prompts(
    recipe: Recipe, model: str, shape: Shape | str, *, home: Path, runs: RunFolder | None = None
) -> Recipe:
    """Fill in the prompts that are not set by hand, as the model expects them.

    A recipe with a source stays. Where the model is not here yet its own settings are not known: then nothing is filled in, and the training chooses.
    Raises InputError for a document prompt on data of one role, ModelError for a model that can't be used.
    """
    shape = Shape(shape)
    if recipe.document_prompt is not None and shape not in TWO_ROLES and recipe.document_prompt != recipe.query_prompt:
        raise InputError(
            f"Data of the shape {shape.value} has one role: all texts are read alike.",
            where=FIELDS["document_prompt"].label,
            todo="Set the query prompt only.",
        )
    if recipe.prompt_source is not PromptSource.UNDECIDED or not is_here(model, home=home, runs=runs):
        return recipe
    expected = expected_prompts(model, shape, home=home, runs=runs)
    if not recipe.has_prompts_set:
        return recipe.with_prompts(expected.query, expected.document, expected.source)
    query = expected.query if recipe.query_prompt is None else recipe.query_prompt
    document = expected.document if recipe.document_prompt is None else recipe.document_prompt
    return recipe.with_prompts(query, document if shape in TWO_ROLES else query, PromptSource.HAND)


def is_here(model: str, *, home: Path, runs: RunFolder | None = None) -> bool:
    """Check whether the model needs no download. Raises ModelError for a name that can't be one."""
    return isinstance(resolve(model, home=home, runs=runs), Path)


def expected_prompts(model: str, shape: Shape | str, *, home: Path, runs: RunFolder | None = None) -> ExpectedPrompts:
    """Look up the prompts that a model expects: its own, else those of the table.

    Of a model that was tuned here its own alone count, also where they are empty: it was trained so. Raises ModelError.
    """
    shape, folder = Shape(shape), resolve(model, home=home, runs=runs)
    facts = check_folder(folder) if isinstance(folder, Path) and is_model_folder(folder) else None
    known = find_known_model(model_names(model, folder if facts is not None and isinstance(folder, Path) else None))
    own = None if facts is None else own_prompts(facts, shape, known)
    if own is not None:
        return ExpectedPrompts(*own, PromptSource.MODEL)
    if isinstance(folder, Path) and (folder / MODEL_CARD_DATA).is_file():
        return ExpectedPrompts(source=PromptSource.MODEL)
    if known is not None:
        return ExpectedPrompts(*known.prompts(shape), PromptSource.TABLE, known.source)
    return ExpectedPrompts()


def own_prompts(facts: FolderFacts, shape: Shape, known: KnownModel | None) -> tuple[str, str] | None:
    """Choose from a folder's own prompts those of both sides.

    None where it has none for data of this shape.
    """

    def named(names: Iterable[str]) -> str:
        return next((facts.prompts[name] for name in names if facts.prompts.get(name)), "")

    query, document = named(QUERY_NAMES), named(DOCUMENT_NAMES)
    if not query and not document:
        query = document = facts.default_prompt
    if shape in TWO_ROLES:
        return (query, document) if query or document else None
    one = named((*CLASSIFICATION_NAMES, *SIMILARITY_NAMES) if shape is Shape.LABELLED_TEXTS else SIMILARITY_NAMES)
    if one or facts.default_prompt:
        return (one or facts.default_prompt,) * 2
    if known is not None or not (query or document):
        return None
    # a model whose documents have a prompt too reads no plain text; the query prompt of others asks for passages
    return (query if document else "",) * 2


def model_names(model: str, folder: Path | None) -> list[str]:
    """List the names that may say which model it is: its own, its folder's, its config's, its card's."""
    names = [split_revision(model.strip())[0]]
    if folder is not None:
        names += [folder.name, *_name_in_config(folder), *read_card_values(folder, "base_model")]
    return names


def _name_in_config(folder: Path) -> list[str]:
    for place in ("", "0_Transformer"):
        try:
            config = json.loads((folder / place / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        name = config.get("_name_or_path") if isinstance(config, dict) else None
        return [name] if isinstance(name, str) else []
    return []
