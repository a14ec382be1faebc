"""Evaluate vectors from files in place of a run's models: options, evaluation, map."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lib.data.model_inputs import ModelInputs
from lib.errors import InputError
from lib.evaluation.own_vectors import (
    map_vectors,
    own_embedder,
    read_own_vectors,
    read_with_roles,
    texts_to_embed,
    vectors_mark,
    write_texts,
)
from lib.format import format_count

if TYPE_CHECKING:
    import numpy as np

    from lib.evaluation.model_pair import ModelPair
    from lib.evaluation.result import Evaluation
    from lib.store.runs import Run
    from lib.store.workspace import Workspace


def add_vector_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for vectors from elsewhere to a command."""
    own = parser.add_argument_group(
        "own vectors",
        "vectors of the dataset's texts from elsewhere (an API, another library) in place of the run's models",
    )
    own.add_argument("--write-texts", type=Path, metavar="FILE", help="only write the texts to embed, as JSON lines")
    files = ".npy (a row for each line of --texts), or .parquet with the columns text and vector"
    own.add_argument("--base-vectors", type=Path, metavar="FILE", help=files)
    own.add_argument("--tuned-vectors", type=Path, metavar="FILE", help="the same of the tuned model")
    own.add_argument(
        "--texts",
        type=Path,
        metavar="FILE",
        help="the texts of the .npy files' rows (default: as --write-texts lists them)",
    )


def write_texts_to_embed(inputs: ModelInputs, path: Path) -> int:
    """Write the texts and say how many; return 0."""
    print(f"texts: {path} ({format_count(write_texts(path, inputs), 'text')})")
    return 0


def evaluate_vectors(
    workspace: Workspace, trained: Run, given: argparse.Namespace
) -> tuple[Run, Evaluation, ModelPair]:
    """Evaluate the files' vectors on the run's held-out part, and draw their map.

    Returns the run as which both are stored: a folder of its own beside the run's results.
    """
    from lib.evaluation.run import embed_part, evaluate_inputs

    files = {"base": given.base_vectors, "tuned": given.tuned_vectors}
    if not all(files.values()):
        raise InputError("--base-vectors and --tuned-vectors belong together.", todo="Name both.")
    dataset = workspace.datasets.get(trained.dataset)
    plain = ModelInputs.of(dataset.frame(), dataset.shape)
    expected = texts_to_embed(plain)
    vectors = {name: read_own_vectors(path, texts=given.texts, expected=expected) for name, path in files.items()}
    mark = vectors_mark(list(files.values()))
    run = replace(
        trained, id=f"{trained.id}-{mark}", name=f"{trained.name}, own vectors", folder=trained.paths.own_vectors(mark)
    )
    versions = {"dataset": dataset.id} | {f"{name} vectors": one.source for name, one in vectors.items()}
    inputs, embed = read_with_roles(plain), own_embedder(vectors)
    evaluation = evaluate_inputs(inputs, embed, folder=run.paths.evaluation.folder, versions=versions, with_probe=False)
    if vectors["base"].rows.shape[1] == vectors["tuned"].rows.shape[1]:
        _draw_own_map(run, plain, map_vectors(plain, vectors), workspace=workspace)
    return run, evaluation, embed_part(inputs, embed, part="held_out")


def _draw_own_map(
    run: Run, inputs: ModelInputs, ends: tuple[list[str], dict[str, np.ndarray]], *, workspace: Workspace
) -> None:
    """Store the vectors as snapshots, base and best, and draw the map; of two dimensions there is none."""
    from lib.projection.run import draw_map
    from lib.store.snapshots import BASE, BEST, SnapshotWriter

    texts, rows = ends
    writer = SnapshotWriter(run.paths.snapshots.folder, texts)
    for epoch, (name, model) in enumerate(((BASE, "base"), (BEST, "tuned"))):
        writer.write(name, epoch=epoch, embeddings=rows[model])
    draw_map(run, workspace.datasets.get(run.dataset), home=workspace.home)
