"""The code that embeds texts with a model exported as ONNX: onnxruntime and a tokenizer, no torch."""

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

ONNX_KEY = "onnxruntime"
_CONFIG = "config_sentence_transformers.json"


def is_onnx_folder(folder: Path) -> bool:
    """Check whether a folder is a model that was exported as ONNX."""
    return (folder / "onnx" / "model.onnx").is_file()


def write_onnx_snippet(folder: Path) -> Snippet:
    """Write the code for such a folder, with the prompts that it holds.

    Raises ModelError for a damaged one.
    """
    try:
        files = list_files(folder)
        prompts, default = check_prompts(JsonSettings.read(files[_CONFIG])) if _CONFIG in files else ({}, "")
    except FolderProblemError as problem:
        raise ModelError(f"The folder cannot be read: {problem.reason}.", where=str(folder)) from problem
    query, document = (prompts.get(role, default) for role in Role)
    code = "\n".join(load_lines(Form.ONNX, Reading(query, document, default_prompt=False), folder=str(folder)))
    return Snippet(ONNX_KEY, "onnxruntime", "pip install onnxruntime tokenizers numpy", "", code + "\n")
