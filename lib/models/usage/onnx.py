"""The code that embeds texts with a model exported as a graph: its runtime and a tokenizer, no torch."""

from __future__ import annotations

from pathlib import Path

from lib.data.model_inputs import Reading, Role
from lib.errors import ModelError
from lib.models.folder_check.files import list_files
from lib.models.folder_check.json_settings import JsonSettings
from lib.models.folder_check.problem import FolderProblemError
from lib.models.folder_check.prompts import check_prompts
from lib.models.forms.form import Form
from lib.models.forms.guide import load_lines
from lib.models.usage.snippets import Snippet

ONNX_KEY, OPENVINO_KEY = "onnxruntime", "openvino"
_GRAPHS = {Form.ONNX: "onnx/model.onnx", Form.OPENVINO_INT8: "openvino/openvino_model.xml"}
_RUNTIMES = {Form.ONNX: ONNX_KEY, Form.OPENVINO_INT8: OPENVINO_KEY}
_CONFIG = "config_sentence_transformers.json"


def graph_form(folder: Path) -> Form | None:
    """Find out whether a folder is a model that was exported as a graph, and for which runtime."""
    return next((form for form, name in _GRAPHS.items() if (folder / name).is_file()), None)


def write_graph_snippet(folder: Path, form: Form) -> Snippet:
    """Write the code for such a folder, with the prompts that it holds.

    Raises ModelError for a damaged one.
    """
    try:
        files = list_files(folder)
        prompts, default = check_prompts(JsonSettings.read(files[_CONFIG])) if _CONFIG in files else ({}, "")
    except FolderProblemError as problem:
        raise ModelError(f"The folder cannot be read: {problem.reason}.", where=str(folder)) from problem
    query, document = (prompts.get(role, default) for role in Role)
    code = "\n".join(load_lines(form, Reading(query, document, default_prompt=False), folder=str(folder)))
    runtime = _RUNTIMES[form]
    return Snippet(runtime, runtime, f"pip install {runtime} tokenizers numpy", "", code + "\n")
