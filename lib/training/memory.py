"""How much memory a training has taken, and what to lower when it was not enough."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from sentence_transformers import SentenceTransformer

from lib.errors import TrainingError, is_out_of_memory
from lib.memory import peak_process_memory
from lib.recipe.recipe import Recipe


def peak_memory(device: torch.device) -> int:
    """Most bytes that this process has held: of the GPU where it computes there, else of memory."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return peak_process_memory()


@contextmanager
def naming_memory(recipe: Recipe, model: SentenceTransformer) -> Iterator[None]:
    """Turn running out of memory into a TrainingError that names what to lower, and to what."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        length = model.max_seq_length or recipe.max_length
        raise TrainingError(
            "Out of memory during training.",
            todo=f"Lower the batch size (now {recipe.batch_size}) or the max length (now {length} tokens), freeze lower "
            "layers, or close other programs; then train again.",
        ) from error
