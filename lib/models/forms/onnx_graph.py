"""Write a model as an ONNX graph from token ids to the embedding, in fp32 or with int8 weights.

The folder is laid out as sentence-transformers' backend="onnx" reads it: onnx/model.onnx beside modules, tokenizer and prompts.
The graph has a second output, `sentence_embedding`, after pooling and what follows it, for onnxruntime alone.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer

from lib.data.model_inputs import Reading
from lib.errors import InputError, ModelError
from lib.models.forms.graph_encoder import EMBEDDING_OUTPUT, HIDDEN_OUTPUT, INPUTS, TOKENIZER_FILE, GraphEncoder
from lib.models.forms.onnx_encoder import GRAPH, OnnxEncoder
from lib.models.prompts.apply import saved_prompts
from lib.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

OPSET = 20
"""Version of ONNX's operators: the first with Gelu, which onnxruntime fuses with its bias; written out it takes four passes."""

MAX_INLINE_BYTES = 1_500_000_000
"""Weights beyond this lie in a file beside the graph: protobuf holds 2 GB at most."""

UNLIMITED = 1_000_000
"""A tokenizer's limit from here on means that there is none."""

SAME_COSINE = 1e-4
"""Cosines that the fp32 graph may differ by from the model it was made of."""

COMPARED_TEXTS = ("a", "What does the exported graph make of a short text?", "a somewhat longer text " * 9)
"""Texts of several lengths that graph and model are compared on."""


class EmbeddingGraph(torch.nn.Module):
    """A SentenceTransformer as a function of tensors alone."""

    def __init__(self, model: SentenceTransformer, names: Sequence[str]) -> None:
        super().__init__()
        self.transformer, self.rest = model[0].model, torch.nn.ModuleList(list(model)[1:])
        self.names, self.dimension = tuple(names), int(model.get_embedding_dimension() or 0)

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Compute hidden states (texts, tokens, width) and embeddings (texts, d) of token ids (texts, tokens)."""
        features = dict(zip(self.names, inputs, strict=True))
        hidden = self.transformer(**features).last_hidden_state
        features["token_embeddings"] = hidden
        for module in self.rest:
            features = module(features)
        return hidden, features[EMBEDDING_OUTPUT][:, : self.dimension]


def write_onnx(model: SentenceTransformer, folder: Path, *, reading: Reading, progress: Progress) -> None:
    """Write the fp32 graph, and compare it with the model. Raises InputError and ModelError."""
    check_exportable(model)
    save_without_weights(model, folder, reading=reading)
    (folder / GRAPH).parent.mkdir()
    progress.stage("exporting", "tracing the graph")
    export_graph(model, folder / GRAPH)
    check_graph(model, OnnxEncoder(folder))


def write_onnx_int8(model: SentenceTransformer, folder: Path, *, reading: Reading, progress: Progress) -> None:
    """Write the graph, then its weights in int8. Raises InputError and ModelError."""
    write_onnx(model, folder, reading=reading, progress=progress)
    progress.stage("exporting", "weights in int8")
    quantize(folder / GRAPH)


def check_exportable(model: SentenceTransformer) -> None:
    """Raise InputError for a model that no graph of token ids can hold."""
    if len(model) == 0 or not isinstance(model[0], Transformer):
        raise InputError("The tuned model is no transformer.", todo="Choose another form.")
    if not all(module.include_prompt for module in model if isinstance(module, Pooling)):
        raise InputError(
            "The model's pooling leaves prompts out, which an ONNX graph cannot know.", todo="Choose another form."
        )


def save_without_weights(model: SentenceTransformer, folder: Path, *, reading: Reading) -> None:
    """Save what stands beside a graph: modules, prompts, and the tokenizer with truncation and padding."""
    with saved_prompts(model, reading):
        model.save_pretrained(str(folder), create_model_card=False)
    for weights in folder.glob("model*.safetensors*"):  # the transformer's; a Dense module has a folder of its own
        weights.unlink()
    set_batching(model, folder / TOKENIZER_FILE)


def export_graph(model: SentenceTransformer, path: Path) -> None:
    """Trace the model and write the graph, batch and length left open. Raises ModelError."""
    sample = model.tokenizer(list(COMPARED_TEXTS[:2]), padding=True, return_tensors="pt")
    names = [name for name in INPUTS if name in sample]
    batch, length = torch.export.Dim("batch", min=1, max=65_536), torch.export.Dim("length", min=2, max=1_048_576)
    size = sum(weight.numel() * weight.element_size() for weight in model.parameters())
    try:
        with quiet_exporter(), torch.no_grad():
            torch.onnx.export(
                EmbeddingGraph(model, names).eval(),
                tuple(sample[name] for name in names),
                str(path),
                input_names=names,
                output_names=[HIDDEN_OUTPUT, EMBEDDING_OUTPUT],
                dynamic_shapes={"inputs": tuple({0: batch, 1: length} for _ in names)},
                opset_version=OPSET,
                dynamo=True,
                external_data=size > MAX_INLINE_BYTES,
                verbose=False,
            )
    except Exception as error:  # tracing raises errors of many libraries
        raise ModelError(
            f"The model cannot be written as an ONNX graph ({type(error).__name__}).", todo="Choose another form."
        ) from error


@contextmanager
def quiet_exporter() -> Iterator[None]:
    """Keep the exporters' advice to programmers from the command line."""
    logs = [logging.getLogger(name) for name in ("", "torch.onnx")]
    before = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in zip(logs, before, strict=True):
            log.setLevel(level)


def set_batching(model: SentenceTransformer, path: Path) -> None:
    """Write truncation and padding into tokenizer.json, for `tokenizers` alone."""
    own, tokenizer = model.tokenizer, Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    if model.max_seq_length and model.max_seq_length < UNLIMITED:
        tokenizer.enable_truncation(int(model.max_seq_length))
    tokenizer.enable_padding(
        direction=own.padding_side, pad_id=own.pad_token_id or 0, pad_type_id=0, pad_token=own.pad_token or "[PAD]"
    )
    tokenizer.save(str(path))


def check_graph(model: SentenceTransformer, graph: GraphEncoder) -> None:
    """Raise ModelError unless the graph gives the cosines of the model it was made of."""
    expected = model.encode(list(COMPARED_TEXTS), prompt="", normalize_embeddings=True)
    rows = graph.encode(COMPARED_TEXTS)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    difference = float(np.abs(rows @ rows.T - expected @ expected.T).max())
    if not max(difference, float(1 - (rows * expected).sum(axis=1).min())) <= SAME_COSINE:  # also when it is no number
        raise ModelError(
            f"The graph gives other embeddings than the model (cosines differ by {difference:.2g}).",
            todo="Choose another form.",
        )


def quantize(path: Path) -> None:
    """Replace the graph's weights by int8, one scale for each output channel.

    Activations are quantised as it runs.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    large = path.with_name(f"{path.name}.data").exists()
    target = path.with_name("quantized.onnx")
    with quiet_exporter():
        quantize_dynamic(path, target, weight_type=QuantType.QInt8, per_channel=True, use_external_data_format=large)
    target.replace(path)
