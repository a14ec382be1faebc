"""Embed texts by an exported OpenVINO graph: openvino and tokenizers only, no torch."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lib.models.forms.graph_encoder import EMBEDDING_OUTPUT, GraphEncoder

OPENVINO_GRAPH = "openvino/openvino_model.xml"
"""Where sentence-transformers' backend="openvino" looks for the graph."""


def import_openvino() -> Any:
    """Import openvino without its telemetry.

    That would send an event to Google Analytics at every import.

    Without the package openvino_telemetry it puts a stub in its place (openvino/tools/ovc/telemetry_utils.py).
    """
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino


class OpenvinoEncoder(GraphEncoder):
    """An exported folder, loaded.

    graph: in place of the folder's own. threads, precision: as of `compile_graph`.
    """

    def __init__(self, folder: Path, *, graph: Any = None, threads: int = 0, precision: str = "") -> None:
        super().__init__(folder)
        model = graph if graph is not None else import_openvino().Core().read_model(folder / OPENVINO_GRAPH)
        self._request = compile_graph(model, threads=threads, precision=precision).create_infer_request()
        self._names = [one.get_any_name() for one in model.inputs]

    def run(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Run the graph by openvino."""
        self._request.infer({name: inputs[name] for name in self._names}, share_inputs=True)
        return np.array(self._request.get_tensor(EMBEDDING_OUTPUT).data)


def compile_graph(model: Any, *, threads: int = 0, precision: str = "") -> Any:
    """Compile an openvino.Model for one batch at a time.

    threads: of one batch; 0: as openvino chooses. precision: of what is not int8, as f32; empty: what the processor does best.
    """
    # a thread pinned to a core would wait for whatever else runs on that core
    options: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False}
    options |= {"INFERENCE_NUM_THREADS": threads} if threads else {}
    options |= {"INFERENCE_PRECISION_HINT": precision} if precision else {}
    return import_openvino().Core().compile_model(model, "CPU", options)
