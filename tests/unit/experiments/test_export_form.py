"""Forms of a tuned model as a job: written, measured from their files in a process of their own, listed, removed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from lib.data.model_inputs import ModelInputs
from lib.errors import InputError
from lib.evaluation.compare import compare_metrics
from lib.evaluation.model_pair import ModelPair
from lib.evaluation.task import EvalTask, components_of_rows
from lib.experiments.exported_form import (
    ExportedForm,
    has_files,
    list_exported_forms,
    remove_exported_form,
)
from lib.jobs.kinds import perform
from lib.models.forms.form import Form, missing_packages
from lib.models.forms.guide import GUIDE
from lib.progress import Silent
from lib.store.publish import verify
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace
from tests.builders import add_dataset, add_run

HAS_ONNX = not missing_packages(Form.ONNX)

PLAIN = """
import json, sys
import numpy as np
from sentence_transformers import SentenceTransformer
texts = json.load(open("texts.json"))
for name in json.load(open("folders.json")):
    np.save(f"{name}.npy", SentenceTransformer(f"exports/{name}", device="cpu").encode(texts))
"""
"""What a person without Closer does with the folders, in a process that cannot import it."""


@pytest.fixture(scope="module")
def exported_run(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> tuple[Workspace, Run]:
    """Export a run whose tuned model is the tiny one: nothing has to be trained here."""
    workspace = open_workspace(tmp_path_factory.mktemp("workspace"))
    run = add_run(workspace, add_dataset(workspace), tiny_model, query_prompt="ask: ", document_prompt="tell: ")
    shutil.copytree(tiny_model, run.model_dir)
    workspace.jobs.cancel(run.job)
    export(workspace, run, forms=["truncated", "static", *(["onnx"] if HAS_ONNX else [])], dimension=16)
    return workspace, run


def export(workspace: Workspace, run: Run, **payload: object) -> None:
    """Do the job in this process."""
    job = workspace.jobs.submit("export", run=run.id, payload=dict(payload))
    assert perform(workspace, job, Silent()) == ()


def record(run: Run, name: str) -> ExportedForm:
    return next(one for one in list_exported_forms(run) if one.name == name)


def held_out(workspace: Workspace, run: Run) -> tuple[EvalTask, np.ndarray]:
    dataset = workspace.datasets.get(run.dataset)
    inputs = ModelInputs.of(dataset.frame(), dataset.shape, run.recipe)
    task = EvalTask.of(inputs, part="held_out")
    return task, components_of_rows(inputs.frame, task.rows)


def test_each_form_is_published_with_its_record(exported_run: tuple[Workspace, Run]) -> None:
    _, run = exported_run
    forms = list_exported_forms(run)
    assert [one.name for one in forms] == ["truncated-16", "static-16", *(["onnx"] if HAS_ONNX else [])]
    for one in forms[:2]:
        assert has_files(run, one)
        assert verify(run.paths.exports / one.name) == []
        assert (one.exported.dimension, one.tuned.dimension) == (16, 32)
        assert min(one.exported.texts_per_second, one.tuned.texts_per_second) > 0
        assert one.exported.bytes > 0
        assert ExportedForm.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert record(run, "static-16").exported.bytes < record(run, "static-16").tuned.bytes


def test_the_price_is_that_of_the_files(exported_run: tuple[Workspace, Run]) -> None:
    workspace, run = exported_run
    task, groups = held_out(workspace, run)
    tuned = SentenceTransformer(str(run.model_dir), device="cpu").encode(task.texts)
    model = SentenceTransformer(str(run.paths.exports / "static-16"), device="cpu")
    after = {"truncated-16": tuned[:, :16], "static-16": model.encode(task.plain)}
    for name, rows in after.items():
        expected = compare_metrics(ModelPair(task, tuned, rows, groups))
        found = record(run, name)
        assert found.metric == "accuracy@1"
        assert found.examples == len(task.rows)
        assert set(found.metrics) == set(expected)
        for key in ("accuracy@1", "mrr@10"):
            assert found.metrics[key].base == pytest.approx(expected[key].base, abs=1e-6)
            assert found.metrics[key].tuned == pytest.approx(expected[key].tuned, abs=1e-6)
        assert found.metrics["mrr@10"].low <= found.metrics["mrr@10"].difference <= found.metrics["mrr@10"].high
        change = np.abs(task.pair_cosines(rows) - task.pair_cosines(tuned)).max()
        assert found.cosine_difference == pytest.approx(change, abs=1e-4)


def test_a_process_without_closer_loads_them(exported_run: tuple[Workspace, Run], tmp_path: Path) -> None:
    workspace, run = exported_run
    task, _ = held_out(workspace, run)
    names = ["truncated-16", "static-16"]
    (tmp_path / "texts.json").write_text(json.dumps(task.texts[:8]))
    (tmp_path / "folders.json").write_text(json.dumps(names))
    (tmp_path / "exports").symlink_to(run.paths.exports)
    subprocess.run([sys.executable, "-c", PLAIN], cwd=tmp_path, check=True, timeout=300)
    tuned = SentenceTransformer(str(run.model_dir), device="cpu").encode(task.texts[:8])
    truncated, static = (np.load(tmp_path / f"{name}.npy") for name in names)
    assert np.allclose(truncated, tuned[:, :16], atol=1e-5)
    assert static.shape == (8, 16)


def test_a_truncated_model_keeps_prompts_and_its_readme_loads_it(exported_run: tuple[Workspace, Run]) -> None:
    _, run = exported_run
    folder = run.paths.exports / "truncated-16"
    model = SentenceTransformer(str(folder), device="cpu")
    assert model.truncate_dim == 16
    modules = json.loads((folder / "modules.json").read_text())
    assert {module["type"].rpartition(".")[0] for module in modules} == {"sentence_transformers.models"}
    assert (model.prompts["query"], model.prompts["document"]) == ("ask: ", "tell: ")
    code = (folder / GUIDE).read_text().split("```python")[1].split("```")[0]
    space: dict[str, object] = {}
    exec(code.replace("path/to/this/folder", str(folder)), space)
    assert np.allclose(space["queries"], model.encode(["ask: a query"]), atol=1e-6)


@pytest.mark.skipif(not HAS_ONNX, reason="requirements-export.txt is not installed")
def test_a_graph_costs_nothing_and_is_measured_from_its_file(exported_run: tuple[Workspace, Run]) -> None:
    _, run = exported_run
    found = record(run, "onnx")
    assert has_files(run, found)
    assert verify(run.paths.exports / "onnx") == []
    assert (found.exported.dimension, found.tuned.dimension) == (32, 32)
    assert found.cosine_difference < 1e-4
    assert found.metrics["mrr@10"].tuned == pytest.approx(found.metrics["mrr@10"].base, abs=1e-6)
    assert found.exported.texts_per_second > 0


@pytest.mark.parametrize(
    "payload",
    [{}, {"forms": []}, {"forms": ["pickle"]}, {"forms": "static"}, {"forms": ["truncated"], "dimension": 33}],
    ids=["nothing", "no form", "unknown", "a text", "too large"],
)
def test_a_request_that_makes_no_sense_leaves_nothing(
    exported_run: tuple[Workspace, Run], payload: dict[str, object]
) -> None:
    workspace, run = exported_run
    before = sorted(run.paths.exports.iterdir())
    with pytest.raises(InputError):
        export(workspace, run, **payload)
    assert sorted(run.paths.exports.iterdir()) == before


def test_damaged_records_are_left_out_and_a_form_can_be_removed(exported_run: tuple[Workspace, Run]) -> None:
    workspace, run = exported_run
    (run.paths.exports / "static-8.json").write_text("{")
    (run.paths.exports / "static-9.json").write_text((run.paths.exports / "static-16.json").read_text())
    assert {one.name for one in list_exported_forms(run)} - {"onnx"} == {"truncated-16", "static-16"}
    remove_exported_form(run, record(run, "static-16"))
    assert {one.name for one in list_exported_forms(run)} - {"onnx"} == {"truncated-16"}
    assert not (run.paths.exports / "static-16").exists()
