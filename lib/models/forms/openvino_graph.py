"""Write a model as an OpenVINO graph with int8 weights and activations.

Ranges of activations are taken from texts beforehand.

The folder is laid out as sentence-transformers' backend="openvino" reads it: openvino/openvino_model.xml beside modules,
tokenizer and prompts. Outputs as those of the ONNX graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from lib.data.model_inputs import Reading
from lib.errors import ModelError
from lib.models.forms.graph_encoder import EMBEDDING_OUTPUT, HIDDEN_OUTPUT, INPUTS, GraphEncoder
from lib.models.forms.onnx_graph import (
    COMPARED_TEXTS,
    EmbeddingGraph,
    check_exportable,
    check_graph,
    quiet_exporter,
    save_without_weights,
)
from lib.models.forms.openvino_encoder import OPENVINO_GRAPH, OpenvinoEncoder, compile_graph, import_openvino
from lib.progress import Progress

SMOOTHING = 0.75
"""Share of a channel's range that moves from activations to weights: of .5, .65, .75, .85 and .95 the nearest to fp32."""

SMALLEST_RANGE = 1e-5
"""Of a channel that is always 0."""

EMBEDDING_ENTRIES = 500_000
"""Matrices that are looked up in are written in int8 from this size on: those of words; smaller ones save nothing."""


@dataclass
class InputRange:
    """The least and the largest value of each input channel of a linear layer.

    (channels,) each, with 0 between them.
    """

    least: np.ndarray
    largest: np.ndarray


def write_openvino_int8(
    model: SentenceTransformer, folder: Path, *, texts: Sequence[str], reading: Reading, progress: Progress
) -> None:
    """Write the graph in int8, having compared it in fp32 with the model.

    Raises InputError and ModelError. texts: as the model reads them, like those that will be embedded; the ranges of activations are theirs.
    """
    check_exportable(model)
    save_without_weights(model, folder, reading=reading)
    progress.stage("exporting", "tracing the graph")
    graph = trace_graph(model)
    encoder = OpenvinoEncoder(folder, graph=graph, precision="f32")
    check_graph(model, encoder)
    progress.stage("exporting", "ranges of activations")
    ranges = input_ranges(graph, encoder, texts or COMPARED_TEXTS, progress=progress)
    progress.stage("exporting", "weights in int8")
    quantize_layers(graph, ranges)
    quantize_lookups(graph)
    path = folder / OPENVINO_GRAPH
    path.parent.mkdir()
    import_openvino().save_model(graph, path, compress_to_fp16=False)


def trace_graph(model: SentenceTransformer) -> Any:
    """Trace the model as an openvino.Model, batch and length left open. Raises ModelError."""
    sample = model.tokenizer(list(COMPARED_TEXTS[:2]), padding=True, return_tensors="pt")
    names = [name for name in INPUTS if name in sample]
    openvino = import_openvino()
    try:
        with quiet_exporter(), torch.no_grad():
            traced = torch.jit.trace(
                EmbeddingGraph(model, names).eval(), tuple(sample[name] for name in names), check_trace=False
            )
            graph = openvino.convert_model(traced, example_input=tuple(sample[name] for name in names))
    except Exception as error:  # tracing raises errors of many libraries
        raise ModelError(
            f"The model cannot be written as an OpenVINO graph ({type(error).__name__}).", todo="Choose another form."
        ) from error
    for port, name in zip(graph.inputs, names, strict=True):
        port.get_tensor().set_names({name})
    for port, name in zip(graph.outputs, (HIDDEN_OUTPUT, EMBEDDING_OUTPUT), strict=True):
        port.get_tensor().set_names({name})
    return graph


def linear_layers(graph: Any) -> list[Any]:
    """Find the products of hidden states, (texts, tokens, channels), with weights, in order."""
    products = [node for node in graph.get_ordered_ops() if node.get_type_name() == "MatMul"]
    return [
        node
        for node in products
        if node.input_value(1).get_node().get_type_name() == "Constant"
        and node.input_value(0).get_partial_shape().rank == 3
    ]


