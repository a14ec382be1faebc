"""How much memory a training has taken, and what to lower when it was not enough."""

from __future__ import annotations

import ctypes
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import torch
from sentence_transformers import SentenceTransformer

from lib.errors import TrainingError
from lib.training.recipe import Recipe

SIGNS = ("out of memory", "can't allocate memory", "not enough memory")
"""What CUDA, MPS and torch's CPU allocator say in a RuntimeError."""


def peak_memory(device: torch.device) -> int:
    """Return the most bytes that this process has held, of the GPU where it computes there."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error means that memory ran out."""
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in SIGNS)


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
            "The memory was not enough for this training.",
            todo=f"Lower the batch size (now {recipe.batch_size}) or the max length (now {length} tokens), freeze lower "
            "layers, or close other programs; then train again.",
        ) from error


M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BLOCK = 1 << 30


def reuse_large_blocks() -> None:
    """Ask glibc to keep freed blocks of up to 1 GiB for the next step; elsewhere this does nothing.

    The gradient of the word vectors is larger than the 32 MB from which glibc maps each block anew and has the kernel fill it with
    zeros: of a static model's step that is half (mallopt(3), M_MMAP_THRESHOLD).
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, KEPT_BLOCK)
        mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1)
