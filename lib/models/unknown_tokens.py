"""How much of texts a base model cannot read: unknown and equal tokens by its own tokenizer.

Light: no torch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lib.data.model_inputs import ModelInputs
from lib.data.text_array import Texts

if TYPE_CHECKING:
    from tokenizers import Encoding

MAX_TOKENIZED_TEXTS = 20_000
"""Texts that are tokenized, chosen by chance: two seconds; the share then has an error below one point."""
MAX_TEXT_CHARACTERS = 2_000
MIN_REPORTED_SHARE = 0.1
"""Below this share of unknown tokens a model still reads the rest of most texts."""
MULTILINGUAL_MODELS = (
    "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
    "intfloat/multilingual-e5-small",
)
"""Base models of about the bundled one's size that were trained on 50 and 100 languages."""


@dataclass(frozen=True)
class UnknownTokens:
    """The share of unknown tokens among all, and of texts that are unknown by half or more.

    equal: the share of texts that become the same tokens as another one, and so the same vector. sampled: how many texts
    were counted, by chance, where not all were; 0 for all.
    """

    model: str
    share: float
    texts: float
    equal: float = 0.0
    sampled: int = 0

    @property
    def is_much(self) -> bool:
        """Whether it should be said before training."""
        return max(self.share, self.texts, self.equal) >= MIN_REPORTED_SHARE

    def describe(self) -> str:
        """Write a sentence with the shares and what to choose instead."""
        return (
            f"{self.share:.0%} of the tokens are unknown to {self.model}, and {self.texts:.0%} of the texts by half or more"
            f"{self._describe_equal()}{self._describe_sample()}: it can't tell them apart. Choose a base model of their language, or a multilingual one such as "
            f"{' or '.join(MULTILINGUAL_MODELS)}."
        )

    def _describe_equal(self) -> str:
        if self.equal < MIN_REPORTED_SHARE:
            return ""
        return f"; {self.equal:.0%} of the texts become the same tokens as another one, and so the same vector"

    def _describe_sample(self) -> str:
        return f" (of {self.sampled:,} texts by chance)" if self.sampled else ""

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON-able values."""
        return asdict(self) | {"advice": self.describe() if self.is_much else ""}


def unknown_tokens(folder: Path | str, inputs: ModelInputs, *, model: str) -> UnknownTokens | None:
    """Count the unknown tokens of texts as the model reads them; those of its prompts aren't counted.

    folder: a str is the Hub name of a model that is not here. None where the tokenizer is not at hand or knows every byte.
    """
    path = Path(folder) / "tokenizer.json"
    if isinstance(folder, str) or not path.is_file() or inputs.frame.empty:
        return None
    unknown = _unknown_token(path)
    if unknown is None:
        return None
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    some = _sample(inputs.texts_by_prompt)
    read = [prompt + text for prompt, text in some]
    # the fast one has no offsets, which only prompts need
    encode = tokenizer.encode_batch if any(prompt for prompt, _ in some) else tokenizer.encode_batch_fast
    encodings = encode(read, add_special_tokens=False)
    number = tokenizer.token_to_id(unknown)
    tokens = [_tokens_beyond(len(prompt), one) for (prompt, _), one in zip(some, encodings, strict=True)]
    counts = np.array([(len(ids), sum(token == number for token in ids)) for ids in tokens], dtype=np.int64)
    filled = counts[counts[:, 0] > 0]
    if not len(filled):
        return None
    return UnknownTokens(
        model,
        share=float(filled[:, 1].sum() / filled[:, 0].sum()),
        texts=float((2 * filled[:, 1] >= filled[:, 0]).mean()),
        equal=_equal_share([text for _, text in some], tokens),
        sampled=len(some) if sum(len(array) for _, array in inputs.texts_by_prompt) > len(some) else 0,
    )


def _tokens_beyond(begin: int, encoding: Encoding) -> list[int]:
    """List the tokens that end beyond a place of the text: those of what follows a prompt."""
    if not begin:
        return encoding.ids
    return [token for token, (_, end) in zip(encoding.ids, encoding.offsets, strict=True) if end > begin]


def _sample(texts: Sequence[tuple[str, Texts]]) -> list[tuple[str, str]]:
    """Choose the texts that are tokenized, with their prompts.

    All of a few, else some by chance (languages may take turns).
    """
    count = sum(len(array) for _, array in texts)
    rows = np.arange(count)
    if count > MAX_TOKENIZED_TEXTS:
        rows = np.sort(np.random.default_rng(0).choice(count, MAX_TOKENIZED_TEXTS, replace=False))
    chosen, begin = [], 0
    for prompt, array in texts:
        own = rows[(rows >= begin) & (rows < begin + len(array))] - begin
        chosen += [(prompt, text[:MAX_TEXT_CHARACTERS]) for text in array.pick(own)]
        begin += len(array)
    return chosen


def _equal_share(texts: Sequence[str], ids: Sequence[list[int]]) -> float:
    """Compute the share of texts that become the same tokens as another one.

    Texts that differ in case or blanks alone count as one.
    """
    different: dict[tuple[int, ...], set[str]] = {}
    tokens = [tuple(one) for one in ids]
    for text, one in zip(texts, tokens, strict=True):
        different.setdefault(one, set()).add(" ".join(text.casefold().split()))
    return sum(len(different[one]) > 1 for one in tokens) / max(1, len(tokens))


def _unknown_token(path: Path) -> str | None:
    """Read the name of the token for what is unknown; None where there is none."""
    try:
        model = json.loads(path.read_text(encoding="utf-8"))["model"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if model.get("byte_fallback"):
        return None
    if isinstance(model.get("unk_token"), str):
        return str(model["unk_token"])
    number, vocabulary = model.get("unk_id"), model.get("vocab")
    is_unigram = isinstance(number, int) and isinstance(vocabulary, list) and 0 <= number < len(vocabulary)
    return str(vocabulary[number][0]) if is_unigram else None
