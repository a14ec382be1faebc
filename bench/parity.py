"""Compare packed with plain, for every architecture: vectors and gradients, in fp32 and bf16.

python -m bench.parity [--only NAME]
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
from sentence_transformers import SentenceTransformer

from bench.results import put
from bench.tiny_models import CONFIGS, build_model
from lib.models.encoder import encode
from lib.models.packed import batches, switch

POOLINGS = ("mean", "cls", "lasttoken")
HEADS = ("normalize", "none", "dense", "truncate")
PROMPT = "query: "
BF16 = ("bf16_vectors", "bf16_gradient", "padded_bf16_gradient")
ANCHORS = [
    "sort a list",
    "how do I open a file and read every line of it?",
    "add",
    "join strings with a comma between them, " * 3,
    "a text beyond the window, and longer than the model reads, " * 12,
]
TARGETS = ["sorted(iterable, *, key=None, reverse=False)", "open(file)", "sort a list", "str.join(iterable) " * 6, "x"]


@dataclass(frozen=True)
class Case:
    """A comparison: a model's name in `CONFIGS`, its pooling, its head, and whether with a prompt."""

    name: str
    pooling: str = "mean"
    head: str = "normalize"
    prompt: bool = False


@dataclass(frozen=True)
class Difference:
    """Packed less plain.

    vectors, gradient, encoding: the norm of the difference over the norm of the plain one, in fp32; encoding is our
    `encode` against the model's own. bf16_vectors, bf16_gradient: cosines to plain fp32, the smallest
    of a text and that of all gradients as one vector; padded_bf16_gradient: the latter of the stock padded path in bf16.
    """

    vectors: float
    gradient: float
    encoding: float
    bf16_vectors: float
    bf16_gradient: float
    padded_bf16_gradient: float


@dataclass(frozen=True)
class _Step:
    vectors: torch.Tensor
    gradient: torch.Tensor


def cases(name: str) -> Iterator[Case]:
    """List the cases of a model: each pooling and each head, with and without a prompt."""
    for prompt in (False, True):
        for pooling in POOLINGS:
            yield Case(name, pooling, prompt=prompt)
        for head in HEADS[1:]:
            yield Case(name, head=head, prompt=prompt)


def compare(case: Case, folder: Path) -> Difference | None:
    """Measure how far packed is from plain; None where the model is not packed."""
    model = build_model(case.name, folder, pooling=case.pooling, head=case.head)
    if case.prompt:
        model.prompts, model.default_prompt_name = {"query": PROMPT}, "query"
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    with switch.packing(model) as on:
        if not on:
            return None
    plain, plain_rows = _step(model, case, packed=False), model.encode(ANCHORS)
    with switch.packing(model):
        packed, rows = _step(model, case, packed=True), encode(model, ANCHORS, fast=False)
    with switch.packing(model, bf16=True):
        rounded = _step(model, case, packed=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        padded = _step(model, case, packed=False)
    return Difference(
        vectors=_relative(packed.vectors, plain.vectors),
        gradient=_relative(packed.gradient, plain.gradient),
        encoding=_relative(torch.from_numpy(rows), torch.from_numpy(plain_rows)),
        bf16_vectors=float(torch.cosine_similarity(rounded.vectors, plain.vectors).min()),
        bf16_gradient=float(torch.cosine_similarity(rounded.gradient, plain.gradient, dim=0)),
        padded_bf16_gradient=float(torch.cosine_similarity(padded.gradient, plain.gradient, dim=0)),
    )


def _step(model: SentenceTransformer, case: Case, *, packed: bool) -> _Step:
    """Compute all vectors, and the gradient of a random linear function of them, as one vector.

    A contrastive loss of near-equal vectors is a difference of near-equal numbers: in fp32 its gradient differs from
    float64's by more than what is measured here.
    """
    model.train()
    model.zero_grad()
    prompt = PROMPT if case.prompt else None
    columns = [model.preprocess(column, prompt=prompt) for column in (ANCHORS, TARGETS)]
    if packed:
        columns = batches.embed_batch(model, columns)
    vectors = torch.cat([model(column)["sentence_embedding"] for column in columns])
    weights = torch.randn(vectors.shape, generator=torch.Generator().manual_seed(5))
    (vectors * weights).sum().backward()
    gradients = [weight.grad.flatten() for weight in model.parameters() if weight.grad is not None]
    return _Step(vectors.detach(), torch.cat(gradients))


def _relative(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found.double() - expected.double()).norm() / expected.double().norm())


def row(name: str) -> str:
    """Write a model's line of the table: the worst of its cases."""
    found = []
    for case in cases(name):
        with tempfile.TemporaryDirectory() as folder:
            found.append(compare(case, Path(folder)))
    known = [difference for difference in found if difference is not None]
    if len(known) < len(found):
        return f"| {name} | no: padded | | | | | | |"
    vectors, gradient, encoding = (
        f"{max(getattr(difference, fact) for difference in known):.1e}" for fact in ("vectors", "gradient", "encoding")
    )
    cosines = (min(getattr(d, fact) for d in known) for fact in BF16)
    return (
        f"| {name} | {len(known)} | {vectors} | {gradient} | {encoding} | {' | '.join(f'{c:.5f}' for c in cosines)} |"
    )


def main() -> None:
    """Measure the models and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(CONFIGS), help="one model; prints its line and writes nothing")
    only = parser.parse_args().only
    head = (
        "| architecture | cases | vectors, fp32 | gradient, fp32 | encoding, fp32 | vectors, bf16 | gradient, bf16 | padded |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    lines = [row(name) for name in ([only] if only else CONFIGS)]
    print("\n".join([head, *lines]))
    if not only:
        put("Packed against plain", "\n".join([head, *lines, "", NOTE]))


NOTE = """Tiny random models (`bench/tiny_models.py`), the worst of each one's cases: mean, first-token and last-token pooling, no
Normalize, a Dense module, truncate_dim, each with and without a prompt. fp32: the norm of the difference to
sentence-transformers' own padded path over the norm of the latter; bf16: the smallest cosine to plain fp32, in the last column that of the padded path in bf16. Texts go beyond the windows of ModernBERT, Mistral and Gemma. What is not here is not packed,
and the log of its run says so. `python -m bench.parity` writes this table; `tests/unit/models/packed/test_architectures.py`
holds each architecture to it."""

if __name__ == "__main__":
    main()
