"""How many texts are longer than what a base model reads, in its own tokens.

Prompts are included.

Light: no torch.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lib.data.audit.lengths import count_tokens
from lib.data.model_inputs import ModelInputs
from lib.models.folder_check.check import FolderFacts, check_folder
from lib.typed_json import JsonError, read_stored, typed

TOKENIZER, MODULE_SETTINGS = "tokenizer.json", "sentence_bert_config.json"


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
    """Count the texts that a model truncates.

    folder: a str is the Hub name of a model that is not here. max_length: of the recipe, 0 for the model's own.

    None for a static model, which reads whole texts, and where the folder or its tokenizer is not at hand. Raises
    ModelError for a folder that can't be used.
    """
    path = Path(folder) / TOKENIZER
    if isinstance(folder, str) or not path.is_file():
        return None
    facts = check_folder(Path(folder))
    if facts.is_static:
        return None
    limit = reading_limit(Path(folder), facts, max_length=max_length)
    counts = np.concatenate(
        [
            count_tokens(texts, tokenizer=str(path), at_least=limit, prompt=prompt)
            for prompt, texts in inputs.texts_by_prompt
        ]
    )
    long = counts > limit
    longest = int(counts[long].max()) if long.any() else 0
    return TextLengths(model, limit, len(counts), int(long.sum()), longest)


def reading_limit(folder: Path, facts: FolderFacts, *, max_length: int = 0) -> int:
    """Compute how many tokens of a text a model reads.

    As its folder states, a recipe asks and its positions allow.
    """
    return min(facts.longest, max_length or facts.longest, _stated_limit(folder) or facts.longest)


def _stated_limit(folder: Path) -> int | None:
    """Read the `max_seq_length` that a folder states; None where it states none."""
    for place in ("", "0_Transformer"):
        with suppress(OSError, JsonError):
            stated = typed(dict[str, Any], read_stored(folder / place / MODULE_SETTINGS)).get("max_seq_length")
            return stated if isinstance(stated, int) else None
    return None
