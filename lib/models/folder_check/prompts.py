"""config_sentence_transformers.json: prompts, similarity and dimensions."""

from __future__ import annotations

from lib.models.folder_check.json_settings import JsonSettings, is_plain
from lib.models.folder_check.problem import quote
from lib.settings import MAX_PROMPT_CHARACTERS

MAX_PROMPTS = 200
"""Prompts of a model; those trained on many tasks have one for each of MTEB's."""

_NAMES = (
    *("__version__", "prompts", "default_prompt_name", "similarity_fn_name", "truncate_dim", "model_type"),
    "requirements",
)


def check_prompts(settings: JsonSettings) -> tuple[dict[str, str], str]:
    """Check the settings of the whole model.

    Returns its prompts by name, and the one that stands before every text, mostly an empty one.
    """
    settings.check_names(_NAMES)
    kind = settings.values.get("model_type", "SentenceTransformer")
    if kind != "SentenceTransformer":
        settings.refuse(f"it is a {quote(kind)}, not a SentenceTransformer")
    settings.choice("similarity_fn_name", ("cosine", "dot", "euclidean", "manhattan"))
    for name in ("__version__", "requirements"):
        value = settings.values.get(name)
        if value is not None and not (
            isinstance(value, dict) and len(value) < 50 and all(map(is_plain, value.values()))
        ):
            settings.refuse(f"{name} is {quote(value)}")
    prompts = settings.values.get("prompts") or {}
    if not isinstance(prompts, dict) or len(prompts) > MAX_PROMPTS:
        settings.refuse(f"prompts is {quote(prompts)}, not at most {MAX_PROMPTS} named texts")
    for name, text in prompts.items():
        if text is not None and (not isinstance(text, str) or len(text) > MAX_PROMPT_CHARACTERS):
            settings.refuse(
                f"the prompt {quote(name)} is {quote(text)}, not a text of at most {MAX_PROMPT_CHARACTERS:,} characters"
            )
    named = {str(name): text or "" for name, text in prompts.items()}
    default = settings.values.get("default_prompt_name")
    if default is None:
        return named, ""
    if not isinstance(default, str) or default not in {*prompts, "query", "document"}:
        settings.refuse(f"default_prompt_name {quote(default)} is none of its prompts")
    return named, named.get(default, "")


def truncated_dimension(settings: JsonSettings | None, dimension: int) -> int:
    """Read truncate_dim: the first dimensions of an embedding that are used, all by default."""
    if settings is None or settings.values.get("truncate_dim") is None:
        return dimension
    return settings.integer("truncate_dim", low=1, high=dimension)
