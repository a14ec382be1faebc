"""Every text that reaches a model is read in its role once; what is stored or shown is plain."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sentence_transformers import SentenceTransformer

from lib import Pairs, compare
from lib.commands.evaluate import evaluate_file
from lib.data import model_inputs
from lib.data.model_inputs import PLAIN_READING, ModelInputs, Reading, Role
from lib.evaluation import explain
from lib.evaluation.explanation import ExplanationPair
from lib.evaluation.run import evaluate_run
from lib.evaluation.side_effects.forgetting import probe_texts
from lib.evaluation.store import load_neighbours, load_pairs
from lib.evaluation.task import EvalTask
from lib.experiments import base_measurement, export_form
from lib.experiments.control import run_control
from lib.experiments.cost_estimate import PlannedTraining, measure_cost
from lib.experiments.export_form import FormExporter
from lib.experiments.interpolation import run_interpolation
from lib.experiments.label_noise_check import label_noise_path, write_label_noise
from lib.experiments.learning_curve import run_learning_curve
from lib.models.forms.form import Form
from lib.models.forms.measure import FormFiles, MeasuredForm
from lib.models.inference import handlers, search
from lib.models.inference.answers import Ranking
from lib.models.loaded_check import TRIAL_TEXT
from lib.models.packed.switch import PROBE_TEXTS
from lib.progress import Progress, Silent
from lib.projection import extreme_pairs
from lib.projection import run as projection
from lib.projection.extreme_pairs import missing_extreme_texts
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.store.layout import EvaluationPaths
from lib.store.snapshots import read_snapshots
from lib.store.workspace import open_workspace
from lib.training.run import train_model
from tests.unit.projection.finished import add_finished_run
from tests.unit.training.small import FAST, frame_of

ROOT = Path(__file__).resolve().parents[3]
MARKS = Reading("<q> ", "<d> ", default_prompt=False)
NO_DATA = set(PROBE_TEXTS)
"""Constant texts by which packing is checked: no model reads them as data."""
NO_ROLE = set(probe_texts())
"""Texts of the general probe, which are read alone: as queries where documents are marked too."""

Spy = Callable[[], list[str]]


@pytest.fixture(scope="module")
def marked_models() -> Iterator[Spy]:
    """Mark what models read, and collect every text that any model tokenises.

    Each call empties the collection.
    """
    read: list[str] = []
    preprocess = SentenceTransformer.preprocess

    def spy(model: SentenceTransformer, inputs: list[str], prompt: str | None = None, **options: Any) -> Any:
        read.extend((prompt or "") + text for text in inputs)
        return preprocess(model, inputs, prompt=prompt, **options)

    def take() -> list[str]:
        texts = list(dict.fromkeys(read))
        read.clear()
        return texts

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SentenceTransformer, "preprocess", spy)
        patch.setattr(model_inputs, "reading_of", lambda recipe: PLAIN_READING if recipe is None else MARKS)
        yield take


@pytest.fixture
def texts_read(marked_models: Spy) -> Spy:
    """Provide the collection of tokenised texts, empty."""
    marked_models()
    return marked_models


@pytest.fixture(scope="module")
def trained_context(marked_models: Spy, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Provide the context of a job on a run of the tiny model, trained for one epoch with marked texts."""
    workspace = open_workspace(tmp_path_factory.mktemp("trained"))
    dataset, run = add_finished_run(workspace, frame_of(Shape.PAIRS), Shape.PAIRS)
    recipe = replace(FAST, epochs=1)
    run = replace(run, model=str(tiny_model), recipe_text=recipe.to_text())
    with suppress(OSError):
        run.model_dir.rmdir()
    train(dataset.frame(), recipe, model=tiny_model, folder=run.folder, home=workspace.home)
    return SimpleNamespace(workspace=workspace, dataset=dataset, run=run, progress=Silent(), payload={})


def assert_marks(read: list[str], frame: pd.DataFrame) -> None:
    """Check that each text bears the mark of a role that it has, once."""
    assert_roles(read, queries=set(frame["anchor"]), documents=set(frame["positive"]))


def assert_roles(read: list[str], *, queries: set[str], documents: set[str]) -> None:
    texts = [text for text in read if text not in NO_DATA and set(text.split()) != {TRIAL_TEXT}]
    assert texts
    for text in texts:
        mark, plain = text[:4], text[4:]
        is_query = mark == MARKS.query and plain in queries | NO_ROLE
        assert is_query or (mark == MARKS.document and plain in documents), text


