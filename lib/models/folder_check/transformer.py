"""The transformer of a model: its settings, held to the weights that the folder holds."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.models.folder_check.files import ModelFile
from lib.models.folder_check.json_settings import JsonSettings, is_plain
from lib.models.folder_check.problem import FolderProblemError, quote, quote_names
from lib.models.folder_check.tokenizer import check_tokenizer
from lib.models.folder_check.weights import Tensors, read_tensors
from lib.settings import MAX_MODEL_LAYERS, MAX_MODEL_TOKENS, UNLIMITED_MODEL_TOKENS

POSITION_TABLE = frozenset(
    ("bert", "roberta", "xlm-roberta", "camembert", "mpnet", "distilbert", "electra", "albert", "ernie")
)
"""Model types with a learned vector for each position."""

OFFSET_TYPES = frozenset(("roberta", "xlm-roberta", "camembert", "mpnet"))
"""Model types whose first position is the row after that of padding, as in fairseq."""

MODEL_TYPES = POSITION_TABLE | frozenset(
    (
        *("modernbert", "nomic_bert", "gte", "eurobert", "deberta", "deberta-v2", "t5", "mt5", "qwen2", "qwen3"),
        *("mistral", "llama", "gemma", "gemma2", "gemma3_text"),
    )
)
"""Model types of transformers that are loaded: encoders of text, and decoders that embedding models are built on."""

_MODULE_NAMES = (
    *("max_seq_length", "do_lower_case", "transformer_task", "modality_config", "module_output_name"),
    *("unpad_inputs", "query_length", "document_length"),
)
_LOADER_ARGUMENTS = (
    *("model_args", "tokenizer_args", "config_args", "model_kwargs", "processor_kwargs", "config_kwargs"),
    *("processing_kwargs", "query_expansion", "tokenizer_name_or_path"),
)
MODULE_FILES = tuple(
    f"sentence_{kind}_config.json"
    for kind in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
"""Names under which sentence-transformers looks for a transformer's settings."""

_TEXT_ONLY: dict[str, Any] = {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}

_HIDDEN, _LAYERS = ("hidden_size", "dim", "d_model"), ("num_hidden_layers", "n_layers", "num_layers")
_HEADS, _INNER = ("num_attention_heads", "n_heads", "num_heads"), ("intermediate_size", "hidden_dim", "d_ff")
_WORDS = (
    *("embeddings.word_embeddings.weight", "embeddings.tok_embeddings.weight", "embed_tokens.weight"),
    "shared.weight",
)
_LAYER = re.compile(r"(.*?)(?:^|(?<=\.))(?:layer|layers|block|h)\.(\d{1,6})\.(.+)")

_NUMBERS = (
    *("embedding_size", "head_dim", "d_kv", "num_key_value_heads"),
    *("type_vocab_size", "task_type_vocab_size", "max_position_embeddings", "n_positions"),
    *("relative_attention_num_buckets", "relative_attention_max_distance", "max_relative_positions"),
    *("position_buckets", "sliding_window", "local_attention", "max_window_layers", "global_attn_every_n_layers"),
    *("pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers", "pooler_size_per_head"),
    *(
        "pooler_hidden_size",
        "summary_last_dropout",
        "num_decoder_layers",
        "gap_size",
        "num_memory_blocks",
        "net_structure_type",
    ),
    *(
        "down_scale_factor",
        "pretraining_tp",
        "query_pre_attn_scalar",
        "_sliding_window_pattern",
        "sliding_window_pattern",
    ),
    *("attention_dropout", "attention_probs_dropout_prob", "classifier_dropout", "classifier_dropout_prob", "dropout"),
    *("dropout_rate", "embedding_dropout", "hidden_dropout_prob", "mlp_dropout", "pooler_dropout", "qa_dropout"),
    *("seq_classif_dropout", "summary_first_dropout", "attn_logit_softcapping", "final_logit_softcapping"),
    *("initializer_cutoff_factor", "initializer_factor", "initializer_range", "layer_norm_eps", "layer_norm_epsilon"),
    *("norm_eps", "rms_norm_eps", "rope_theta", "rope_local_base_freq", "global_rope_theta", "local_rope_theta"),
    *("sparse_pred_ignore_index", "max_length", "min_length"),
)
_BOUNDED = {
    "chunk_size_feed_forward": 0,
    "num_labels": 10_000,
    "_num_labels": 10_000,
    "num_hidden_groups": MAX_MODEL_LAYERS,
    "inner_group_num": MAX_MODEL_LAYERS,
    "num_decoder_layers": MAX_MODEL_LAYERS,
    "pretraining_tp": 64,
}
"""Settings that make loops, by their largest value; chunks of the feed-forward fit texts of some lengths only."""

