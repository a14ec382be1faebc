"""modules.json: a chain of known modules, whose dimensions fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.models.folder_check.files import ModelFile
from lib.models.folder_check.json_settings import JsonSettings, parse_file
from lib.models.folder_check.problem import FolderProblemError, quote
from lib.models.folder_check.tokens import check_tokenizer_file
from lib.models.folder_check.transformer import TransformerFacts, check_transformer
from lib.models.folder_check.weights import read_tensors
from lib.settings import MAX_MODEL_TOKENS

MAX_MODULES = 10
MODULES = "modules.json"
PLAIN_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
"""Files of which a plain transformer, without modules.json, has one beside its config.json."""
SENTENCE_FILES = ("config_sentence_transformers.json", "sentence_bert_config.json")
"""Files that only sentence-transformers writes: a folder with one of them has lost its modules.json, and is no plain one."""

_ROOTS = ("sentence_transformers.models", "sentence_transformers.base.modules") + (
    "sentence_transformers.sentence_transformer.modules",
)
_FILES = {
    **{"Transformer": "transformer", "Pooling": "pooling", "Dense": "dense", "Normalize": "normalize"},
    **{"StaticEmbedding": "static_embedding", "Dropout": "dropout", "LayerNorm": "layer_norm"},
}
MODULE_TYPES = {
    f"{root}.{middle}{kind}": kind for kind, file in _FILES.items() for root in _ROOTS for middle in ("", f"{file}.")
} | {f"sentence_transformers.models.{kind}.{kind}": kind for kind in _FILES}
"""The classes that are loaded, by every name that versions 2 to 6 of sentence-transformers gave them."""

ACTIVATIONS = frozenset(
    (
        *("torch.nn.modules.activation.Tanh", "torch.nn.modules.activation.ReLU", "torch.nn.modules.activation.GELU"),
        *(
            "torch.nn.modules.activation.SiLU",
            "torch.nn.modules.activation.Sigmoid",
            "torch.nn.modules.linear.Identity",
        ),
        *("torch.nn.Tanh", "torch.nn.ReLU", "torch.nn.GELU", "torch.nn.Identity"),
    )
)
"""Activations of a Dense module: the name is imported, so it must be one of these."""

_MODES = (
    *("pooling_mode_cls_token", "pooling_mode_max_tokens", "pooling_mode_mean_tokens"),
    *("pooling_mode_mean_sqrt_len_tokens", "pooling_mode_weightedmean_tokens", "pooling_mode_lasttoken"),
)
_POOLING = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
_PATH = re.compile(r"(?:[\w\-]{1,100})?", re.ASCII)
_FIRST = ("Transformer", "StaticEmbedding")


@dataclass(frozen=True)
class Module:
    """One entry of modules.json: its class, and its subfolder with `/`, empty for the folder itself."""

    kind: str
    prefix: str


@dataclass(frozen=True)
class ChainFacts:
    """What a chain of modules makes of a text.

    first, last: the classes of its first and last module. has_pooling: false for a plain transformer, the folder of which names no modules.
    transformer: None for a static model.
    """

    first: str
    dimension: int
    longest: int
    has_pooling: bool = True
    transformer: TransformerFacts | None = None
    last: str = ""


def check_modules(files: Mapping[str, ModelFile]) -> ChainFacts:
    """Check every module of the chain, and that each takes the dimensions that the one before gives."""
    if MODULES not in files and "config.json" in files and not any(name in files for name in SENTENCE_FILES):
        facts = check_transformer(files, "")
        return ChainFacts("Transformer", facts.dimension, facts.longest, has_pooling=False, transformer=facts)
    chain = read_modules(files)
    head, rest = chain[0], chain[1:]
    transformer = None
    if head.kind == "StaticEmbedding":
        dimension, longest = _check_static(files, head.prefix), MAX_MODEL_TOKENS
    else:
        transformer = check_transformer(files, head.prefix)
        dimension, longest = transformer.dimension, transformer.longest
    for module in rest:
        dimension = _check_module(files, module, dimension)
    return ChainFacts(head.kind, dimension, longest, transformer=transformer, last=chain[-1].kind)


def read_modules(files: Mapping[str, ModelFile]) -> list[Module]:
    """Read modules.json: known classes, in an order that works."""
    if MODULES not in files:
        raise FolderProblemError(MODULES, "it is missing")
    entries = parse_file(files[MODULES])
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_MODULES:
        raise FolderProblemError(MODULES, f"it is not a list of 1 to {MAX_MODULES} modules")
    chain = [_module(entry) for entry in entries]
    kinds = [module.kind for module in chain]
    if len({entry["name"] for entry in entries}) < len(entries) or len({one.prefix for one in chain}) < len(chain):
        raise FolderProblemError(MODULES, "it has two modules of one name or folder")
    if kinds[0] not in _FIRST or any(kind in _FIRST for kind in kinds[1:]):
        raise FolderProblemError(MODULES, f"it does not begin with {' or '.join(_FIRST)}, or has a second one")
    places = [number for number, kind in enumerate(kinds) if kind == "Pooling"]
    if places != ([1] if kinds[0] == "Transformer" else []):
        raise FolderProblemError(MODULES, "it has no Pooling right after the Transformer, or one without it")
    if any(not module.prefix for module in chain[1:]):
        raise FolderProblemError(MODULES, "it has a later module in the folder of the first")
    return chain


def _module(entry: Any) -> Module:
    if not isinstance(entry, dict):
        raise FolderProblemError(MODULES, f"it has {quote(entry)} in place of a module")
    settings = JsonSettings(MODULES, entry)
    settings.check_names(("idx", "name", "path", "type", "kwargs"))
    for name in ("name", "path", "type"):
        if not isinstance(entry.get(name), str):
            settings.refuse(f"{name} of a module is {quote(entry.get(name))}")
    if entry["type"] not in MODULE_TYPES:
        settings.refuse(
            f"the module {quote(entry['type'])} is not supported",
            todo=f"Supported are {', '.join(_FILES)} of sentence-transformers.",
        )
    if not _PATH.fullmatch(entry["path"]) or len(entry["name"]) > 100:
        settings.refuse(f"a module's folder is {quote(entry['path'])}, not a plain name")
    kwargs = entry.get("kwargs") or []
    if not isinstance(kwargs, list) or not all(isinstance(one, str) and one.isidentifier() for one in kwargs):
        settings.refuse(f"kwargs of a module is {quote(kwargs)}")
    return Module(MODULE_TYPES[entry["type"]], f"{entry['path']}/" if entry["path"] else "")


def _check_static(files: Mapping[str, ModelFile], prefix: str) -> int:
    """Check a StaticEmbedding: one row a token; the dimension."""
    tensors = read_tensors(files, prefix)
    mapped = {"mapping", "weights"} & set(tensors.shapes)
    name = "embedding.weight" if "embedding.weight" in tensors.shapes else "embeddings"
    shape = tensors.shapes.get(name, ())
    if len(shape) != 2 or min(shape) < 1 or set(tensors.shapes) - {name} - mapped:
        raise FolderProblemError(tensors.file, "it does not hold one matrix of embeddings")
    rows = tensors.shapes["mapping"][0] if tensors.shapes.get("mapping") else shape[0]
    if prefix + "tokenizer.json" not in files:
        raise FolderProblemError(prefix + "tokenizer.json", "it is missing")
    check_tokenizer_file(files[prefix + "tokenizer.json"], rows=rows, needs_unknown=False)
    return shape[1]


def _check_module(files: Mapping[str, ModelFile], module: Module, dimension: int) -> int:
    """Check a module after the first, which takes so many dimensions; how many it gives."""
    file = files.get(f"{module.prefix}config.json")
    if file is None:
        if module.kind != "Normalize":
            raise FolderProblemError(f"{module.prefix}config.json", "it is missing")
        return dimension
    settings = JsonSettings.read(file)
    if module.kind == "Pooling":
        return _check_pooling(settings, dimension)
    if module.kind == "Dense":
        return _check_dense(settings, files, module, dimension)
    if module.kind == "LayerNorm":
        settings.check_names(("dimension",))
        settings.integer("dimension", low=dimension, high=dimension)
        for name in ("norm.weight", "norm.bias"):
            read_tensors(files, module.prefix).require(name, (dimension,))
    elif module.kind == "Dropout":
        settings.check_names(("dropout",))
        settings.number("dropout", low=0.0, high=1.0)
    else:
        settings.check_names(("module_input_name", "module_output_name"))
        _check_names_of_features(settings)
    return dimension


def _check_names_of_features(settings: JsonSettings) -> None:
    for name, missing in (("module_input_name", "sentence_embedding"), ("module_output_name", None)):
        if settings.values.get(name, missing) not in ("sentence_embedding", missing):
            settings.refuse(f"{name} is {quote(settings.values[name])}, not sentence_embedding")


def _check_pooling(settings: JsonSettings, dimension: int) -> int:
    settings.check_names(("embedding_dimension", "word_embedding_dimension", "pooling_mode", "include_prompt", *_MODES))
    name = "embedding_dimension" if "embedding_dimension" in settings.values else "word_embedding_dimension"
    if settings.integer(name, low=1, high=65_536) != dimension:
        settings.refuse(f"it pools {settings.values[name]:,} dimensions; the transformer gives {dimension:,}")
    settings.boolean("include_prompt", default=True)
    flags = [settings.boolean(mode) for mode in _MODES]
    mode = settings.values.get("pooling_mode")
    if mode is None:
        return dimension * max(1, sum(flags))
    modes = mode if isinstance(mode, list) else [mode]
    if not 0 < len(modes) <= len(_POOLING) or not all(isinstance(one, str) and one in _POOLING for one in modes):
        settings.refuse(f"pooling_mode is {quote(mode)}; known are {', '.join(_POOLING)}")
    return dimension * len(modes)


def _check_dense(settings: JsonSettings, files: Mapping[str, ModelFile], module: Module, dimension: int) -> int:
    settings.check_names(
        (
            *("in_features", "out_features", "bias", "activation_function", "module_input_name"),
            *("module_output_name", "use_residual"),
        )
    )
    if settings.integer("in_features", low=1, high=1_000_000) != dimension:
        settings.refuse(f"it takes {settings.values['in_features']:,} dimensions; it is given {dimension:,}")
    given = settings.integer("out_features", low=1, high=1_000_000)
    settings.choice("activation_function", ACTIVATIONS)
    _check_names_of_features(settings)
    tensors = read_tensors(files, module.prefix)
    tensors.require("linear.weight", (given, dimension))
    if settings.boolean("bias", default=True):
        tensors.require("linear.bias", (given,))
    if settings.boolean("use_residual") and given != dimension:
        tensors.require("residual.weight", (given, dimension))
    return given
