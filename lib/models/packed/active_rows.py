"""Train only those rows of the word vectors that the training texts use.

    tokens = batches.Tokens(model, texts)
    active = active_rows.use_active_rows(model, tokens)  # batches of `tokens` read its rows from now on
    active.join(optimizer)

Of a text's tokens alone the gradient is not zero. AdamW without weight decay (Kingma and Ba 2015, algorithm 1) leaves a weight
whose gradients were all zero as it is: its moments are zero, and its step is 0 / (0 + eps). So the other rows need no gradient,
no moments and no step, and the result is the same. They are most rows: a vocabulary has 30,000 to 250,000, a dataset a few
thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from torch import nn

from lib.models.packed.batches import ROWS_MARK, Tokens

MOST_SHARE = 0.5
"""Share of the vocabulary above which all rows are trained: then copying them costs what it saves."""

MOMENTS = ("exp_avg", "exp_avg_sq")
"""Of AdamW, by row of its parameter."""


class ActiveRows:
    """Rows of a model's word vectors as a parameter of their own, (rows, width), trained in their place.

    Only the forward pass of a batch whose tokens number them reads it: after each step they stand in the model too, so
    that evaluation, checkpoints and saving need not know of it.
    """

    def __init__(self, embedding: nn.Embedding, rows: torch.Tensor) -> None:
        """rows: numbers of tokens, rising."""
        self.embedding, self.rows = embedding, rows
        self.weight = nn.Parameter(embedding.weight.detach()[rows].clone())
        padding = embedding.padding_idx
        place = (rows == padding).nonzero().flatten() if padding is not None else rows[:0]
        self.padding = int(place[0]) if len(place) else None  # its gradient stays 0

    def read(self) -> None:
        """Copy the model's rows, which were loaded from a checkpoint."""
        self.weight.data.copy_(self.embedding.weight.detach()[self.rows])

    def write(self) -> None:
        """Copy the rows to the model."""
        self.embedding.weight.data.index_copy_(0, self.rows, self.weight.detach())

    @contextmanager
    def stand_in(self) -> Iterator[None]:
        """Let the embedding look its tokens up in these rows for the block."""
        whole, padding = self.embedding.weight, self.embedding.padding_idx
        self.embedding.weight, self.embedding.padding_idx = self.weight, self.padding  # type: ignore[assignment]
        try:
            yield
        finally:
            self.embedding.weight, self.embedding.padding_idx = whole, padding

    def join(self, optimizer: torch.optim.Optimizer) -> None:
        """Let an optimizer that has not stepped yet train these rows in place of the whole matrix."""
        whole = self.embedding.weight
        for group in optimizer.param_groups:
            group["params"] = [self.weight if one is whole else one for one in group["params"]]
        optimizer.register_step_post_hook(lambda *_: self.end_step())

    def end_step(self) -> None:
        """Bring the model up to date, and forget the gradient."""
        self.write()
        self.weight.grad = None


class WholeOptimizer:
    """An optimizer with `ActiveRows` as checkpoints know it: its moments have all rows."""

    def __init__(self, optimizer: Any, active: ActiveRows) -> None:
        self._optimizer, self._active = optimizer, active
        parameters = [one for group in optimizer.param_groups for one in group["params"]]
        self._number = next(number for number, one in enumerate(parameters) if one is active.weight)

    def state_dict(self) -> dict[str, Any]:
        """Collect the state, with zeros for the rows that are not trained."""
        state = self._optimizer.state_dict()
        return self._with_moments(state, lambda part: self._spread(part))

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Load the state, also one that was stored by an optimizer of all rows."""
        self._optimizer.load_state_dict(self._with_moments(state, lambda part: part[self._active.rows]))

    def _with_moments(self, state: dict[str, Any], convert: Any) -> dict[str, Any]:
        own = state["state"].get(self._number)
        if own is None:
            return state
        changed = {name: convert(part) if name in MOMENTS else part for name, part in own.items()}
        return {**state, "state": {**state["state"], self._number: changed}}

    def _spread(self, part: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(self._active.embedding.weight).index_copy_(0, self._active.rows, part)


def use_active_rows(model: SentenceTransformer, tokens: Tokens) -> ActiveRows | None:
    """Let batches of these tokens read a parameter of the rows that they use.

    The unpadded path has to be on. None, and nothing is changed, where the texts use most of the vocabulary, or the word
    vectors are not trained or do more than look up.
    """
    embedding = model[0].model.get_input_embeddings()
    rows = np.unique(tokens.ids)
    if not _is_lookup(embedding) or len(rows) > MOST_SHARE * embedding.num_embeddings:
        return None
    active = ActiveRows(embedding, torch.from_numpy(rows))
    tokens.ids, tokens.mark = np.searchsorted(rows, tokens.ids), ROWS_MARK
    whole = model.forward

    def forward(features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        if ROWS_MARK not in features:
            return whole(features, **kwargs)
        with active.stand_in():
            return whole({key: value for key, value in features.items() if key != ROWS_MARK}, **kwargs)

    model.forward = forward
    return active


def _is_lookup(embedding: Any) -> bool:
    plain = isinstance(embedding, nn.Embedding) and embedding.max_norm is None and not embedding.sparse
    return plain and embedding.weight.requires_grad and not embedding.scale_grad_by_freq
