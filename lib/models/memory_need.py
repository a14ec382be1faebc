"""Estimate how much memory a model takes to encode, before it is loaded.

Light: no torch.

Upper estimates, held to real processes by tests/unit/models/test_memory_need.py. The terms are what PyTorch allocates;
the factors on them were fitted to peaks of real processes (bench/README.md, Memory).
"""

from __future__ import annotations

from dataclasses import dataclass

from lib.models.folder_check.check import FolderFacts
from lib.models.folder_check.transformer import TransformerFacts
from lib.models.packed.architectures import ARCHITECTURES

MOST_TOKENS = 16_384
"""Tokens of a block of texts that are encoded together, padding included: memory stays flat however long texts are, and
more would gain nothing. One text alone may have more, up to the model's limit."""

PROGRAM_BYTES = 700_000_000
"""Of Python with torch and sentence-transformers before a model is loaded, and of what is small."""

FLOAT = 4
BF16_COPY = 2
"""Bytes of a weight that autocast keeps beside the one in fp32."""

FORWARD_WIDTHS, FORWARD_INNERS = 8, 2
"""Numbers a token that live at once in one layer's forward pass, in widths of the model and of its feed-forward layers.

Input, query, key, value, three of them gathered, and the output; before and after the activation.
"""

SCORES = 3
"""Copies of attention scores that live at once where they are written out: scores, softmax, and a copy in between."""


@dataclass(frozen=True)
class MemoryNeed:
    """The bytes that a process needs at its peak, by what takes them.

    weights: of the model. optimizer: gradients and moments, none in encoding. texts: what is computed of texts at once.
    """

    weights: int
    texts: int
    optimizer: int = 0
    program: int = PROGRAM_BYTES

    @property
    def total(self) -> int:
        """All of it."""
        return self.program + self.weights + self.optimizer + self.texts


@dataclass(frozen=True)
class ModelSizes:
    """What of a model decides how much memory it takes. transformer: None for a static model."""

    parameters: int
    transformer: TransformerFacts | None

    @classmethod
    def of(cls, facts: FolderFacts) -> ModelSizes:
        """Take them from a checked folder."""
        return cls(facts.parameters, facts.transformer)


def encoding_need(sizes: ModelSizes, *, longest: int) -> MemoryNeed:
    """Estimate the memory of encoding texts. longest: tokens that are read of the longest one."""
    weights = sizes.parameters * (FLOAT + BF16_COPY)
    return MemoryNeed(weights=weights, texts=encoding_bytes(sizes.transformer, longest=longest))


def encoding_bytes(sizes: TransformerFacts | None, *, longest: int) -> int:
    """Estimate the bytes that a block of texts takes on its way through one layer."""
    if sizes is None:
        return MOST_TOKENS * FLOAT
    tokens = max(MOST_TOKENS, longest)
    layer = tokens * token_floats(sizes) * FLOAT
    return layer if packs(sizes) else layer + SCORES * score_bytes(sizes, tokens=tokens, longest=longest)


def token_floats(sizes: TransformerFacts) -> int:
    """Count the numbers a token that one layer holds."""
    return FORWARD_WIDTHS * sizes.dimension + FORWARD_INNERS * sizes.inner


def score_bytes(sizes: TransformerFacts, *, tokens: int, longest: int) -> int:
    """Compute the bytes of one layer's scores in fp32: heads * tokens * length."""
    return sizes.heads * tokens * longest * FLOAT


def packs(sizes: TransformerFacts) -> bool:
    """Whether texts are packed on a CPU, so that no more scores live than fit its cache."""
    return sizes.model_type in ARCHITECTURES
