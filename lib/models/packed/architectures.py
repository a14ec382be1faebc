"""The architectures that are packed.

Each is held to the padded path by bench/parity.py and test_architectures.py.

Light: no torch, which only packing itself brings.

To add one: its record here, a tiny model of it in bench/tiny_models.py, and what its attention needs, if it is more than the
attention interface of transformers gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def _nothing(inner: Any) -> None: ...


def _enable_mpnet(inner: Any) -> None:
    from lib.models.packed.mpnet import enable_mpnet

    enable_mpnet(inner)


def _disable_mpnet(inner: Any) -> None:
    from lib.models.packed.mpnet import disable_mpnet

    disable_mpnet(inner)


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A model type of transformers that takes packed rows.

    enable, disable: what it needs besides the attention interface, and how that is undone.
    """

    model_type: str
    title: str
    has_interface: bool = True
    enable: Callable[[Any], None] = _nothing
    disable: Callable[[Any], None] = _nothing


_RECORDS = (
    Architecture(model_type="bert", title="BERT"),
    Architecture(model_type="roberta", title="RoBERTa"),
    Architecture(model_type="xlm-roberta", title="XLM-RoBERTa"),
    Architecture(model_type="camembert", title="CamemBERT"),
    Architecture(model_type="ernie", title="ERNIE"),
    Architecture(model_type="distilbert", title="DistilBERT"),
    Architecture(model_type="electra", title="ELECTRA"),
    Architecture(model_type="albert", title="ALBERT"),
    Architecture(model_type="mpnet", title="MPNet", has_interface=False, enable=_enable_mpnet, disable=_disable_mpnet),
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
