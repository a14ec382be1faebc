"""Switch a model to the unpadded path and back.

sentence-transformers' flattening with our CPU attention.

The stock module flattens a batch only for flash attention on a GPU; everything it needs for that (DataCollatorWithFlattening,
pooling over cu_seq_lens) works on a CPU once attention does. Modules, pooling, losses, trainer and `encode` stay stock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Transformer
from transformers import DataCollatorWithFlattening

from lib.memory import keep_freed_memory
from lib.models.packed import attention
from lib.models.packed.architectures import ARCHITECTURES, Architecture

FLAT_KEYS = {"cu_seq_lens_q", "cu_seq_lens_k", "max_length_q", "max_length_k", "seq_idx"}
"""Features of a packed row that the model's forward has to accept.

Text boundaries, longest length, text of each token.
"""
PROBE_TEXTS = ("a", "a longer text, so that padding would be needed", "two words")
PROBE_TOLERANCE = 1e-4
"""Largest difference of an embedding's entry, packed to padded, that counts as equal.

Both in fp32.
"""


def bf16_gains() -> bool:
    """Check whether this CPU multiplies bf16 matrices faster than fp32 ones (AVX512-BF16 or AMX)."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    tiles = getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    return bool(supported() or tiles())


@dataclass
class Switch:
    """What `enable` changed on a model, so that `disable` can undo it."""

    architecture: Architecture
    attention: str | None
    forward_parameters: set[str] | None
    bf16: bool = False

    def apply_to(self, twin: SentenceTransformer) -> None:
        """Switch packing on for a copy of the model, whose forward is still bound to the original."""
        disable_packing(twin)
        enable_packing(twin, bf16=self.bf16)


def why_not_packed(model: SentenceTransformer) -> str:
    """Say why a model cannot be packed; empty for a text transformer of a known architecture on the CPU."""
    module = model[0] if len(model) else None
    if not isinstance(module, Transformer):
        return "the model has no transformer"
    if model.device.type != "cpu" or module.backend != "torch":
        return f"the device is {model.device.type}" if module.backend == "torch" else f"it runs on {module.backend}"
    config = module.model.config
    record = ARCHITECTURES.get(config.model_type)
    if record is None:
        return f"the architecture {config.model_type} is not among those that can be"
    whole = module.transformer_task == "feature-extraction" and list(module.modality_config) == ["text"]
    if not whole or (record.has_interface and not module.model.is_backend_compatible()):
        return "the model does more than encode texts"
    if getattr(config, "is_decoder", False):
        return f"this {record.title} is set up as a decoder"
    return ""


def enable_packing(model: SentenceTransformer, *, bf16: bool = False) -> bool:
    """Switch the unpadded path on; True where it is.

    A model that cannot, or fails the probe, stays as it was.
    """
    if getattr(model, "closer_switch", None) is not None:
        _set_precision(model, bf16=bf16)
        return True
    if why_not_packed(model):
        return False
    plain = _probe(model)
    _turn_on(model)
    # max |packed - padded| over all entries of the probe's embeddings
    if float((_probe(model) - plain).abs().max()) > PROBE_TOLERANCE:
        disable_packing(model)
        return False
    _set_precision(model, bf16=bf16)
    return True


def disable_packing(model: SentenceTransformer) -> None:
    """Restore what `enable_packing` changed."""
    switch: Switch | None = getattr(model, "closer_switch", None)
    if switch is None:
        return
    module = model[0]
    switch.architecture.disable(module.model)
    if switch.architecture.has_interface:
        module.model.set_attn_implementation(switch.attention or "sdpa")
    module.model_forward_params = switch.forward_parameters
    module.can_flatten_inputs = False
    model.__dict__.pop("forward", None)
    del model.closer_switch


@contextmanager
def packing(model: SentenceTransformer, *, bf16: bool = False) -> Iterator[bool]:
    """Switch the unpadded path on for the block where the model can.

    Then restore the state before. Yields whether it is on.
    """
    before: Switch | None = getattr(model, "closer_switch", None)
    outer = model.__dict__.get("forward"), before is not None and before.bf16
    on = enable_packing(model, bf16=bf16)
    try:
        yield on
    finally:
        if before is None:
            disable_packing(model)
        else:
            model.forward, before.bf16 = outer


def _turn_on(model: SentenceTransformer) -> None:
    keep_freed_memory()
    module, config = model[0], model[0].model.config
    record = ARCHITECTURES[config.model_type]
    model.closer_switch = Switch(record, config._attn_implementation, module.model_forward_params)
    record.enable(module.model)
    if record.has_interface:
        module.model.set_attn_implementation(attention.NAME)
    module.data_collator = DataCollatorWithFlattening(
        return_seq_idx=True, return_flash_attn_kwargs=True, return_position_ids=True
    )
    if module.model_forward_params is not None:
        module.model_forward_params = module.model_forward_params | FLAT_KEYS
    module._flatten_position_offset = module._infer_flatten_position_offset()
    module.can_flatten_inputs = True


def _set_precision(model: SentenceTransformer, *, bf16: bool) -> None:
    """Wrap the model's forward to compute in bf16 where asked for and return fp32 embeddings.

    Ready features pass through: a batch that was embedded as a whole beforehand carries its embeddings.
    """
    inner = type(model).forward
    model.closer_switch.bf16 = bf16

    def forward(features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        if "ready_embedding" in features:
            return {**features, "sentence_embedding": features["ready_embedding"]}
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            out = inner(model, features, **kwargs)
        if "sentence_embedding" in out:
            out["sentence_embedding"] = out["sentence_embedding"].float()
        return out

    model.forward = forward


@torch.inference_mode()
def _probe(model: SentenceTransformer) -> torch.Tensor:
    """Embed three short texts in fp32, evaluating, and leave the model's mode as it was."""
    training = model.training
    model.eval()
    try:
        with torch.autocast("cpu", enabled=False):
            return model(model.preprocess(list(PROBE_TEXTS)))["sentence_embedding"].float()
    finally:
        model.train(training)
