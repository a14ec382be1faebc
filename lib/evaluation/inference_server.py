"""The inference process of the pages: `python -m lib.evaluation.inference_server`."""

from __future__ import annotations

from lib.evaluation.explain import explain_cosine
from lib.models.inference.handlers import cosines
from lib.models.inference.search import best_by_words, load_search, nearest
from lib.models.inference.server import Handlers, serve

HANDLERS: Handlers = {
    "cosines": cosines,
    "nearest": nearest,
    "best_by_words": best_by_words,
    "load_search": load_search,
    "explain": explain_cosine,
}
"""What `InferenceClient.call` can name."""

if __name__ == "__main__":
    raise SystemExit(serve(HANDLERS))