_SWITCHES = (
    *("add_cross_attention", "attention_bias", "is_decoder", "is_encoder_decoder", "is_gated_act", "legacy"),
    *("tie_word_embeddings", "tie_weights_", "use_cache", "use_bidirectional_attention", "use_sliding_window"),
    *("use_task_id", "sinusoidal_pos_embds", "sparse_prediction", "reference_compile", "classifier_bias"),
    *("decoder_bias", "deterministic_flash_attn", "mlp_bias", "norm_bias", "position_biased_input"),
    *("relative_attention", "share_att_key", "output_past", "gradient_checkpointing", "scale_decoder_outputs"),
    *("summary_use_proj", "output_attentions", "output_hidden_states", "return_dict", "torchscript"),
    *("use_bfloat16", "repad_logits_with_grad", "_attn_implementation_autoset", "use_mems", "mask_token_as_pad"),
)
_WORD_SETTINGS = (
    *("_name_or_path", "name_or_path", "transformers_version", "activation", "hidden_act"),
    *("hidden_activation", "dense_act_fn", "feed_forward_proj", "pooler_hidden_act", "pooler_type", "directionality"),
    *("classifier_activation", "classifier_pooling", "position_embedding_type", "problem_type", "norm_rel_ebd"),
    *("summary_activation", "summary_type", "pos_att_type", "finetuning_task", "model_name", "language", "model_type"),
    *("conv_act", "conv_kernel_size", "attention_probs_dropout"),
)
_TOKEN_IDS = (
    *("bos_token_id", "eos_token_id", "pad_token_id", "cls_token_id", "sep_token_id", "mask_token_id"),
    "decoder_start_token_id",
)
_TABLES = ("id2label", "label2id", "rope_parameters", "rope_scaling", "task_specific_params")
_LIST_SETTINGS = ("architectures", "layer_types")
_CHECKED = (
    *("vocab_size", "dtype", "torch_dtype", "tokenizer_class", "_attn_implementation", "attn_implementation"),
    *("pruned_heads", "quantization_config"),
)
CONFIG_NAMES = frozenset(
    (
        *(*_HIDDEN, *_LAYERS, *_HEADS, *_INNER, *_NUMBERS, *_BOUNDED, *_SWITCHES, *_WORD_SETTINGS, *_TOKEN_IDS),
        *(*_TABLES, *_LIST_SETTINGS, *_CHECKED),
    )
)
"""Settings of config.json that are known to size or tune a model, and to name nothing that is read or run."""

_STEERING = (
    ("auto_map", "names program code"),
    ("quantization_config", "is quantised, which is not supported"),
)


@dataclass(frozen=True)
class TransformerFacts:
    """What a transformer makes of a text, and its sizes.

    dimension: numbers for each token. longest: tokens that it can read. inner: the width of its feed-forward layers.
    """

    model_type: str
    dimension: int
    longest: int
    layers: int
    heads: int
    inner: int


_SPANS = {"dropout": (0.0, 1.0), "eps": (1e-30, 1.0)}
"""Bounds of the settings whose name has this part: normalisation divides by the root of its eps and a variance."""