def train(frame: pd.DataFrame, recipe: Recipe, *, model: Path, folder: Path, home: Path) -> None:
    train_model(
        inputs=ModelInputs.of(frame, Shape.PAIRS, recipe),
        model_name=str(model),
        recipe=recipe,
        folder=folder,
        home=home,
        progress=Silent(),
    )


@pytest.mark.parametrize("packed", [True, False])
def test_training_reads_marked_texts_and_keeps_plain_ones(
    packed: bool, texts_read: Spy, tiny_model: Path, tmp_path: Path
) -> None:
    """Steps, mined negatives, validation and snapshots."""
    frame, recipe = frame_of(Shape.PAIRS), replace(FAST, epochs=1, packed=packed, hard_negatives=1)
    train(frame, recipe, model=tiny_model, folder=tmp_path / "run", home=tmp_path / "home")
    assert_marks(texts_read(), frame)
    assert set(read_snapshots(tmp_path / "run" / "snapshots").texts()) == {*frame["anchor"], *frame["positive"]}


def test_evaluation_control_and_extreme_pairs_read_marked_texts(
    texts_read: Spy, trained_context: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, dataset, home = trained_context.run, trained_context.dataset, trained_context.workspace.home
    frame = dataset.frame()
    evaluate_run(run, dataset, home=home)
    assert_marks(texts_read(), frame)
    plain = {*frame["anchor"], *frame["positive"]}
    pairs = load_pairs(run)
    assert {*pairs["anchor"], *pairs["positive"]} <= plain
    assert set(load_neighbours(run, pair=int(pairs["pair"].iloc[0]))["text"]) <= plain
    run_control(trained_context)  # type: ignore[arg-type]
    assert_marks(texts_read(), frame)
    texts_encoded: list[str] = []
    embedder = extreme_pairs.cached_embedder

    def spy(*args: Any, **options: Any) -> Any:
        embed, marks = embedder(*args, **options)
        return lambda name, texts: (texts_encoded.extend(texts), embed(name, texts))[1], marks

    monkeypatch.setattr(extreme_pairs, "cached_embedder", spy)
    inputs = ModelInputs.of(frame, Shape.PAIRS, run.recipe)
    added = missing_extreme_texts(run, inputs, [], home=home, progress=Silent())
    assert set(added.texts) <= plain
    assert_marks(texts_encoded, frame)


def test_inference_reads_marked_texts_and_shows_plain_ones(
    texts_read: Spy, tiny_model: Path, home: Path, tmp_path: Path
) -> None:
    frame = frame_of(Shape.PAIRS)
    frame.to_parquet(tmp_path / "examples.parquet")
    query, reading, models = frame["anchor"][0], MARKS.to_json(), [str(tiny_model)]
    handlers.cosines(models=models, left=query, right=frame["positive"][1], reading=reading)
    where = {"parquet": str(tmp_path / "examples.parquet"), "column": "positive"}
    (found,) = search.nearest(models=models, query=query, reading=reading, **where)  # type: ignore[arg-type]
    assert_marks(texts_read(), frame)
    assert {one.text for one in Ranking.from_json(found).best} <= set(frame["positive"])
    search.load_search(models=models, reading=reading, **where)  # type: ignore[arg-type]
    assert set(texts_read()) - NO_DATA == {f"{MARKS.query}a"}


def test_a_learning_curve_reads_marked_texts(texts_read: Spy, trained_context: SimpleNamespace) -> None:
    run_learning_curve(trained_context)  # type: ignore[arg-type]
    assert_marks(texts_read(), trained_context.dataset.frame())


@pytest.mark.parametrize("payload", [{}, {"share": 0.5}])
def test_blends_read_marked_texts(texts_read: Spy, trained_context: SimpleNamespace, payload: dict[str, float]) -> None:
    run_interpolation(SimpleNamespace(**vars(trained_context) | {"payload": payload}))  # type: ignore[arg-type]
    assert_marks(texts_read(), trained_context.dataset.frame())


def test_label_noise_reads_marked_texts_and_lists_plain_ones(
    texts_read: Spy, trained_context: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundled model by no recipe: so whatever it reads is marked here."""
    monkeypatch.setattr(model_inputs, "reading_of", lambda recipe: MARKS)
    write_label_noise(trained_context)  # type: ignore[arg-type]
    frame = trained_context.dataset.frame()
    assert_marks(texts_read(), frame)
    rows = json.loads(
        label_noise_path(trained_context.workspace.home, trained_context.dataset.id).read_text(encoding="utf-8")
    )
    assert rows["other"]
    assert {*rows["anchor"]} <= {*frame["anchor"]}
    assert {*rows["positive"], *rows["other"]} <= {*frame["positive"]}


def test_a_comparison_of_base_models_reads_marked_texts(texts_read: Spy, tiny_model: Path, tmp_path: Path) -> None:
    frame = frame_of(Shape.PAIRS)
    base_measurement.compare_bases(frame, Shape.PAIRS, [str(tiny_model)], home=tmp_path, progress=Silent())
    assert_marks(texts_read(), frame[frame["part"] != "held_out"])


def test_the_map_of_all_texts_reads_marked_texts_and_shows_plain_ones(
    texts_read: Spy, trained_context: SimpleNamespace, tmp_path: Path
) -> None:
    frame = trained_context.dataset.frame()
    inputs = ModelInputs.of(frame, Shape.PAIRS, trained_context.run.recipe)
    source = projection.all_texts(trained_context.run, inputs, home=tmp_path, progress=Silent())
    assert_marks(texts_read(), frame)
    assert set(source.texts) == {*frame["anchor"], *frame["positive"]}


@pytest.mark.parametrize("form", [Form.TRUNCATED, Form.STATIC, Form.ONNX, Form.ONNX_INT8, Form.OPENVINO_INT8])
def test_an_exported_form_is_measured_on_marked_texts(
    form: Form, texts_read: Spy, trained_context: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for a static one, which has no prompts. What the form is made of is not asked for here."""
    asked: list[list[str]] = []

    def measure(files: FormFiles, texts: list[str], tuned_texts: list[str], *, progress: Progress) -> MeasuredForm:
        asked.extend([texts, tuned_texts])
        return MeasuredForm(np.ones((len(texts), 32), dtype=np.float32), 1.0, 1.0)

    monkeypatch.setattr(export_form, "measure_form", measure)
    monkeypatch.setattr(export_form, "check_packages", lambda form: None)
    monkeypatch.setattr(export_form, "write_form", lambda *_, **__: None)
    exporter = FormExporter(trained_context.run, trained_context.dataset, home=tmp_path)
    exporter.export(form, tmp_path / "out")
    assert_marks(texts_read(), trained_context.dataset.frame())
    by_form, by_tuned = asked[:2]
    assert_marks(by_tuned, trained_context.dataset.frame())
    assert by_form == ([text[4:] for text in by_tuned] if form is Form.STATIC else by_tuned)


def test_a_comparison_in_python_reads_marked_texts(texts_read: Spy, tiny_model: Path, tmp_path: Path) -> None:
    frame = frame_of(Shape.PAIRS)
    compare(tiny_model, tiny_model, Pairs(frame["anchor"], frame["positive"]), home=tmp_path)
    assert_marks(texts_read(), frame)


PROVEN = {
    "lib.api.comparison": "a comparison in Python",
    "lib.api.results": "tests/unit/api/test_training.py",
    "lib.commands.embed": "tests/unit/commands/test_embed.py",
    "lib.commands.evaluate": "another file",
    "lib.evaluation.explain": "an explanation",
    "lib.evaluation.run": "evaluation",
    "lib.experiments.base_measurement": "a comparison of base models",
    "lib.experiments.export_form": "an exported form",
    "lib.experiments.file_vectors": "tests/unit/experiments/test_file_vectors.py",
    "lib.experiments.held_out": "learning curve",
    "lib.experiments.interpolation": "blends",
    "lib.experiments.label_noise_check": "label noise",
    "lib.experiments.variants": "learning curve and control; on a cluster tests/unit/experiments/test_experiments.py",
    "lib.models.embed_corpus": "tests/unit/models/test_embed_corpus.py",
    "lib.models.embed_file": "tests/unit/models/test_embed_file.py",
    "lib.models.forms.measure": "tests/unit/experiments/test_export_form.py, from the written files",
    "lib.models.inference.handlers": "inference",
    "lib.models.inference.search": "inference",
    "lib.models.unknown_tokens": "tests/unit/models/test_unknown_tokens.py",
    "lib.models.vector_cache": "texts come as its callers read them",
    "lib.projection.extreme_pairs": "extreme pairs",
    "lib.projection.run": "the map of all texts",
    "lib.training.run": "training; of several processes tests/unit/cluster/test_torchrun.py",
    "lib.training.saving": "training",
    "lib.training.validate": "training",
}
"""Modules that load a model or embed texts, and the test here, or the file, in which their texts bear a prompt."""

EMBED = {"load_model", "loaded_model", "cached_embedder", "encode"}


def test_every_module_that_embeds_texts_is_proven_to_read_prompts() -> None:
    """A new one is entered with its test."""
    found = set()
    for path in (ROOT / "lib").rglob("*.py"):
        calls = (
            node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
        )
        if any(isinstance(function, ast.Name) and function.id in EMBED for function in calls):
            found.add(".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert found == set(PROVEN)


def test_a_cost_estimate_reads_marked_texts(texts_read: Spy, trained_context: SimpleNamespace, tmp_path: Path) -> None:
    planned = PlannedTraining(trained_context.dataset.id, trained_context.run.model, replace(FAST, batch_size=8))
    measure_cost(trained_context.workspace.home, planned, folder=tmp_path / "training")
    assert_marks(texts_read(), trained_context.dataset.frame())


def test_another_file_is_read_marked_and_listed_plain(
    texts_read: Spy, trained_context: SimpleNamespace, tmp_path: Path
) -> None:
    """Texts that no cache knows yet, as `evaluate --on` reads them."""
    frame = trained_context.dataset.frame()[["anchor", "positive"]].head(40).map("{} please".format)
    frame.to_csv(tmp_path / "other.csv", index=False)
    folder = evaluate_file(trained_context.workspace, trained_context.run, tmp_path / "other.csv").folder
    assert_marks(texts_read(), frame)
    pairs = pd.read_parquet(EvaluationPaths(folder).pairs)
    assert {*pairs["anchor"], *pairs["positive"]} == {*frame["anchor"], *frame["positive"]}


@pytest.mark.parametrize("by_token", [True, False])
def test_an_explanation_reads_marked_texts(
    by_token: bool, texts_read: Spy, tiny_model: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = "sort a list", "list sorter"
    monkeypatch.setattr(explain, "is_mean_pooled", lambda model: by_token)
    names = {"base": str(tiny_model), "tuned": str(tiny_model)}
    explained = explain.explain_cosine(**names, first=first, second=second, reading=MARKS.to_json())
    queries, documents = ({text} for text in (first, second))
    if not by_token:  # the words that are left out are those of the plain text
        assert ExplanationPair.from_json(explained).base.first == first.split()
        queries |= {"a list", "sort list", "sort a"}
        documents |= {"sorter", "list"}
    read = texts_read()
    assert_roles(read, queries=queries, documents=documents)
    assert {text[4:] for text in read} == queries | documents


def test_a_text_in_two_roles_is_two_texts_to_a_model_and_one_to_the_numbers() -> None:
    frame = pd.DataFrame({"part": "held_out", "anchor": ["a", "b", "c"], "positive": ["b", "x", "y"]})
    plain, marked = (
        EvalTask.of(ModelInputs(frame, Shape.PAIRS, reading), part="held_out") for reading in (Reading(), MARKS)
    )
    assert (len(plain.texts), len(marked.texts)) == (5, 6)
    assert plain.own_document.tolist() == marked.own_document.tolist() == [-1, 0, -1]
    assert all(random_pair_texts(task) == random_pair_texts(plain) for task in (plain, marked))
    assert ModelInputs(frame, Shape.PAIRS, MARKS).read_by_use(["a", "b"]) == ["<q> a", "<d> b"]


def random_pair_texts(task: EvalTask) -> list[tuple[str, str]]:
    first, second = task.random_pairs(count=50)
    return [(task.plain[task.left[a]], task.plain[task.right[b]]) for a, b in zip(first, second, strict=True)]


@pytest.mark.parametrize("shape", [Shape.SCORED, Shape.LABELLED_PAIRS, Shape.LABELLED_TEXTS])
def test_shapes_without_documents_have_one_role(shape: Shape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_inputs, "reading_of", lambda recipe: MARKS)
    inputs = ModelInputs.of(frame_of(shape), shape)
    assert {inputs.role_of(name) for name in inputs.columns} == {Role.QUERY}
    assert all(text.startswith("<q> ") for text in EvalTask.of(inputs, part="held_out").texts)
