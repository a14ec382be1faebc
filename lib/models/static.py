"""Static MiniLM: word vectors distilled from the bundled model, many times faster than it.

The way of model2vec (https://github.com/MinishLab/model2vec): every token of the vocabulary through the model, PCA, weights
by how common a token is. Its package holds transformers back, and these are few lines. The result is a plain
sentence-transformers model: StaticEmbedding and Normalize.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding

from lib.errors import ModelError
from lib.models import catalog
from lib.models.pca import principal_directions
from lib.progress import Progress, Silent
from lib.store.publish import leftovers, publish, remove

DIMENSION = 256
"""Principal components that a static model keeps.

The default of `StaticEmbedding.from_distillation` (sentence-transformers 6.2), which hands it to model2vec as pca_dims.
"""
SIF_COEFFICIENT = 1e-4
"""a of SIF, unitless: the weight of a token is a / (a + p(token)).

Arora et al. 2017, "A simple but tough-to-beat baseline for sentence embeddings".
"""
UNUSED = re.compile(r"\[unused\d+\]")
"""Places of BERT's vocabulary that no text reaches."""
TOKENS_PER_BLOCK = 512


def is_static_model(model: SentenceTransformer) -> bool:
    """Check whether the model's first module is a StaticEmbedding: word vectors without a transformer."""
    return len(model) > 0 and isinstance(model[0], StaticEmbedding)


def ensure_static_model(home: Path, *, progress: Progress | None = None) -> Path:
    """Find the static model's folder, building the model first where it is missing.

    That takes seconds; one process builds.
    """
    folder = catalog.static_folder(home)
    if catalog.is_model_folder(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        for part in leftovers(folder.parent):  # of a process that was killed: the lock says that nobody builds
            remove(part)
        if not catalog.is_model_folder(folder):
            source = catalog.bundled_folder()
            if source is None:
                raise ModelError("The bundled model is not installed.", todo="Install requirements.txt again.")
            teacher = SentenceTransformer(str(source), device="cpu", local_files_only=True)
            model = distil(teacher, progress=progress)
            with publish(folder) as staging:
                model.save_pretrained(str(staging), create_model_card=False)
    return folder


def distil(
    teacher: SentenceTransformer, *, dimension: int = DIMENSION, progress: Progress | None = None
) -> SentenceTransformer:
    """Distil a static model: each token's vector is what the teacher computes for it alone.

    Needs a fast tokenizer.
    """
    tokenizer = teacher.tokenizer
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    special = set(tokenizer.all_special_ids)
    token_ids = np.array([index for token, index in vocabulary if index not in special and not UNUSED.fullmatch(token)])
    vectors = _reduce_dimension(_token_vectors(teacher, token_ids, progress=progress or Silent()), dimension)
    rows = np.zeros((vocabulary[-1][1] + 1, vectors.shape[1]), dtype=np.float32)
    # w(t) = a / (a + p(t)) (SIF); the plain mean of a text's rows, which the model takes, is then the SIF-weighted one
    rows[token_ids] = vectors * _weights(len(token_ids))[:, None]
    backend = type(tokenizer.backend_tokenizer).from_str(tokenizer.backend_tokenizer.to_str())
    backend.no_truncation()
    return SentenceTransformer(modules=[StaticEmbedding(backend, embedding_weights=rows), Normalize()], device="cpu")


@torch.inference_mode()
def _token_vectors(teacher: SentenceTransformer, token_ids: np.ndarray, *, progress: Progress) -> np.ndarray:
    """Embed each token between the special tokens of a text and pool, without normalisation.

    (tokens, dimension) float32.
    """
    teacher.eval()
    progress.stage("distilling", "token by token")
    modules = [module for module in teacher if not isinstance(module, Normalize)]
    before, after = _special_tokens(teacher.tokenizer)
    blocks = []
    for begin in range(0, len(token_ids), TOKENS_PER_BLOCK):
        progress.check()
        tokens = token_ids[begin : begin + TOKENS_PER_BLOCK, None]
        ends = (np.tile(np.array(ids, dtype=np.int64), (len(tokens), 1)) for ids in (before, after))
        ids = torch.from_numpy(np.concatenate([next(ends), tokens, next(ends)], axis=1))
        features = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        for module in modules:
            features = module(features)
        blocks.append(features["sentence_embedding"].float().numpy())
        progress.advance(min(begin + TOKENS_PER_BLOCK, len(token_ids)), len(token_ids))
    return np.concatenate(blocks)


def _special_tokens(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Find the ids that a tokenizer writes before and after a text."""
    ids, plain = (tokenizer("a", add_special_tokens=special)["input_ids"] for special in (True, False))
    start = next(place for place in range(len(ids)) if ids[place : place + len(plain)] == plain)
    return list(ids[:start]), list(ids[start + len(plain) :])


def _reduce_dimension(vectors: np.ndarray, dimension: int) -> np.ndarray:
    """Project the vectors on their first `dimension` principal components (PCA, signs fixed)."""
    # X W, X centred, W the first eigenvectors of X^T X
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    return (centred @ principal_directions(centred.T @ centred, dimension)).astype(np.float32)


def _weights(count: int) -> np.ndarray:
    """Compute SIF weights a / (a + p) for tokens ordered from common to rare, p by Zipf's law."""
    # Zipf's law: the token of rank r has p(r) = (1 / r) / sum_k (1 / k); a vocabulary is ordered from common to rare
    frequency = 1.0 / np.arange(1, count + 1)
    return (SIF_COEFFICIENT / (SIF_COEFFICIENT + frequency / frequency.sum())).astype(np.float32)
