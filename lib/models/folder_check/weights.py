"""The header of safetensors files: which tensors they hold, of what shape.

Format: https://huggingface.co/docs/safetensors, 8 bytes of header length (little-endian), the header as json, the tensors.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.models.folder_check.files import ModelFile
from lib.models.folder_check.json_settings import JsonSettings, parse_text
from lib.models.folder_check.problem import FolderProblemError, quote

MAX_HEADER_BYTES = 8_000_000
"""A header of 20,000 tensors takes 3 MB; the format itself allows 100 MB."""

MAX_TENSORS = 20_000
MAX_DIMENSIONS = 6
BYTES = {
    **{"BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2},
    **{"I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8},
}
"""Bytes of a value of each type."""

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
_SHARD = re.compile(r"[\w.\-]{1,200}\.safetensors", re.ASCII)


@dataclass(frozen=True)
class Tensors:
    """Shapes by tensor name, and the file that names them."""

    file: str
    shapes: Mapping[str, tuple[int, ...]]

    def require(self, name: str, shape: tuple[int, ...]) -> None:
        """Raise FolderProblemError unless the tensor is there, with this shape."""
        if name not in self.shapes:
            raise FolderProblemError(self.file, f"it lacks the weights {quote(name)}")
        if self.shapes[name] != shape:
            found, wanted = list(self.shapes[name]), list(shape)
            raise FolderProblemError(self.file, f"{quote(name)} has the shape {found} where the settings need {wanted}")


def read_tensors(files: Mapping[str, ModelFile], prefix: str) -> Tensors:
    """Read the shapes of a module's weights, in one file or in shards.

    prefix: the module's subfolder with `/`, or empty.
    """
    if prefix + SINGLE in files:
        return Tensors(prefix + SINGLE, read_header(files[prefix + SINGLE]))
    if prefix + INDEX in files:
        return _read_shards(files, prefix)
    raise FolderProblemError(prefix + SINGLE, "it is missing", "Save the model with safe_serialization=True.")


def _read_shards(files: Mapping[str, ModelFile], prefix: str) -> Tensors:
    index = JsonSettings.read(files[prefix + INDEX])
    index.check_names(("metadata", "weight_map"))
    places = index.values.get("weight_map")
    if not isinstance(places, dict) or len(places) > MAX_TENSORS:
        index.refuse("it has no weight_map")
    shards: dict[str, dict[str, tuple[int, ...]]] = {}
    shapes = {}
    for name, shard in places.items():
        if not isinstance(shard, str) or not _SHARD.fullmatch(shard) or prefix + shard not in files:
            index.refuse(f"it names weights outside the folder or missing: {quote(shard)}")
        if shard not in shards:
            shards[shard] = read_header(files[prefix + shard])
        if name not in shards[shard]:
            index.refuse(f"it says that {quote(shard)} holds {quote(name)}, which it does not")
        shapes[name] = shards[shard][name]
    return Tensors(index.file, shapes)


def read_header(file: ModelFile) -> dict[str, tuple[int, ...]]:
    """Read the shapes of a safetensors file, whose offsets must fit its size."""
    with file.path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if file.size < 8 or length > min(MAX_HEADER_BYTES, file.size - 8):
            raise FolderProblemError(file.name, f"its header claims {length:,} bytes: damaged, or not safetensors")
        raw = stream.read(length)
    try:
        header = parse_text(raw)
    except (ValueError, RecursionError):
        raise FolderProblemError(file.name, "its header cannot be read: damaged, or not safetensors") from None
    if not isinstance(header, dict) or len(header) > MAX_TENSORS:
        raise FolderProblemError(file.name, f"its header holds more than {MAX_TENSORS:,} tensors, or none")
    header.pop("__metadata__", None)
    spans = [_span(file, name, facts) for name, facts in header.items()]
    end = 0
    for begin, stop in sorted(spans):
        if begin != end:
            raise FolderProblemError(file.name, "its tensors overlap or leave gaps: damaged")
        end = stop
    if end != file.size - 8 - length:
        raise FolderProblemError(file.name, "its tensors do not fit the file's size: damaged or cut off")
    return {name: tuple(facts["shape"]) for name, facts in header.items()}


def _span(file: ModelFile, name: str, facts: Any) -> tuple[int, int]:
    """Offsets of a tensor, which its type and shape must fill exactly."""
    problem = FolderProblemError(file.name, f"the header's entry {quote(name)} is damaged")
    if not isinstance(facts, dict) or set(facts) != {"dtype", "shape", "data_offsets"}:
        raise problem
    shape, offsets = facts["shape"], facts["data_offsets"]
    if facts["dtype"] not in list(BYTES) or not _whole(shape) or not _whole(offsets):
        raise problem
    if len(shape) > MAX_DIMENSIONS or len(offsets) != 2 or any(value > file.size for value in offsets):
        raise problem
    if math.prod(shape) * BYTES[facts["dtype"]] != offsets[1] - offsets[0]:
        raise problem
    return offsets[0], offsets[1]


def _whole(values: object) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 1 << 48 for value in values)
