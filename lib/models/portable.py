"""Save a model in the form that every version of sentence-transformers and other readers know.

Since 5.4 sentence-transformers writes other names into modules.json, the pooling's and the transformer's settings. Versions before it
refuse such a folder, as does text-embeddings-inference; some readers silently pool another way. All versions read the earlier names.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sentence_transformers import SentenceTransformer

from lib.data.model_inputs import Reading
from lib.models.folder_check.modules import MODULE_TYPES, MODULES
from lib.models.prompts.apply import saved_prompts

_TRANSFORMER_CONFIG = "sentence_bert_config.json"
_TEXT_TRANSFORMER = {
    "transformer_task": "feature-extraction",
    "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
    "module_output_name": "token_embeddings",
}
"""Settings of a transformer of texts as the new form writes them; the earlier one leaves them out."""

_POOLING_KEYS = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}
"""The flag of each mode, in the order in which several are joined."""

_DEFAULTS = {
    "module_input_name": ("sentence_embedding",),
    "module_output_name": (None, "sentence_embedding"),
    "use_residual": (False,),
}
"""Settings of Dense and Normalize that the earlier form does not know, and what it does."""


def save_portable(model: SentenceTransformer, folder: Path, *, reading: Reading) -> None:
    """Save model and prompts to an empty folder, without a card."""
    with saved_prompts(model, reading):
        model.save_pretrained(str(folder), create_model_card=False, safe_serialization=True)
    write_earlier_form(folder, longest=model.max_seq_length)


def write_earlier_form(folder: Path, *, longest: int | None) -> None:
    """Write the settings of a saved model under the earlier names.

    A model that they cannot express stays as it is.

    longest: most tokens of a text.
    """
    modules = json.loads((folder / MODULES).read_text(encoding="utf-8"))
    changed: dict[Path, Any] = {}
    for module in modules:
        kind = MODULE_TYPES.get(module["type"])
        path = folder / module["path"] / (_TRANSFORMER_CONFIG if kind == "Transformer" else "config.json")
        settings = _earlier_settings(kind, path, longest) if kind else None
        if settings is None:
            return
        changed[path] = settings
        module["type"] = f"sentence_transformers.models.{kind}"
    changed[folder / MODULES] = modules
    for path, value in changed.items():
        if path.exists():
            path.write_text(json.dumps(value, indent=2), encoding="utf-8")


def _earlier_settings(kind: str, path: Path, longest: int | None) -> dict[str, Any] | None:
    """Convert the settings of one module; None where the earlier form cannot say the same."""
    settings = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if kind == "Transformer":
        own = {name: value for name, value in settings.items() if _TEXT_TRANSFORMER.get(name, "") != value}
        return {"max_seq_length": longest, "do_lower_case": False, **own} if own.keys() <= _KNOWN_BEFORE else None
    if kind == "Pooling":
        return _earlier_pooling(settings)
    kept = {name: value for name, value in settings.items() if value not in _DEFAULTS.get(name, ())}
    if kind == "Normalize":
        return {} if not kept.keys() & _DEFAULTS.keys() else None
    return kept if not kept.keys() & _DEFAULTS.keys() else None


_KNOWN_BEFORE = {"max_seq_length", "do_lower_case"}


def _earlier_pooling(settings: dict[str, Any]) -> dict[str, Any] | None:
    """Convert a pooling's modes to the flags that they were."""
    modes = settings.pop("pooling_mode", None)
    modes = [modes] if isinstance(modes, str) else modes
    if modes is None or [mode for mode in _POOLING_KEYS if mode in modes] != list(modes):
        return None
    width = settings.pop("embedding_dimension", settings.get("word_embedding_dimension"))
    flags = {key: mode in modes for mode, key in _POOLING_KEYS.items()}
    return {"word_embedding_dimension": width, **flags, **settings}
