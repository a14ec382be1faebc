"""The README of an exported form: what it is, and the lines that load it."""

from __future__ import annotations

from pathlib import Path

from lib.data.model_inputs import PLAIN_READING, Reading
from lib.models.forms.form import FORM_FACTS, Form

GUIDE = "README.md"

_GRAPH_LINES = """{imports}

folder = {folder!r}
tokenizer = Tokenizer.from_file(f"{{folder}}/tokenizer.json")  # it truncates and pads as the model expects
{load}


def encode(texts):
    encoded = tokenizer.encode_batch(texts)
    columns = {{"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}}
    names = [{name} for one in {inputs}]
    inputs = {{name: np.array([getattr(one, columns[name]) for one in encoded]) for name in names}}
    return {run}


queries = encode([{query!r}])
documents = encode([{document!r}, {other!r}])
print(queries @ documents.T / np.linalg.norm(queries, axis=1)[:, None] / np.linalg.norm(documents, axis=1))"""

_ONNX = {
    "imports": "import numpy as np\nimport onnxruntime\nfrom tokenizers import Tokenizer",
    "load": 'session = onnxruntime.InferenceSession(f"{folder}/onnx/model.onnx", providers=["CPUExecutionProvider"])',
    "name": "one.name",
    "inputs": "session.get_inputs()",
    "run": 'session.run(["sentence_embedding"], inputs)[0]',
}
_OPENVINO = {
    "imports": "import sys\n\n"
    'sys.modules["openvino_telemetry"] = None  # without this openvino reports every import to Google Analytics\n\n'
    "import numpy as np\nimport openvino\nfrom tokenizers import Tokenizer",
    "load": 'model = openvino.Core().compile_model(f"{folder}/openvino/openvino_model.xml", "CPU")',
    "name": "one.get_any_name()",
    "inputs": "model.inputs",
    "run": 'model(inputs)["sentence_embedding"]',
}
"""What the lines of both runtimes differ in."""

_ONNX_BACKEND = """`SentenceTransformer(folder, backend="onnx")` loads it too, where `optimum-onnx` is installed (its version 0.1.0 needs transformers below 5)."""


def write_form_guide(folder: Path, form: Form, reading: Reading) -> None:
    """Write the README into a form's folder. It holds no text of the dataset."""
    (folder / GUIDE).write_text(guide_text(form, reading), encoding="utf-8")


def guide_text(form: Form, reading: Reading) -> str:
    """Write the guide in Markdown."""
    return "\n".join(
        [
            f"# {FORM_FACTS[form].title}",
            "",
            f"A model that was fine-tuned with Closer. {FORM_FACTS[form].help}",
            "",
            "```python",
            *load_lines(form, reading),
            "```",
            "",
            *([_ONNX_BACKEND, ""] if form in (Form.ONNX, Form.ONNX_INT8) else []),
        ]
    )


def load_lines(form: Form, reading: Reading, *, folder: str = "path/to/this/folder") -> list[str]:
    """Write the Python that loads a form and embeds texts, prompts before them."""
    if form.is_graph:
        runtime = _OPENVINO if form is Form.OPENVINO_INT8 else _ONNX
        texts = {"query": f"{reading.query}a query", "document": f"{reading.document}a document"}
        texts["other"] = f"{reading.document}another document"
        return _GRAPH_LINES.format(folder=folder, **runtime, **texts).splitlines()
    reading = PLAIN_READING if form is Form.STATIC else reading
    query, document = ("encode_query", "encode_document") if reading.has_two_roles else ("encode", "encode")
    return [
        "from sentence_transformers import SentenceTransformer",
        "",
        f"model = SentenceTransformer({folder!r})",
        f'queries = model.{query}(["a query"])',
        f'documents = model.{document}(["a document", "another document"])',
        "print(model.similarity(queries, documents))",
    ]