def check_transformer(files: Mapping[str, ModelFile], prefix: str) -> TransformerFacts:
    """Check a Transformer module in its subfolder: settings, weights and tokenizer."""
    for name in MODULE_FILES:
        if prefix + name in files:
            _check_module(JsonSettings.read(files[prefix + name]))
    if prefix + "config.json" not in files:
        raise FolderProblemError(prefix + "config.json", "it is missing")
    config = JsonSettings.read(files[prefix + "config.json"])
    check_config(config)
    hidden = config.integer(_present(config, _HIDDEN), low=1, high=65_536)
    tensors = read_tensors(files, prefix)
    rows = _check_embeddings(config, tensors, hidden)
    layers, heads, inner = _check_layers(config, tensors, hidden)
    check_tokenizer(files, prefix, rows=rows)
    return TransformerFacts(
        model_type=config.values["model_type"],
        dimension=hidden,
        longest=_longest_text(config),
        layers=layers,
        heads=heads,
        inner=inner,
    )


def _check_module(settings: JsonSettings) -> None:
    settings.refuse_unless_empty(*_LOADER_ARGUMENTS)
    settings.check_names((*_MODULE_NAMES, *_LOADER_ARGUMENTS))
    for name in ("max_seq_length", "query_length", "document_length"):
        if settings.values.get(name) is not None:
            settings.integer(name, low=1, high=MAX_MODEL_TOKENS)
    settings.boolean("do_lower_case")
    settings.boolean("unpad_inputs")
    settings.choice("transformer_task", ("feature-extraction",))
    settings.choice("module_output_name", ("token_embeddings",))
    if settings.values.get("modality_config", _TEXT_ONLY) != _TEXT_ONLY:
        settings.refuse("its modality_config asks for more than the encoding of texts")


def check_config(config: JsonSettings) -> None:
    """Check names, types and ranges of config.json; sizes are held to the weights afterwards."""
    for name, reason in _STEERING:
        if config.values.get(name):
            config.refuse(f"{name} {reason}", todo="Models that need code or packages of their own are not loaded.")
    kind = config.values.get("model_type")
    if not isinstance(kind, str) or kind not in MODEL_TYPES:
        config.refuse(f"the model type {quote(kind)} is not supported")
    config.check_names(CONFIG_NAMES)
    config.refuse_unless_empty("pruned_heads", "quantization_config")
    for name in ("dtype", "torch_dtype"):
        config.choice(name, ("float32", "float16", "bfloat16"))
    for name in ("_attn_implementation", "attn_implementation"):
        config.choice(name, ("eager", "sdpa"))
    for name in _NUMBERS:
        low, high = next((span for part, span in _SPANS.items() if part in name), (-1e12, 1e12))
        config.number(name, low=low, high=high)
    for name, most in _BOUNDED.items():
        config.integer(name, low=0, high=most, default=0)
    for name in (*_SWITCHES, *_WORD_SETTINGS, "tokenizer_class"):
        if not is_plain(config.values.get(name)) and not _is_list_of_plain(config.values.get(name)):
            config.refuse(f"{name} is {quote(config.values[name])}")
    for name in _LIST_SETTINGS:
        if config.values.get(name) is not None and not _is_list_of_plain(config.values[name]):
            config.refuse(f"{name} is {quote(config.values[name])}")
    for name in _TABLES:
        if len(repr(config.values.get(name))) > 1_000_000:
            config.refuse(f"{name} is too long")


def _is_list_of_plain(value: object) -> bool:
    return isinstance(value, list) and len(value) <= 1_000 and all(map(is_plain, value))


def _present(config: JsonSettings, names: tuple[str, ...]) -> str:
    """Find under which of its names a setting stands."""
    for name in names:
        if name in config.values:
            return name
    return config.refuse(f"it lacks {names[0]}")


