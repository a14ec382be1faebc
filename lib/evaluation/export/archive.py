"""The export of a stored evaluation as one zip, for a page: no model is loaded."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from lib.data.model_inputs import ModelInputs
from lib.errors import NotFoundError
from lib.evaluation.competition import find_competition
from lib.evaluation.export.write import ExportedRun, write_export
from lib.evaluation.store import load_evaluation, load_pairs
from lib.evaluation.stored_vectors import load_model_pair
from lib.store.datasets import Dataset
from lib.store.runs import Run


def zip_export(run: Run, dataset: Dataset, *, home: Path, others: Iterable[Run] = ()) -> bytes:
    """Write a run's stored evaluation for other tools, as the bytes of a zip.

    others: runs that may compete with it, as `find_competition` takes them.
    Raises NotFoundError where there is no evaluation, or its vectors are gone.
    """
    evaluation = load_evaluation(run)
    if evaluation is None:
        raise NotFoundError(f"{run.name} has not been evaluated yet.", todo="Evaluate it first.")
    models = load_model_pair(ModelInputs.of(dataset.frame(), dataset.shape, run.recipe), evaluation, home=home)
    exported = ExportedRun(
        run.id, run.dataset, run.model, run.paths.map, find_competition(run, others, load_evaluation)
    )
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / f"closer-evaluation-{run.id}"
        write_export(folder, evaluation, models, load_pairs(run), run=exported)
        return _zip_folder(folder)


def _zip_folder(folder: Path) -> bytes:
    """Pack the files of a folder, under its name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, str(path.relative_to(folder.parent)))
    return packed.getvalue()
