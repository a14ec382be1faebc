"""Embed texts by an exported ONNX graph: onnxruntime and tokenizers only, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lib.models.forms.graph_encoder import EMBEDDING_OUTPUT, GraphEncoder

GRAPH = "onnx/model.onnx"
"""Where sentence-transformers' backend="onnx" looks for the graph."""


class OnnxEncoder(GraphEncoder):
    """An exported folder, loaded. threads: of one batch; 0: as onnxruntime chooses."""

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        import onnxruntime

        super().__init__(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(str(folder / GRAPH), options, providers=["CPUExecutionProvider"])
        self._names = [one.name for one in self._session.get_inputs()]

    def run(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Run the graph by onnxruntime."""
        outputs = self._session.run([EMBEDDING_OUTPUT], {name: inputs[name] for name in self._names})
        return np.asarray(outputs[0])
