"""The code that embeds texts with a model, by library and server.

Each snippet gives `queries` and `documents`, arrays of vectors (texts, dimension); `python -m tools.snippets` runs them all.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from lib.models.usage.description import ModelDescription

QUERIES = ("My parcel is late",)
DOCUMENTS = ("Where is my order?", "How do I return a parcel?")
"""The texts that snippets embed."""


@dataclass(frozen=True)
class Snippet:
    """Code that embeds texts with one library.

    key: what the command calls it; install, server: shell commands, server empty where none has to run; note: what differs.
    """

    key: str
    title: str
    install: str
    server: str
    code: str
    note: str = ""

    def to_text(self) -> str:
        """Write what a person runs, in order: shell commands as comments of the Python code."""
        shell = [line for part in (self.install, self.server) if part for line in part.splitlines()]
        return "\n".join([*(f"# {line}" for line in [self.note, *shell] if line), "", self.code])


def _sentence_transformers(model: ModelDescription) -> Snippet:
    query, document = ("encode_query", "encode_document") if model.has_two_roles else ("encode", "encode")
    code = f"""from sentence_transformers import SentenceTransformer

model = SentenceTransformer({model.place!r})
queries = model.{query}({_list(QUERIES)})
documents = model.{document}({_list(DOCUMENTS)})
print(model.similarity(queries, documents))
"""
    return Snippet("sentence-transformers", "sentence-transformers", "pip install sentence-transformers", "", code)


def _langchain(model: ModelDescription) -> Snippet:
    code = f"""import numpy as np
from langchain_huggingface import HuggingFaceEmbeddings

embeddings = HuggingFaceEmbeddings(
    model_name={model.place!r},
    encode_kwargs={{"prompt": {model.document!r}}},
    query_encode_kwargs={{"prompt": {model.query!r}}},
)
queries = np.array([embeddings.embed_query(text) for text in {_list(QUERIES)}])
documents = np.array(embeddings.embed_documents({_list(DOCUMENTS)}))
print(queries @ documents.T)
"""
    return Snippet("langchain", "LangChain", "pip install langchain-huggingface sentence-transformers", "", code)


def _llama_index(model: ModelDescription) -> Snippet:
    code = f"""import numpy as np
from llama_index.embeddings.huggingface import HuggingFaceEmbedding

embedding = HuggingFaceEmbedding(
    model_name={model.place!r},
    query_instruction={model.query!r},
    text_instruction={model.document!r},
    normalize={model.normalises},
)
queries = np.array([embedding.get_query_embedding(text) for text in {_list(QUERIES)}])
documents = np.array(embedding.get_text_embedding_batch({_list(DOCUMENTS)}))
print(queries @ documents.T)
"""
    return Snippet("llama-index", "LlamaIndex", "pip install llama-index-embeddings-huggingface", "", code)


def _haystack(model: ModelDescription) -> Snippet:
    code = f"""import numpy as np
from haystack import Document
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)

query_embedder = SentenceTransformersTextEmbedder(
    model={model.place!r}, encode_kwargs={{"prompt": {model.query!r}}}
)
document_embedder = SentenceTransformersDocumentEmbedder(
    model={model.place!r}, encode_kwargs={{"prompt": {model.document!r}}}
)
found = document_embedder.run([Document(content=text) for text in {_list(DOCUMENTS)}])["documents"]
queries = np.array([query_embedder.run(text)["embedding"] for text in {_list(QUERIES)}])
documents = np.array([document.embedding for document in found])
print(queries @ documents.T)
"""
    return Snippet("haystack", "Haystack", "pip install haystack-ai sentence-transformers-haystack", "", code)


def _text_embeddings_inference(model: ModelDescription) -> Snippet:
    image = "ghcr.io/huggingface/text-embeddings-inference:cpu-1.9"
    volume, place = ("", model.place) if model.on_hub else (f"-v {_absolute(model.place)}:/model:ro ", "/model")
    server = f"docker run -p 8080:80 {volume}{image} --model-id {shlex.quote(place)}"
    return _openai_client("tei", "text-embeddings-inference", model, server=server, port=8080, name=place)


def _infinity(model: ModelDescription) -> Snippet:
    server = (
        "pip install 'infinity-emb[server,torch]'\n"
        f"infinity_emb v2 --model-id {shlex.quote(model.place)} --served-model-name tuned --engine torch --port 7997"
    )
    return _openai_client("infinity", "infinity", model, server=server, port=7997, path="", name="tuned")


def _openai_client(
    key: str, title: str, model: ModelDescription, *, server: str, port: int, name: str, path: str = "/v1"
) -> Snippet:
    """Write the client of a server that answers as OpenAI's does.

    It adds the prompts, which such a server does not know.
    """
    cut = f"[:, :{model.dimension}]" if model.is_truncated else ""
    code = f"""import numpy as np
from openai import OpenAI

client = OpenAI(base_url="http://127.0.0.1:{port}{path}", api_key="none")


def embed(texts, prompt):
    answer = client.embeddings.create(model={name!r}, input=[prompt + text for text in texts])
    return np.array([one.embedding for one in answer.data]){cut}


queries = embed({_list(QUERIES)}, {model.query!r})
documents = embed({_list(DOCUMENTS)}, {model.document!r})
print(queries @ documents.T)
"""
    note = "" if model.normalises else "This server scales vectors to the length 1, which the model itself does not."
    return Snippet(key, title, "pip install openai", server, code, note)


def _absolute(folder: str) -> str:
    """Write a folder for a shell: docker takes one that is not absolute for the name of a volume."""
    return shlex.quote(folder) if PurePath(folder).is_absolute() else f'"$PWD"/{shlex.quote(folder)}'


def _list(texts: tuple[str, ...]) -> str:
    """Write texts as a list of literals in double quotes."""
    return json.dumps(list(texts))


_WRITERS: dict[str, Callable[[ModelDescription], Snippet]] = {
    "sentence-transformers": _sentence_transformers,
    "langchain": _langchain,
    "llama-index": _llama_index,
    "haystack": _haystack,
    "tei": _text_embeddings_inference,
    "infinity": _infinity,
}
SNIPPET_KEYS = tuple(_WRITERS)
"""What there are snippets for, in the order that they are shown."""


def write_snippets(model: ModelDescription) -> list[Snippet]:
    """Write every snippet for a model."""
    return [write(model) for write in _WRITERS.values()]
