"""Tokenize the texts of a run once, and embed a batch as one packed row of its distinct texts.

with switch.packing(model, bf16=...) as on:          # on: whether this device and model can compute packed
    tokens = batches.Tokens(model, texts)            # the collator's preprocess_fn
    features = batches.embed_batch(model, features)  # in the trainer's collect_features: same loss, same gradients
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from lib.models.prompts.apply import tokenize_read, unpooled_prompt_of_all

CACHED_MARK = "kept_activations"
"""Marks features whose `input_ids` index cached activations (activation_cache.py).

Those of frozen lower layers.
"""
ROWS_MARK = "active_rows"
"""Marks features whose `input_ids` number the rows of active_rows.py."""
TEXTS_PER_CALL = 1_000
"""Texts that are tokenised in one call."""


class Tokens:
    """The tokens of every text of a run, made once; call it wherever a collator wants `model.preprocess`."""

    def __init__(self, model: SentenceTransformer, texts: Iterable[str]) -> None:
        """Tokenise the distinct texts with the model's own preprocessing. The unpadded path has to be on."""
        self.model, self.mark = model, ""
        self.place = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        distinct = list(self.place)
        ids, positions, lengths = [], [], []
        for begin in range(0, len(distinct), TEXTS_PER_CALL):
            features = model.preprocess(distinct[begin : begin + TEXTS_PER_CALL])
            ids.append(features["input_ids"][0].numpy())
            positions.append(features["position_ids"][0].numpy())
            lengths.append(features["cu_seq_lens_q"].diff().numpy())
        self.ids, self.positions = _concatenate(ids), _concatenate(positions)
        self.starts = np.concatenate([[0], np.cumsum(_concatenate(lengths))]).astype(np.int64)

    def __call__(self, inputs: Sequence[str], prompt: str | None = None, **kwargs: Any) -> dict[str, Any]:
        """Collect the packed features of a column of texts; unknown texts and prompts go to `preprocess`."""
        if prompt or any(text not in self.place for text in inputs):
            return tokenize_read(self.model, inputs, default=prompt or "", **kwargs)
        return self.features([self.place[text] for text in inputs]) | self.prompt_features(inputs)

    def prompt_features(self, inputs: Sequence[str]) -> dict[str, Any]:
        """Collect the length of the prompt that pooling leaves out of a column's texts, where it does.

        Such columns are not embedded in one row: pooling leaves out the same number of tokens of all its texts.
        """
        prompt = unpooled_prompt_of_all(self.model, inputs)
        if not prompt:
            return {}
        return {"prompt_length": tokenize_read(self.model, [prompt])["prompt_length"]}

    def features(self, numbers: Sequence[int]) -> dict[str, Any]:
        """Collect the packed features of texts given by row, in that order."""
        rows = np.asarray(numbers, dtype=np.int64)
        lengths = self.starts[rows + 1] - self.starts[rows]
        # the tokens of text i are ids[starts[i]:starts[i + 1]]; cu_seq_lens is the cumulative sum of lengths, from 0
        index = np.concatenate([np.arange(self.starts[row], self.starts[row + 1]) for row in rows])
        boundaries = torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
        return ({self.mark: True} if self.mark else {}) | {
            "input_ids": torch.from_numpy(self.ids[index])[None],
            "position_ids": torch.from_numpy(self.positions[index])[None],
            "seq_idx": torch.from_numpy(np.repeat(np.arange(len(rows), dtype=np.int32), lengths))[None],
            "cu_seq_lens_q": boundaries,
            "cu_seq_lens_k": boundaries,
            "max_length_q": int(lengths.max()),
            "max_length_k": int(lengths.max()),
        }


def embed_batch(model: SentenceTransformer, features: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Embed all columns of a batch in one row, each distinct text once.

    Returns the features with their embeddings.

    A loss that calls the model with them gets those embeddings back. Features that are not packed come back as they are.
    """
    packable = all("cu_seq_lens_q" in column and "prompt_length" not in column for column in features)
    if not packable or len({_marks(column) for column in features}) > 1:
        return features
    # An embedding used k times gets the sum of its k gradients (index_select adds them in backward), so loss and
    # gradients equal those of k copies, dropout aside: copies share one mask.
    texts, inverse = _distinct(features)
    embeddings = model(_row(features, texts))["sentence_embedding"]
    out, begin = [], 0
    for column in features:
        count = len(column["cu_seq_lens_q"]) - 1
        ready = embeddings.index_select(0, torch.from_numpy(inverse[begin : begin + count]))
        out.append({**column, "ready_embedding": ready})
        begin += count
    return out


def _distinct(features: list[dict[str, Any]]) -> tuple[list[tuple[int, int, int]], np.ndarray]:
    """Find the distinct texts, shortest first, and the row of each text of the batch.

    Distinct texts as (column, begin, end).
    """
    row_of: dict[bytes, int] = {}
    texts: list[tuple[int, int, int]] = []
    inverse = []
    for number, column in enumerate(features):
        ids, bounds = column["input_ids"][0].numpy(), column["cu_seq_lens_q"].tolist()
        for begin, end in zip(bounds[:-1], bounds[1:], strict=True):
            row = row_of.setdefault(ids[begin:end].tobytes(), len(texts))
            if row == len(texts):
                texts.append((number, begin, end))
            inverse.append(row)
    order = sorted(range(len(texts)), key=lambda row: texts[row][2] - texts[row][1])
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return [texts[row] for row in order], rank[inverse]


def _row(features: list[dict[str, Any]], texts: list[tuple[int, int, int]]) -> dict[str, Any]:
    """Concatenate the packed features of these texts into one row."""
    lengths = np.array([end - begin for _, begin, end in texts])
    boundaries = torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    out: dict[str, Any] = {
        key: torch.cat([features[number][key][:, begin:end] for number, begin, end in texts], dim=1)
        for key in ("input_ids", "position_ids")
    }
    out |= dict.fromkeys(_marks(features[0]), True)
    out["seq_idx"] = torch.from_numpy(np.repeat(np.arange(len(texts), dtype=np.int32), lengths))[None]
    out.update(cu_seq_lens_q=boundaries, cu_seq_lens_k=boundaries)
    return {**out, "max_length_q": int(lengths.max()), "max_length_k": int(lengths.max()), "modality": "text"}


def _marks(column: dict[str, Any]) -> tuple[str, ...]:
    return tuple(mark for mark in (CACHED_MARK, ROWS_MARK) if mark in column)


def _concatenate(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
