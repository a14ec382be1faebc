"""ONNX graphs: the model's own cosines from the files, by onnxruntime and tokenizers alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling

from bench.tiny_models import build_model
from lib.data.model_inputs import PLAIN_READING, Reading
from lib.errors import InputError
from lib.models.forms.form import Form
from lib.models.forms.guide import load_lines, write_form_guide

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

from lib.models.forms.onnx_encoder import GRAPH, OnnxEncoder
from lib.models.forms.onnx_graph import check_exportable, write_onnx, write_onnx_int8
from lib.progress import Silent

TEXTS = ["sort a list", "a", "Sort a list in place by a key, then take what is left of it. " * 3, "", "sort a list"]


def cosines(rows: np.ndarray) -> np.ndarray:
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


@pytest.mark.parametrize(
    ("name", "pooling", "head"),
    [
        ("BERT", "cls", "dense"),
        ("MPNet", "mean", "none"),
        ("Qwen3", "lasttoken", "truncate"),
    ],
    ids=["BERT", "MPNet", "Qwen3"],
)
def test_a_graph_holds_transformer_pooling_head_and_truncation(
    tmp_path: Path, name: str, pooling: str, head: str
) -> None:
    model = build_model(name, tmp_path / "tiny", pooling=pooling, head=head).eval()
    write_onnx(model, tmp_path, reading=PLAIN_READING, progress=Silent())
    rows, expected = OnnxEncoder(tmp_path).encode(TEXTS), model.encode(TEXTS)
    assert rows.shape == expected.shape
    assert np.allclose(cosines(rows), cosines(expected), atol=1e-4)
    assert np.allclose(rows, expected, atol=1e-4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """Export the tiny model in int8, with a README."""
    out = tmp_path_factory.mktemp("onnx") / "model"
    out.mkdir()
    reading = Reading("ask: ", "tell: ", default_prompt=False)
    write_onnx_int8(SentenceTransformer(str(tiny_model), device="cpu"), out, reading=reading, progress=Silent())
    write_form_guide(out, Form.ONNX_INT8, reading)
    return out


def test_int8_weights_are_a_quarter_and_cosines_near(folder: Path, tiny_model: Path) -> None:
    expected = SentenceTransformer(str(tiny_model), device="cpu").encode(TEXTS)
    assert np.abs(cosines(OnnxEncoder(folder).encode(TEXTS)) - cosines(expected)).max() < 0.05
    assert (folder / GRAPH).stat().st_size < 0.4 * (tiny_model / "model.safetensors").stat().st_size
    assert not list(folder.rglob("*.safetensors"))


def test_the_lines_of_the_readme_need_neither_torch_nor_closer(folder: Path, tmp_path: Path) -> None:
    code = "\n".join(load_lines(Form.ONNX_INT8, Reading("ask: ", "tell: ", default_prompt=False), folder=str(folder)))
    assert code.replace(str(folder), "path/to/this/folder") in (folder / "README.md").read_text()
    check = "\nimport json, sys\nassert 'torch' not in sys.modules\nprint(json.dumps([queries.tolist(), documents.tolist()]))"
    done = subprocess.run(
        [sys.executable, "-c", code + check], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=300
    )
    queries, documents = json.loads(done.stdout.splitlines()[-1])
    expected = OnnxEncoder(folder).encode(["ask: a query", "tell: a document", "tell: another document"])
    assert np.allclose(np.concatenate([queries, documents]), expected, atol=1e-2)  # int8 depends on what a batch holds


def test_what_no_graph_holds_is_refused(tiny_model: Path) -> None:
    model = SentenceTransformer(str(tiny_model), device="cpu")
    check_exportable(model)
    model[1] = Pooling(32, pooling_mode="mean", include_prompt=False)
    with pytest.raises(InputError, match="leaves prompts out"):
        check_exportable(model)
    with pytest.raises(InputError, match="no transformer"):
        check_exportable(SentenceTransformer(modules=[model[1]], device="cpu"))
