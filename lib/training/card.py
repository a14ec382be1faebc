"""The card in a tuned model's folder: ours, because the automatic one copies training texts into it."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

LIBRARIES = ("sentence-transformers", "transformers", "torch", "numpy")


def write_card(
    *, folder: str, model_name: str, recipe: dict[str, Any], facts: dict[str, Any], epochs: list[dict[str, Any]]
) -> str:
    """Return the README of a tuned model: recipe, data id and sizes, numbers before and after, versions. No texts."""
    return "\n".join(
        [
            "---",
            "library_name: sentence-transformers",
            "pipeline_tag: sentence-similarity",
            f"base_model: {json.dumps(model_name)}",
            "---",
            "",
            f"# {folder}",
            "",
            f"Fine-tuned from `{model_name}` with Closer.",
            "",
            "```python",
            "from sentence_transformers import SentenceTransformer",
            "",
            'model = SentenceTransformer("path/to/this/folder")',
            'embeddings = model.encode(["a text", "another text"])',
            "print(model.similarity(embeddings, embeddings))",
            "```",
            "",
            "## Data",
            "",
            *(f"- {name}: {json.dumps(value)}" for name, value in sorted(facts.items())),
            "",
            "## Validation, before and after",
            "",
            *table(epochs),
            "",
            "## Recipe",
            "",
            *(f"- {name}: {json.dumps(value)}" for name, value in recipe.items()),
            "",
            "## Versions",
            "",
            *(f"- {name} {version(name)}" for name in LIBRARIES),
            "",
        ]
    )


def table(epochs: list[dict[str, Any]]) -> list[str]:
    """Return a Markdown table with a row for each measured epoch; epoch 0 is the base model."""
    if not epochs:
        return ["Nothing was measured."]
    names = list(epochs[0]["metrics"])
    lines = [f"| epoch | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for epoch in epochs:
        numbers = " | ".join(f"{epoch['metrics'][name]:.4f}" for name in names)
        lines.append(f"| {epoch['epoch']} | {numbers} |")
    return lines