def input_ranges(whole: Any, encoder: GraphEncoder, texts: Sequence[str], *, progress: Progress) -> list[InputRange]:
    """Compute the range of each linear layer's input over these texts.

    Each text alone: padding has no part in it.
    """
    from openvino import opset13 as ops

    graph = whole.clone()
    axes, results = ops.constant(np.array([0, 1], dtype=np.int64)), []
    for node in linear_layers(graph):
        values = node.input_value(0)
        results += [ops.result(reduce(values, axes, False)) for reduce in (ops.reduce_min, ops.reduce_max)]
    known = len(graph.outputs)
    graph.add_results(results)
    request = compile_graph(graph, precision="f32").create_infer_request()
    names = [one.get_any_name() for one in graph.inputs]
    found: list[np.ndarray] = []
    for number, text in enumerate(encoder.tokenize(texts)):
        progress.check()
        inputs = encoder.pad([text])
        request.infer({name: inputs[name] for name in names})
        rows = [request.get_output_tensor(known + place).data for place in range(len(results))]
        signs = [(np.minimum, np.maximum)[place % 2] for place in range(len(rows))]
        before = found if number else [np.zeros_like(row) for row in rows]
        found = [extreme(one, row) for extreme, one, row in zip(signs, before, rows, strict=True)]
    return [InputRange(*pair) for pair in zip(found[0::2], found[1::2], strict=True)]


def quantize_layers(graph: Any, ranges: Sequence[InputRange]) -> None:
    """Let each linear layer compute in int8.

    Its input has one scale for all channels, its weights one for each output.

    Channels of wide range would leave the others few of the 256 levels. So for an input channel j the activations are divided
    and the weights multiplied by s_j = max|x_j|^a / max|W_j|^(1 - a), which changes nothing but the rounding (Xiao et al. 2023,
    SmoothQuant, equation 4).
    """
    from openvino import opset13 as ops

    for node, found in zip(linear_layers(graph), ranges, strict=True):
        is_transposed = node.get_attributes()["transpose_b"]
        weights = node.input_value(1).get_node().data
        weights = weights.T if is_transposed else weights  # (inputs, outputs)
        factors = _smoothing(found, weights)
        low, high = _levels(found.least / factors, found.largest / factors)
        scaled = ops.multiply(node.input_value(0), ops.constant((1 / factors).astype(np.float32)[None, None]))
        limits = [ops.constant(np.float32(limit).reshape(1, 1, 1)) for limit in (low, high, low, high)]
        node.input(0).replace_source_output(ops.fake_quantize(scaled, *limits, 256).output(0))
        weights = weights * factors[:, None]
        weights = np.ascontiguousarray(weights.T) if is_transposed else weights
        node.input(1).replace_source_output(_int8_rows(weights, axis=1 if is_transposed else 0))


def quantize_lookups(graph: Any) -> None:
    """Write large embedding matrices in int8, one scale for each row."""
    for node in graph.get_ordered_ops():
        source = node.input_value(0).get_node() if node.get_type_name() == "Gather" else None
        if source is None or source.get_type_name() != "Constant":
            continue
        matrix = source.data
        if matrix.ndim == 2 and matrix.dtype == np.float32 and matrix.size >= EMBEDDING_ENTRIES:
            node.input(0).replace_source_output(_int8_rows(matrix, axis=1))


def _smoothing(found: InputRange, weights: np.ndarray) -> np.ndarray:
    """Compute s, (inputs,), with a mean of 1."""
    activations = np.maximum(np.maximum(-found.least, found.largest), SMALLEST_RANGE)
    factors = activations**SMOOTHING / np.maximum(np.abs(weights).max(axis=1), SMALLEST_RANGE) ** (1 - SMOOTHING)
    return np.asarray(factors / factors.mean())


def _levels(least: np.ndarray, largest: np.ndarray) -> tuple[float, float]:
    """Choose the ends of 256 levels, of which one is exactly 0: padding and dead channels stay 0."""
    low, high = min(float(least.min()), -SMALLEST_RANGE), max(float(largest.max()), SMALLEST_RANGE)
    step = (high - low) / 255
    zero = round(-low / step)
    return -zero * step, (255 - zero) * step


def _int8_rows(matrix: np.ndarray, *, axis: int) -> Any:
    """Write a matrix as int8 times a scale for each row: axis is the one that shares a scale."""
    from openvino import opset13 as ops

    scales = np.maximum(np.abs(matrix).max(axis=axis, keepdims=True), 1e-12) / 127
    numbers = np.clip(np.round(matrix / scales), -127, 127).astype(np.int8)
    whole = ops.convert(ops.constant(numbers), "f32")
    return ops.multiply(whole, ops.constant(scales.astype(np.float32))).output(0)
