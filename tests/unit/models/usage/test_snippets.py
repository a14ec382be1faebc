"""Each snippet, run as it stands, gives the vectors that the pages compute; `python -m tools.snippets` runs those of all libraries."""

from __future__ import annotations

import ast
import importlib.util
import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lib.__main__ import main
from lib.data.model_inputs import Role
from lib.errors import ModelError
from lib.models.encoder import encode
from lib.models.loader import load_model
from lib.models.usage.description import describe_model
from lib.models.usage.snippets import DOCUMENTS, QUERIES, SNIPPET_KEYS, Snippet, write_snippets
from tests.unit.models.usage.models import READINGS, save_model

MODULES = {
    "sentence-transformers": "sentence_transformers",
    "langchain": "langchain_huggingface",
    "llama-index": "llama_index.embeddings.huggingface",
    "haystack": "haystack_integrations.components.embedders.sentence_transformers",
}
"""What the snippets import that need no server."""


@pytest.fixture(scope="module", params=list(READINGS))
def tuned(request: pytest.FixtureRequest, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Save a tuned model of each kind, in a folder whose name has to be quoted; give kind and folder."""
    kind = request.param
    return kind, save_model(kind, tiny_model, tmp_path_factory.mktemp("use") / f"ann's {kind}")


def expected_vectors(kind: str, folder: Path) -> dict[str, np.ndarray]:
    """Embed the snippets' texts as the pages do."""
    reading = READINGS[kind]
    model = load_model(str(folder), reading=reading, device="cpu")
    texts = {"queries": (QUERIES, Role.QUERY), "documents": (DOCUMENTS, Role.DOCUMENT)}
    return {name: encode(model, reading.read(some, role)) for name, (some, role) in texts.items()}


def snippet_of(key: str, kind: str, folder: Path) -> Snippet:
    return next(one for one in write_snippets(describe_model(folder, reading=READINGS[kind])) if one.key == key)


def has_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("key", MODULES)
def test_a_snippet_gives_the_pages_vectors(key: str, tuned: tuple[str, Path]) -> None:
    if not has_module(MODULES[key]):
        pytest.skip(f"{MODULES[key]} is not installed")
    variables: dict[str, Any] = {}
    exec(compile(snippet_of(key, *tuned).code, key, "exec"), variables)
    for name, rows in expected_vectors(*tuned).items():
        assert np.asarray(variables[name]).shape == rows.shape
        assert np.allclose(variables[name], rows, atol=1e-5), name


@pytest.mark.parametrize("key", SNIPPET_KEYS)
def test_a_snippet_is_python_that_names_the_folder_and_its_prompts(key: str, tuned: tuple[str, Path]) -> None:
    kind, folder = tuned
    snippet, reading = snippet_of(key, kind, folder), READINGS[kind]
    literals = {node.value for node in ast.walk(ast.parse(snippet.code)) if isinstance(node, ast.Constant)}
    assert {*QUERIES, *DOCUMENTS} <= literals
    if snippet.server:
        shell = [word for line in snippet.server.splitlines() for word in shlex.split(line)]
        assert [word for word in shell if str(folder) in word]
    else:
        assert str(folder) in literals
    if key != "sentence-transformers":  # it reads them from the folder
        assert {reading.query, reading.document} <= literals


def test_the_prompts_of_a_folder_are_its_own_where_no_run_says_otherwise(tuned: tuple[str, Path]) -> None:
    kind, folder = tuned
    of_run, of_folder = describe_model(folder, reading=READINGS[kind]), describe_model(folder)
    assert of_run == of_folder
    assert (of_run.dimension, of_run.is_truncated) == ((16, True) if kind == "truncated" else (32, False))
    assert of_run.normalises is (kind not in ("truncated", "not-normal"))


def test_a_model_of_the_hub_needs_no_volume(tuned: tuple[str, Path]) -> None:
    snippets = {one.key: one for one in write_snippets(describe_model(tuned[1], place="ann/desk", on_hub=True))}
    assert "-v" not in shlex.split(snippets["tei"].server)
    assert "ann/desk" in shlex.split(snippets["tei"].server)
    relative = {one.key: one for one in write_snippets(describe_model(tuned[1], place="my model"))}
    assert """-v "$PWD"/'my model':/model:ro""" in relative["tei"].server


def test_the_command_prints_one_or_all_and_json(tuned: tuple[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tuned[1])
    assert main(["use", folder, "--with", "langchain"]) == 0
    one = capsys.readouterr().out
    assert one.strip() == snippet_of("langchain", *tuned).to_text().strip()
    compile(one, "one", "exec")
    assert main(["use", folder]) == 0
    compile(capsys.readouterr().out, "all", "exec")
    assert main(["use", folder, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [snippet["key"] for snippet in printed["snippets"]] == list(SNIPPET_KEYS)
    assert printed["query_prompt"] == READINGS[tuned[0]].query


def test_what_is_no_model_is_one_line(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["use", str(tmp_path)]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    with pytest.raises(ModelError):
        describe_model(tmp_path)


@pytest.mark.parametrize(
    ("runtime", "form", "graph"),
    [
        ("onnxruntime", "onnx", "onnx/model.onnx"),
        ("openvino", "openvino-int8", "openvino/openvino_model.xml"),
    ],
    ids=["onnxruntime", "openvino"],
)
def test_a_folder_exported_as_a_graph_gets_the_code_of_its_runtime_with_its_prompts(
    tuned: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], runtime: str, form: str, graph: str
) -> None:
    kind, folder = tuned
    assert main(["use", str(folder), "--with", runtime]) == 1
    assert f"--format {form} " in capsys.readouterr().err
    (tmp_path / graph).parent.mkdir()
    (tmp_path / graph).write_bytes(b"graph")
    name = "config_sentence_transformers.json"
    (tmp_path / name).write_bytes((folder / name).read_bytes())
    assert main(["use", str(tmp_path), "--json"]) == 0
    (snippet,) = json.loads(capsys.readouterr().out)["snippets"]
    assert snippet["key"] == runtime
    literals = {node.value for node in ast.walk(ast.parse(snippet["code"])) if isinstance(node, ast.Constant)}
    reading = READINGS[kind]
    assert {f"{reading.query}a query", f"{reading.document}a document", str(tmp_path)} <= literals