def _check_embeddings(config: JsonSettings, tensors: Tensors, hidden: int) -> int:
    """Hold vocabulary and positions to the embedding matrices; the number of tokens."""
    width = config.integer("embedding_size", low=1, high=65_536, default=hidden)
    found = [name for name in tensors.shapes if name.endswith(_WORDS)]
    words = config.integer("vocab_size", low=1, high=10_000_000)
    tensors.require(found[0] if found else _WORDS[0], (words, width))
    for name in _TOKEN_IDS:
        for number in _as_list(config.values.get(name)):
            if number is not None and (type(number) is not int or not -1 <= number < words):
                config.refuse(f"{name} is {quote(number)}, outside a vocabulary of {words:,}")
    table = found[0].removesuffix(_suffix(found[0])) + "embeddings.position_embeddings.weight"
    if table in tensors.shapes or config.values["model_type"] in POSITION_TABLE:
        tensors.require(table, (config.integer("max_position_embeddings", low=1, high=MAX_MODEL_TOKENS), width))
    return words


def _suffix(name: str) -> str:
    return next(suffix for suffix in _WORDS if name.endswith(suffix))


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _check_layers(config: JsonSettings, tensors: Tensors, hidden: int) -> tuple[int, int, int]:
    """Hold layers, heads and the inner width to the tensors of the layers, and read them."""
    wanted = config.integer(_present(config, _LAYERS), low=1, high=MAX_MODEL_LAYERS)
    heads = config.integer(_present(config, _HEADS), low=1, high=1_024)
    if not any(config.values.get(name) for name in ("head_dim", "d_kv")) and hidden % heads:
        config.refuse(f"its {heads:,} heads do not divide {hidden:,} dimensions")
    inner = config.integer(_present(config, _INNER), low=1, high=1_000_000)
    widths = {size for shape in tensors.shapes.values() if len(shape) == 2 for size in shape}
    if not widths & {inner, 2 * inner}:
        config.refuse(f"its inner width of {inner:,} is in none of the weights")
    sizes = wanted, heads, inner
    if config.values["model_type"] == "albert":  # its layers share their weights
        return sizes
    layers = _layers(tensors)
    if set(layers) != set(range(wanted)):
        config.refuse(f"it says {wanted:,} layers; the weights hold {len(layers):,}")
    expected = {name: shape for layer in layers.values() for name, shape in layer.items()}
    for number in range(wanted):
        missing = [name for name in sorted(expected) if layers[number].get(name) != expected[name]]
        missing = [name for name in missing if not _is_of_the_first_layer(name, number)]
        if missing:
            raise FolderProblemError(
                tensors.file, f"layer {number} lacks weights, or has another shape: {quote_names(missing)}"
            )
    return sizes


def _is_of_the_first_layer(name: str, number: int) -> bool:
    """Whether the first layer differs by this tensor: T5's has one more, ModernBERT's one less."""
    return "attn_norm." in name if number == 0 else "relative_attention_bias." in name


def _layers(tensors: Tensors) -> dict[int, dict[str, tuple[int, ...]]]:
    """Group the tensors of the encoder by layer: each layer's names and shapes."""
    stacks: dict[str, dict[int, dict[str, tuple[int, ...]]]] = defaultdict(lambda: defaultdict(dict))
    for name, shape in tensors.shapes.items():
        if (match := _LAYER.fullmatch(name)) and "decoder" not in match[1]:
            stacks[match[1]][int(match[2])][match[3]] = shape
    return max(stacks.values(), key=len, default={})


def _longest_text(config: JsonSettings) -> int:
    """Compute how many tokens a text may have: rows of the position table that a text can reach."""
    kind = config.values["model_type"]
    if config.values.get("max_position_embeddings") is None:
        return UNLIMITED_MODEL_TOKENS
    rows = config.integer("max_position_embeddings", low=1, high=MAX_MODEL_TOKENS)
    offset = config.integer("pad_token_id", low=0, high=rows, default=1) + 1 if kind in OFFSET_TYPES else 0
    return max(1, rows - offset)
