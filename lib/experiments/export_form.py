"""Export a run's tuned model in other forms, and measure each from its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import nan
from pathlib import Path
from typing import Any

import numpy as np

from lib.data.model_inputs import ModelInputs
from lib.errors import InputError, NotFoundError
from lib.evaluation.compare import compare_metrics
from lib.evaluation.model_pair import ModelPair
from lib.evaluation.task import EvalTask, components_of_rows
from lib.experiments.exported_form import ExportedForm, ModelCost, save_exported_form
from lib.metrics import primary_metric
from lib.models.encoder import encode
from lib.models.forms.form import Form, check_packages, form_name
from lib.models.forms.guide import write_form_guide
from lib.models.forms.measure import FormFiles, measure_form
from lib.models.forms.write import check_dimension, default_dimensions, write_form
from lib.models.loader import fingerprint, load_model
from lib.models.prompts.apply import default_prompt
from lib.models.vector_cache import EmbeddingCache
from lib.progress import Progress, Silent
from lib.shapes import Shape
from lib.store.context import JobContext
from lib.store.datasets import Dataset
from lib.store.publish import publish, size_of
from lib.store.runs import Run
from lib.typed_json import JsonError, typed

RANGE_ROWS = 128
"""Training rows whose texts give int8 activations their ranges: 200 texts were enough for a mean cosine of .998 to fp32."""


@dataclass(frozen=True)
class ExportRequest:
    """What a job exports. dimension: of forms whose dimension can be chosen; 0: the default."""

    forms: tuple[Form, ...]
    dimension: int = 0


class FormExporter:
    """A run's tuned model and the held-out part, on which its forms are compared with it.

    The tuned model's vectors are those of the evaluation, from the cache where they are there; a graph is compared with fp32.
    Raises NotFoundError without a tuned model.
    """

    def __init__(self, run: Run, dataset: Dataset, *, home: Path, progress: Progress = Silent()) -> None:
        if not run.model_dir.is_dir():
            raise NotFoundError(f"{run.name} has no tuned model.", todo="Train it to the end first.")
        self.run, self.home, self.progress = run, home, progress
        self.inputs = ModelInputs.of(dataset.frame(), dataset.shape, run.recipe)
        self.task = EvalTask.of(self.inputs, part="held_out")
        self.groups = components_of_rows(self.inputs.frame, self.task.rows)
        progress.stage("exporting", "loading the tuned model")
        self.model = load_model(str(run.model_dir), reading=self.inputs.reading, device="cpu", home=home)
        self.mark = fingerprint(self.model)
        self.vectors = EmbeddingCache(home).embed(self.model, self.task.texts, fingerprint=self.mark, progress=progress)

    def export(self, form: Form, folder: Path | None = None, *, dimensions: Sequence[int] = ()) -> list[ExportedForm]:
        """Write a form, measure it, publish it in the folder and store its record with the run.

        folder: the run's own by default. dimensions: the form is written with the first one, and measured with each.
        Raises InputError for a dimension that the model does not have, and where a package is missing.
        """
        check_packages(form)
        dimensions = tuple(dimensions) or default_dimensions(self.model, form)
        for dimension in dimensions:
            check_dimension(self.model, dimension)
        full = int(self.model.get_embedding_dimension() or 0)
        name = form_name(form, dimensions[0] if dimensions else full)
        with publish(folder or self.run.paths.exports / name) as staging:
            self.progress.stage("exporting", name)
            write_form(
                self.model,
                staging,
                form,
                dimension=dimensions[0] if dimensions else full,
                texts=self._training_texts if form is Form.OPENVINO_INT8 else (),
                reading=self.inputs.reading,
                progress=self.progress,
            )
            others = dimensions[1:] if form is Form.TRUNCATED else ()
            made = [self._measure(form, staging, dimension) for dimension in (0, *others)]
            write_form_guide(staging, form, self.inputs.reading)
        for exported in made:
            save_exported_form(self.run, exported)
        return made

    def _measure(self, form: Form, folder: Path, dimension: int) -> ExportedForm:
        """Measure a form from its files. dimension: 0 for its own."""
        self.progress.stage("measuring", form_name(form, dimension) if dimension else str(form))
        default = self._default_prompt if form.is_graph else ""
        texts = self.task.plain if form is Form.STATIC else [default + text for text in self.task.texts]
        places = {
            name: str(path.absolute()) for name, path in self._places(folder).items()
        }  # the process starts elsewhere
        files = FormFiles(form, dimension, self.inputs.reading, **places)
        measured = measure_form(files, texts, self.task.texts, progress=self.progress)
        before = self._exact_vectors if form.is_graph else self.vectors
        return ExportedForm(
            form=form,
            metric=primary_metric(self.task.shape),
            metrics=compare_metrics(ModelPair(self.task, before, measured.vectors, self.groups)),
            examples=len(self.task.rows),
            cosine_difference=self._cosine_difference(before, measured.vectors),
            exported=ModelCost(size_of(folder), measured.vectors.shape[1], measured.texts_per_second),
            tuned=ModelCost(size_of(self.run.model_dir), self.vectors.shape[1], measured.tuned_texts_per_second),
            model=self.mark[:16],
        )

    def _places(self, folder: Path) -> dict[str, Path]:
        return {"folder": folder, "tuned": self.run.model_dir, "home": self.home}

    @property
    def _default_prompt(self) -> str:
        """What `encode` sets before a text, and no graph does."""
        return default_prompt(self.model)

    @property
    def _training_texts(self) -> list[str]:
        """Some training texts of every column, as the model reads them."""
        frame = self.inputs.frame
        rows = frame[frame["part"] == "train"]
        rows = rows.sample(n=min(RANGE_ROWS, len(rows)), random_state=0)
        texts = [text for name in self.inputs.columns for text in self.inputs.read_column(rows[name].dropna(), name)]
        return [self._default_prompt + text for text in texts]

    @cached_property
    def _exact_vectors(self) -> np.ndarray:
        """The tuned model's vectors in fp32: a graph computes so, and bf16 of the evaluation is not its price."""
        self.progress.stage("measuring", "the tuned model in fp32")
        return encode(self.model, self.task.texts, progress=self.progress, fast=False)

    def _cosine_difference(self, before: np.ndarray, after: np.ndarray) -> float:
        """Compute the largest change of a pair's cosine; nan where the examples are single texts."""
        if self.task.shape is Shape.LABELLED_TEXTS:
            return nan
        cosines = [self.task.pair_cosines(rows) for rows in (before, after)]
        return float(np.abs(cosines[1] - cosines[0]).max(initial=0.0))


def write_exported_forms(context: JobContext) -> None:
    """Export the forms that the job names, one after the other; each is stored as soon as it is measured."""
    request = _request(context.payload)
    exporter = FormExporter(context.run, context.dataset, home=context.workspace.home, progress=context.progress)
    for form in request.forms:
        chosen = (request.dimension,) if request.dimension else ()
        exporter.export(form, dimensions=chosen)


def _request(payload: dict[str, Any]) -> ExportRequest:
    """Read what a job exports. Raises InputError."""
    try:
        forms = tuple(Form(one) for one in payload["forms"])
        request: ExportRequest = typed(ExportRequest, {**payload, "forms": forms})
    except (JsonError, KeyError, TypeError, ValueError) as error:
        raise InputError("What to export cannot be read.", todo="Choose the forms again.") from error
    if not request.forms:
        raise InputError("No form was chosen.", todo="Choose one.")
    return request
