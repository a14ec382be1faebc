"""The vectors of an evaluation, read back from the workspace's cache: no model is loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lib.data.model_inputs import ModelInputs
from lib.errors import NotFoundError
from lib.evaluation.model_pair import MODEL_NAMES, ModelPair
from lib.evaluation.result import Evaluation
from lib.evaluation.task import EvalTask, components_of_rows
from lib.models.vector_cache import VectorStore, key_of
from lib.store.layout import WorkspacePaths


def load_model_pair(inputs: ModelInputs, evaluation: Evaluation, *, home: Path, part: str = "held_out") -> ModelPair:
    """Read the vectors of a part's texts by both models, as they were evaluated.

    Raises NotFoundError where the cache has lost one.
    """
    task = EvalTask.of(inputs, part=part)
    base, tuned = (_vectors(task.texts, evaluation.versions.get(f"{name} model", ""), home) for name in MODEL_NAMES)
    return ModelPair(task, base, tuned, components_of_rows(inputs.frame, task.rows))


def has_vectors(evaluation: Evaluation, *, home: Path) -> bool:
    """Check whether the cache still has a folder for each model; the vectors in it are not read."""
    return all(len(_folders(evaluation.versions.get(f"{name} model", ""), home)) == 1 for name in MODEL_NAMES)


def _folders(mark: str, home: Path) -> list[Path]:
    """List the folders of vectors whose name begins with a model's mark."""
    return [folder for folder in WorkspacePaths(home).vectors.glob("*") if mark and folder.name.startswith(mark)]


def _vectors(texts: list[str], mark: str, home: Path) -> np.ndarray:
    """Read vectors (texts, d) from the one folder of vectors whose name begins with the model's mark."""
    folders = _folders(mark, home)
    if len(folders) == 1:
        store, keys = VectorStore(folders[0]), [key_of(text) for text in texts]
        if keys and all(key in store.index for key in keys):
            name, row = store.index[keys[0]]
            return store.get(keys, dimension=len(store.read[name][row]))
    raise NotFoundError("The vectors of this evaluation are not there any more.", todo="Evaluate the run again.")
