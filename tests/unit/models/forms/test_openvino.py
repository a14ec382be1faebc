"""OpenVINO graphs: int8 near the model's own vectors, by openvino alone, without its telemetry."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from bench.tiny_models import build_model
from lib.data.model_inputs import PLAIN_READING, Reading
from lib.models.forms.form import Form, missing_packages
from lib.models.forms.guide import load_lines, write_form_guide
from lib.progress import Silent

if missing_packages(Form.OPENVINO_INT8):  # importorskip would import openvino with its telemetry
    pytest.skip("openvino is not installed", allow_module_level=True)

from lib.models.forms.openvino_encoder import OPENVINO_GRAPH, OpenvinoEncoder
from lib.models.forms.openvino_graph import write_openvino_int8

TEXTS = ["sort a list", "a", "Sort a list in place by a key, then take what is left of it. " * 3, "", "sort a list"]
READING = Reading("ask: ", "tell: ", default_prompt=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """Export the tiny model, with a README."""
    out = tmp_path_factory.mktemp("openvino") / "model"
    out.mkdir()
    model = SentenceTransformer(str(tiny_model), device="cpu")
    write_openvino_int8(model, out, texts=TEXTS, reading=READING, progress=Silent())
    write_form_guide(out, Form.OPENVINO_INT8, READING)
    return out


@pytest.mark.parametrize(("name", "pooling", "head"), [("BERT", "cls", "dense"), ("Qwen3", "lasttoken", "truncate")])
def test_a_graph_holds_transformer_pooling_head_and_truncation(
    tmp_path: Path, name: str, pooling: str, head: str
) -> None:
    model = build_model(name, tmp_path / "tiny", pooling=pooling, head=head).eval()
    write_openvino_int8(model, tmp_path, texts=TEXTS, reading=PLAIN_READING, progress=Silent())
    rows, expected = OpenvinoEncoder(tmp_path).encode(TEXTS), model.encode(TEXTS)
    assert rows.shape == expected.shape
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(expected, axis=1)
    assert ((rows * expected).sum(axis=1) / lengths).min() > 0.999


def test_linear_layers_and_word_vectors_are_int8(folder: Path, tiny_model: Path) -> None:
    graph = (folder / OPENVINO_GRAPH).read_text()
    layers = len(SentenceTransformer(str(tiny_model), device="cpu")[0].model.encoder.layer)
    products = 6 * layers  # query, key, value, output and two of the feed-forward part
    assert graph.count('type="FakeQuantize"') == products
    weights = folder / OPENVINO_GRAPH.replace(".xml", ".bin")
    assert weights.stat().st_size < 0.4 * (tiny_model / "model.safetensors").stat().st_size
    assert not list(folder.rglob("*.safetensors"))


def test_the_lines_of_the_readme_need_neither_torch_nor_closer_and_send_nothing(folder: Path, tmp_path: Path) -> None:
    code = "\n".join(load_lines(Form.OPENVINO_INT8, READING, folder=str(folder)))
    assert code.replace(str(folder), "path/to/this/folder") in (folder / "README.md").read_text()
    check = (
        "\nimport json\nassert 'torch' not in sys.modules and 'openvino_telemetry.main' not in sys.modules"
        "\nprint(json.dumps([queries.tolist(), documents.tolist()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code + check], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=300
    )
    queries, documents = json.loads(done.stdout.splitlines()[-1])
    expected = OpenvinoEncoder(folder).encode(["ask: a query", "tell: a document", "tell: another document"])
    assert np.allclose(np.concatenate([queries, documents]), expected, atol=2e-2)


def test_closer_imports_openvino_without_its_telemetry() -> None:
    code = (
        "import sys\nfrom lib.models.forms.openvino_encoder import import_openvino\nimport_openvino()\n"
        "print(*[name for name in sys.modules if 'telemetry' in name and sys.modules[name]], sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, timeout=300, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "openvino.tools.ovc.telemetry_stub" in loaded
    assert not [name for name in loaded if name.startswith("openvino_telemetry")]
