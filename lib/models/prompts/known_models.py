"""Prompts of well-known models, as their authors' cards state them: the one table.

To add a model: a row with the address of the page that states its prompts. A row without prompts says that none is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lib.shapes import TWO_ROLES, Shape

RETRIEVE_PASSAGES = "Represent this sentence for searching relevant passages: "
"""The query prompt of the English BGE models, which Arctic and Mixedbread took over."""
WEB_SEARCH = "Instruct: Given a web search query, retrieve relevant passages that answer the query"
SIMILAR_TEXT = "Instruct: Retrieve semantically similar text."
"""Instructions of models whose cards ask for one sentence that describes the task."""


@dataclass(frozen=True, kw_only=True)
class KnownModel:
    """A family of models and its prompts.

    name: a pattern of the last part of a Hub name, in lower case. similarity: before texts that are compared with each
    other; classification: before labelled texts, the same unless stated. source: the page that states them.
    """

    name: str
    source: str
    query: str = ""
    document: str = ""
    similarity: str = ""
    classification: str | None = None

    def prompts(self, shape: Shape) -> tuple[str, str]:
        """Look up the prompts of both sides of data of a shape."""
        if shape in TWO_ROLES:
            return self.query, self.document
        one = self.similarity
        if shape is Shape.LABELLED_TEXTS and self.classification is not None:
            one = self.classification
        return one, one


KNOWN_MODELS = (
    KnownModel(
        name=r"(multilingual-)?e5-(small|base|large)(-v2)?(-unsupervised)?",
        source="https://huggingface.co/intfloat/e5-base-v2",
        query="query: ",
        document="passage: ",
        similarity="query: ",
    ),
    KnownModel(
        name=r"multilingual-e5-large-instruct",
        source="https://huggingface.co/intfloat/multilingual-e5-large-instruct",
        query=f"{WEB_SEARCH}\nQuery: ",
        similarity=f"{SIMILAR_TEXT}\nQuery: ",
    ),
    KnownModel(
        name=r"bge-(small|base|large)-en(-v1\.5)?",
        source="https://huggingface.co/BAAI/bge-base-en-v1.5",
        query=RETRIEVE_PASSAGES,
    ),
    KnownModel(
        name=r"bge-(small|base|large)-zh(-v1\.5)?",
        source="https://huggingface.co/BAAI/bge-base-zh-v1.5",
        query="为这个句子生成表示以用于检索相关文章：",
    ),
    KnownModel(name=r"bge-m3", source="https://huggingface.co/BAAI/bge-m3"),
    KnownModel(
        name=r"snowflake-arctic-embed-(xs|s|m|m-long|m-v1\.5|l)",
        source="https://huggingface.co/Snowflake/snowflake-arctic-embed-m-v1.5",
        query=RETRIEVE_PASSAGES,
    ),
    KnownModel(
        name=r"snowflake-arctic-embed-(m|l)-v2\.0",
        source="https://huggingface.co/Snowflake/snowflake-arctic-embed-l-v2.0",
        query="query: ",
    ),
    KnownModel(
        name=r"nomic-embed-text-v1(\.5)?",
        source="https://huggingface.co/nomic-ai/nomic-embed-text-v1.5",
        query="search_query: ",
        document="search_document: ",
        similarity="clustering: ",
        classification="classification: ",
    ),
    KnownModel(
        name=r"mxbai-embed-large-v1",
        source="https://www.mixedbread.com/docs/embeddings/mxbai-embed-large-v1",
        query=RETRIEVE_PASSAGES,
    ),
    KnownModel(
        name=r"embeddinggemma-300m.*",
        source="https://ai.google.dev/gemma/docs/embeddinggemma/model_card",
        query="task: search result | query: ",
        document="title: none | text: ",
        similarity="task: sentence similarity | query: ",
        classification="task: classification | query: ",
    ),
    KnownModel(
        name=r"qwen3-embedding-(0\.6b|4b|8b)",
        source="https://huggingface.co/Qwen/Qwen3-Embedding-0.6B",
        query=f"{WEB_SEARCH}\nQuery:",
        similarity=f"{SIMILAR_TEXT}\nQuery:",
    ),
    KnownModel(
        name=r"stella_en_(400m|1\.5b)_v5",
        source="https://huggingface.co/NovaSearch/stella_en_1.5B_v5",
        query=f"{WEB_SEARCH}.\nQuery: ",
        similarity=f"{SIMILAR_TEXT}\nQuery: ",
    ),
    KnownModel(name=r"gte-modernbert-base", source="https://huggingface.co/Alibaba-NLP/gte-modernbert-base"),
)
"""A model takes the first row that matches the first of its names that any row matches."""


def find_known_model(names: Iterable[str]) -> KnownModel | None:
    """Find the row of a model by its names: Hub names or folders, the likeliest first."""
    for name in names:
        last = re.split(r"[/\\]", name.strip().rstrip("/\\"))[-1].lower()
        for row in KNOWN_MODELS:
            if re.fullmatch(row.name, last):
                return row
    return None
