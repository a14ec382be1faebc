"""How many of a dataset's texts are longer than what a base model reads, in its own tokens, prompts included.

Light: no torch.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lib.data.audit.lengths import count_tokens
from lib.data.model_inputs import ModelInputs
from lib.models.folder_check.check import check_folder

TOKENIZER = "tokenizer.json"


@dataclass(frozen=True)
class TextLengths:
    """How many distinct texts a model truncates. limit, longest: in tokens, special ones included."""

    model: str
    limit: int
    texts: int
    truncated: int
    longest: int

    def describe(self) -> str:
        """Write a sentence with the numbers; empty where no text is truncated."""
        if not self.truncated:
            return ""
        return (
            f"{self.model} reads the first {self.limit:,} tokens, prompts included: {self.truncated:,} of {self.texts:,} "
            f"texts are longer, the longest has {self.longest:,}."
        )

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON-able values."""
        return asdict(self)


def measure_lengths(folder: Path | str, inputs: ModelInputs, *, model: str, max_length: int = 0) -> TextLengths | None:
    """Count the texts that a model truncates. max_length: of the recipe, 0 for the model's own.

    None for a static model, which reads whole texts, and where the folder or its tokenizer is not at hand. Raises
    ModelError for a folder that can't be used.
    """
    path = Path(folder) / TOKENIZER
    if not path.is_file():
        return None
    facts = check_folder(Path(folder))
    if facts.is_static:
        return None
    limit = min(facts.longest, max_length or facts.longest)
    texts = [prompt + text for prompt, text in inputs.distinct_texts]
    counts = count_tokens(texts, tokenizer=str(path), at_least=limit)
    long = counts > limit
    longest = int(counts[long].max()) if long.any() else 0
    return TextLengths(model, limit, len(texts), int(long.sum()), longest)
