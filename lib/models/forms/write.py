"""Write a loaded model to a folder in another form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sentence_transformers import SentenceTransformer

from lib.data.model_inputs import Reading
from lib.errors import InputError
from lib.models.forms.form import Form
from lib.models.portable import save_portable
from lib.models.static import DIMENSION, distil, is_static_model
from lib.progress import Progress

SMALLEST_SHARE = 8
"""Truncation is offered down to an eighth of the dimensions, where the loss of most models becomes large."""


def write_form(
    model: SentenceTransformer,
    folder: Path,
    form: Form,
    *,
    dimension: int,
    texts: Sequence[str],
    reading: Reading,
    progress: Progress,
) -> None:
    """Write the model to an empty folder in this form.

    dimension: of truncated and static ones. texts: examples of what will be embedded, as the model reads them, from which
    OpenVINO's int8 takes its ranges. Raises InputError and ModelError.
    """
    if form is Form.OPENVINO_INT8:
        from lib.models.forms.openvino_graph import write_openvino_int8

        write_openvino_int8(model, folder, texts=texts, reading=reading, progress=progress)
    else:
        WRITERS[form](model, folder, dimension=dimension, reading=reading, progress=progress)


def default_dimensions(model: SentenceTransformer, form: Form) -> tuple[int, ...]:
    """Choose the dimension that a form is written with, and others that are measured too.

    Where none is asked for; empty for a form without a choice.
    """
    full = int(model.get_embedding_dimension() or 0)
    if form is Form.STATIC:
        return (min(DIMENSION, full),)
    shares = (full // share for share in (2, 4, SMALLEST_SHARE))
    return tuple(dimension for dimension in shares if dimension) if form is Form.TRUNCATED else ()


def check_dimension(model: SentenceTransformer, dimension: int) -> None:
    """Raise InputError for a dimension that the model does not have."""
    full = int(model.get_embedding_dimension() or 0)
    if not 1 <= dimension <= full:
        raise InputError(f"The model has {full} dimensions, not {dimension:,}.", todo=f"Choose from 1 to {full}.")


def _write_truncated(
    model: SentenceTransformer, folder: Path, *, dimension: int, reading: Reading, progress: Progress
) -> None:
    with model.truncate_embeddings(dimension):
        save_portable(model, folder, reading=reading)


def _write_static(
    model: SentenceTransformer, folder: Path, *, dimension: int, reading: Reading, progress: Progress
) -> None:
    """Distil; the static model has no prompts, as a mean of token vectors would only be moved by them."""
    if is_static_model(model):
        raise InputError("The tuned model is static already.", todo="Choose another form.")
    distil(model, dimension=dimension, progress=progress).save_pretrained(str(folder), create_model_card=False)


def _write_onnx(
    model: SentenceTransformer, folder: Path, *, dimension: int, reading: Reading, progress: Progress
) -> None:
    from lib.models.forms.onnx_graph import write_onnx

    write_onnx(model, folder, reading=reading, progress=progress)


def _write_onnx_int8(
    model: SentenceTransformer, folder: Path, *, dimension: int, reading: Reading, progress: Progress
) -> None:
    from lib.models.forms.onnx_graph import write_onnx_int8

    write_onnx_int8(model, folder, reading=reading, progress=progress)


WRITERS = {
    Form.TRUNCATED: _write_truncated,
    Form.STATIC: _write_static,
    Form.ONNX: _write_onnx,
    Form.ONNX_INT8: _write_onnx_int8,
}
"""What writes each form that needs no texts."""
