"""Embed texts by an exported ONNX graph: onnxruntime and tokenizers only, no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lib.progress import Progress, Silent

GRAPH = "onnx/model.onnx"
"""Where sentence-transformers' backend="onnx" looks for the graph."""

TOKENIZER_FILE = "tokenizer.json"
"""The tokenizer, with the model's truncation and padding in it."""

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""What a graph may take, (texts, tokens) int64 each."""

SHORTEST = 2
"""Tokens of a batch at least: the graph's length begins there, as torch's exporter takes 1 for a constant."""

BATCH_TOKENS = 1_024
"""Tokens of a batch with its padding: larger ones fall out of the processor's cache."""


class OnnxEncoder:
    """An exported folder, loaded. threads: of one batch; 0: as onnxruntime chooses."""

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        padding = self._tokenizer.padding or {}
        self._pad, self._pads_left = padding.get("pad_id", 0), padding.get("direction") == "left"
        self._tokenizer.no_padding()  # a batch is padded to its own longest text
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(str(folder / GRAPH), options, providers=["CPUExecutionProvider"])
        self._names = [one.name for one in self._session.get_inputs()]

    def encode(self, texts: Sequence[str], *, progress: Progress = Silent()) -> np.ndarray:
        """Embed texts, (texts, d) float32: batches of nearly one length, each distinct text once."""
        distinct = list(dict.fromkeys(texts))
        encoded = self._tokenizer.encode_batch_fast(distinct)
        order = sorted(range(len(distinct)), key=lambda index: -len(encoded[index].ids))
        parts, done = [], 0
        for batch in _batches(order, encoded):
            parts.append(self._run([encoded[index] for index in batch]))
            done += len(batch)
            progress.advance(done, len(order))
        if not parts:
            return np.zeros((0, 0), dtype=np.float32)
        rows = np.concatenate(parts)
        place = {distinct[index]: row for row, index in enumerate(order)}
        return np.asarray(rows[[place[text] for text in texts]])

    def _run(self, batch: Sequence[Any]) -> np.ndarray:
        """Pad a batch and run the graph."""
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
        outputs = self._session.run(["sentence_embedding"], {name: inputs[name] for name in self._names})
        return np.asarray(outputs[0], dtype=np.float32)


def _batches(order: Sequence[int], encoded: Sequence[Any]) -> Iterator[Sequence[int]]:
    """Cut an order, the longest first, into batches of so many tokens that their padding is counted."""
    begin = 0
    while begin < len(order):
        count = max(1, BATCH_TOKENS // max(1, len(encoded[order[begin]].ids)))
        yield order[begin : begin + count]
        begin += count
