"""Are our numbers those of sentence-transformers' own evaluators? On tuned models and whole data sets.

python -m bench.evaluators NAME=FILE ... : trains the bundled model on each file (one epoch, Recommended), judges it, and asks the evaluator
of that shape about base and tuned: over the same vectors (must agree within 1e-6), and over plain `model.encode` in fp32, which says what our
faster encoding changes. --write puts the table into bench/README.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import evaluation as theirs

from bench.results import put
from lib.data.model_inputs import ModelInputs
from lib.evaluation.run import cached_embedder
from lib.evaluation.store import load_evaluation
from lib.evaluation.task import EvalTask
from lib.models.catalog import resolve
from lib.store.workspace import open_workspace

RANKED = {name: f"cosine_{name}" for name in ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")}
NAMES = {
    "pairs": RANKED,
    "scored": {"spearman": "spearman_cosine", "pearson": "pearson_cosine"},
    "labelled_pairs": {"average_precision": "cosine_ap", "best_f1": "cosine_f1"},
}


def evaluator(frame: pd.DataFrame, shape: str, task: EvalTask) -> Any:
    """Build sentence-transformers' evaluator of the held-out part."""
    held_out = frame[frame["part"] == "held_out"]
    if shape == "scored":
        score = held_out["score"].astype(float).tolist()
        return theirs.EmbeddingSimilarityEvaluator(
            held_out["anchor"].tolist(), held_out["positive"].tolist(), score, main_similarity="cosine"
        )
    if shape == "labelled_pairs":
        label = held_out["label"].astype(int).tolist()
        return theirs.BinaryClassificationEvaluator(held_out["anchor"].tolist(), held_out["positive"].tolist(), label)
    return theirs.InformationRetrievalEvaluator(
        {f"q{n:06d}": task.texts[query] for n, query in enumerate(task.queries)},
        {f"d{n:06d}": task.texts[document] for n, document in enumerate(task.documents)},
        {f"q{n:06d}": {f"d{d:06d}" for d in right} for n, right in enumerate(task.relevant)},
        precision_recall_at_k=[1, 5, 10],
    )


def with_vectors(model: SentenceTransformer, texts: list[str], rows: np.ndarray) -> SentenceTransformer:
    """Let the model answer with these vectors."""
    row_of = {text: number for number, text in enumerate(texts)}

    def encode(inputs: list[str] | str, **_: Any) -> Any:
        import torch

        some = [inputs] if isinstance(inputs, str) else list(inputs)
        return torch.from_numpy(rows[[row_of[text] for text in some]])

    model.encode = encode  # type: ignore[method-assign]
    return model


def compare(run: Any, home: Path) -> list[str]:
    """Compare one run's numbers: the table's lines."""
    dataset = open_workspace(home).datasets.get(run.dataset)
    found, frame = load_evaluation(run), dataset.frame()
    assert found is not None
    inputs = ModelInputs.of(frame, dataset.shape, run.recipe)
    task = EvalTask.of(inputs, part="held_out")
    evaluate, names = evaluator(frame, dataset.shape, task), NAMES[dataset.shape]
    embed, _ = cached_embedder(run, inputs.reading, home=home)
    lines = []
    for name, folder in (("base", str(resolve(run.model, home=home))), ("tuned", str(run.model_dir))):
        model = SentenceTransformer(folder, device="cpu", local_files_only=True)
        plain = evaluate(model)
        same = evaluate(with_vectors(model, task.texts, embed(name, task.texts)))
        ours = {metric: getattr(found.metrics[metric], name) for metric in names}
        off = max(abs(ours[metric] - same[their]) for metric, their in names.items())
        encoding = max(abs(ours[metric] - plain[their]) for metric, their in names.items())
        first = next(iter(names))
        cells = f"{found.examples:,} | {len(names)} | {first} {ours[first]:.4f} | {off:.0e} | {encoding:.4f}"
        lines.append(f"| {dataset.name} | {name} | {cells} |")
    return lines


def main() -> None:
    """Train, judge, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+", help="NAME=FILE")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    lines = [
        "| data | model | held-out | numbers | the first | largest difference, same vectors | largest difference, plain fp32 encoding |",
        "|---|---|---:|---:|---|---:|---:|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for one in args.data:
            name, _, path = one.partition("=")
            command = [sys.executable, "-m", "lib", "train", path, "--name", name, "--epochs", str(args.epochs)]
            subprocess.run(command, env=os.environ | {"CLOSER_HOME": folder}, check=True, stdout=subprocess.DEVNULL)
        for run in sorted(open_workspace(home).runs.all(), key=lambda run: run.id):
            lines += compare(run, home)
    note = "Differences are the largest over all numbers of that line. What plain fp32 encoding changes are neighbours that lie almost equally near."
    table = "\n".join([*lines, "", note])
    print(table)
    if args.write:
        put("Evaluators", table)


if __name__ == "__main__":
    main()
