"""Check a model folder before anything of it is loaded.

A folder is data until it is shown to be harmless: sentence-transformers and transformers take from its json what they
import, which files they read and with which arguments. Everything that is not known is refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from lib.errors import ModelError
from lib.models.folder_check.files import ModelFile, list_files
from lib.models.folder_check.json_settings import JsonSettings
from lib.models.folder_check.modules import check_modules
from lib.models.folder_check.problem import FolderProblemError, quote
from lib.models.folder_check.prompts import check_prompts, truncated_dimension
from lib.models.folder_check.transformer import TransformerFacts
from lib.models.folder_check.weights import read_header

_CONFIG = "config_sentence_transformers.json"
_KEPT = 64


@dataclass(frozen=True)
class FolderFacts:
    """What a checked folder holds.

    is_plain: a transformer without a pooling. prompts: its own, by name. default_prompt: what stands before every text, mostly nothing. longest: most
    tokens of a text. weight_bytes: of its files. parameters: how many weights they hold. transformer: its sizes, None for a static model.
    normalises: whether its last module is Normalize. is_truncated: whether it gives the first dimensions of longer vectors.
    """

    is_static: bool
    dimension: int
    longest: int
    prompts: Mapping[str, str]
    default_prompt: str
    weight_bytes: int
    is_plain: bool = False
    parameters: int = 0
    transformer: TransformerFacts | None = None
    normalises: bool = False
    is_truncated: bool = False


def check_folder(folder: Path) -> FolderFacts:
    """Check a model folder. Raises ModelError with the file, the reason and what to do, in one line."""
    try:
        files = list_files(folder)
        return _check(tuple(sorted((file.name, file.path, file.size, file.changed) for file in files.values())))
    except FolderProblemError as problem:
        raise _refusal(folder, problem) from None
    except (OSError, RecursionError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
        reason = f"it cannot be read: {quote(str(error) or type(error).__name__)}"
        raise _refusal(folder, FolderProblemError("", reason)) from error


def _refusal(folder: Path, problem: FolderProblemError) -> ModelError:
    where = quote(f"{folder}/{problem.file}" if problem.file else str(folder), limit=300)
    return ModelError(f"The model was not loaded: {problem.reason}.", where=where, todo=problem.todo)


@lru_cache(maxsize=_KEPT)
def _check(listing: tuple[tuple[str, Path, int, int], ...]) -> FolderFacts:
    """Check the files of a folder; again only when one has another size or time of change."""
    files: Mapping[str, ModelFile] = {facts[0]: ModelFile(*facts) for facts in listing}
    config = JsonSettings.read(files[_CONFIG]) if _CONFIG in files else None
    prompts, default_prompt = check_prompts(config) if config else ({}, "")
    chain = check_modules(files)
    dimension = truncated_dimension(config, chain.dimension)
    weights = [file for file in files.values() if file.name.endswith(".safetensors")]
    return FolderFacts(
        is_static=chain.first == "StaticEmbedding",
        dimension=dimension,
        longest=chain.longest,
        prompts=MappingProxyType(prompts),
        default_prompt=default_prompt,
        weight_bytes=sum(file.size for file in weights),
        is_plain=not chain.has_pooling,
        parameters=sum(math.prod(shape) for file in weights for shape in read_header(file).values()),
        transformer=chain.transformer,
        normalises=chain.last == "Normalize",
        is_truncated=dimension < chain.dimension,
    )
