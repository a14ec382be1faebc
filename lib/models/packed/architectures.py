"""The architectures that are packed.

Each is held to the padded path by bench/parity.py and test_architectures.py.

Light: no torch, which only packing itself brings.

To add one: its record here, a tiny model of it in bench/tiny_models.py, and what its attention needs, if it is more than the
attention interface of transformers gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A model type of transformers that takes packed rows.

    changes: modules beside this one with what it needs besides the attention interface: `enable_NAME`, `disable_NAME` of each.
    """

    model_type: str
    title: str
    has_interface: bool = True
    changes: tuple[str, ...] = ()

    def enable(self, inner: Any) -> None:
        """Change a transformer so that it takes packed rows."""
        for name in self.changes:
            getattr(import_module(f"{__package__}.{name}"), f"enable_{name}")(inner)

    def disable(self, inner: Any) -> None:
        """Undo `enable`."""
        for name in self.changes:
            getattr(import_module(f"{__package__}.{name}"), f"disable_{name}")(inner)


_RECORDS = (
    Architecture(model_type="bert", title="BERT"),
    Architecture(model_type="roberta", title="RoBERTa"),
    Architecture(model_type="xlm-roberta", title="XLM-RoBERTa"),
    Architecture(model_type="camembert", title="CamemBERT"),
    Architecture(model_type="ernie", title="ERNIE"),
    Architecture(model_type="distilbert", title="DistilBERT"),
    Architecture(model_type="electra", title="ELECTRA", changes=("embedding_projection",)),
    Architecture(model_type="albert", title="ALBERT", changes=("embedding_projection",)),
    Architecture(model_type="mpnet", title="MPNet", has_interface=False, changes=("mpnet",)),
    Architecture(model_type="modernbert", title="ModernBERT"),
    Architecture(model_type="nomic_bert", title="NomicBERT"),
    Architecture(model_type="gte", title="GTE"),
    Architecture(model_type="eurobert", title="EuroBERT"),
    Architecture(model_type="qwen2", title="Qwen2"),
    Architecture(model_type="qwen3", title="Qwen3"),
    Architecture(model_type="llama", title="Llama"),
    Architecture(model_type="mistral", title="Mistral"),
    Architecture(model_type="gemma3_text", title="Gemma 3"),
)
ARCHITECTURES: dict[str, Architecture] = {record.model_type: record for record in _RECORDS}
"""Every packed architecture by its model type. Not among them: DeBERTa and T5, whose attention has position terms of its own,
and Gemma 2, which caps its scores."""
