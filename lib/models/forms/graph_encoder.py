"""Embed texts by an exported graph: its runtime and tokenizers only, no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lib.progress import Progress, Silent

TOKENIZER_FILE = "tokenizer.json"
"""The tokenizer, with the model's truncation and padding in it."""

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""What a graph may take, (texts, tokens) int64 each."""

HIDDEN_OUTPUT, EMBEDDING_OUTPUT = "last_hidden_state", "sentence_embedding"
"""Outputs of a graph: what sentence-transformers pools itself, and the embedding."""

SHORTEST = 2
"""Tokens of a batch at least: the graph's length begins there, as torch's exporter takes 1 for a constant."""

BATCH_TOKENS = 512
"""Tokens of a batch with its padding: larger ones fall out of the processor's cache."""


class GraphEncoder(ABC):
    """An exported folder, loaded: what the graphs of all runtimes share."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        padding = self._tokenizer.padding or {}
        self._pad, self._pads_left = padding.get("pad_id", 0), padding.get("direction") == "left"
        self._tokenizer.no_padding()  # a batch is padded to its own longest text

    @abstractmethod
    def run(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Run the graph on a padded batch, by input (texts, tokens): embeddings, (texts, d)."""

    def encode(self, texts: Sequence[str], *, progress: Progress = Silent()) -> np.ndarray:
        """Embed texts, (texts, d) float32: batches of nearly one length, each distinct text once."""
        distinct = list(dict.fromkeys(texts))
        encoded = self.tokenize(distinct)
        order = sorted(range(len(distinct)), key=lambda index: -len(encoded[index].ids))
        parts, done = [], 0
        for batch in _batches(order, encoded):
            inputs = self.pad([encoded[index] for index in batch])
            parts.append(np.asarray(self.run(inputs), dtype=np.float32))
            done += len(batch)
            progress.advance(done, len(order))
        if not parts:
            return np.zeros((0, 0), dtype=np.float32)
        rows = np.concatenate(parts)
        place = {distinct[index]: row for row, index in enumerate(order)}
        return np.asarray(rows[[place[text] for text in texts]])

    def tokenize(self, texts: Sequence[str]) -> Sequence[Any]:
        """Tokenise texts, truncated as the model does."""
        encoded: Sequence[Any] = self._tokenizer.encode_batch_fast(list(texts))
        return encoded

    def pad(self, batch: Sequence[Any]) -> dict[str, np.ndarray]:
        """Pad a batch to its longest text: by input (texts, tokens) int64."""
        shape = (len(batch), max(SHORTEST, *(len(one.ids) for one in batch)))
        inputs = {
            "input_ids": np.full(shape, self._pad, dtype=np.int64),
            "attention_mask": np.zeros(shape, dtype=np.int64),
            "token_type_ids": np.zeros(shape, dtype=np.int64),
        }
        for row, one in enumerate(batch):
            place = slice(shape[1] - len(one.ids), None) if self._pads_left else slice(0, len(one.ids))
            inputs["input_ids"][row, place] = one.ids
            inputs["attention_mask"][row, place] = 1
            inputs["token_type_ids"][row, place] = one.type_ids
        return inputs


def _batches(order: Sequence[int], encoded: Sequence[Any]) -> Iterator[Sequence[int]]:
    """Cut an order, the longest first, into batches of so many tokens that their padding is counted."""
    begin = 0
    while begin < len(order):
        count = max(1, BATCH_TOKENS // max(1, len(encoded[order[begin]].ids)))
        yield order[begin : begin + count]
        begin += count
