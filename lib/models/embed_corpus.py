"""Embed a corpus part by part: Parquet in, the rows with their vectors out, one file a part.

Each part is written whole or not at all and depends on nothing but its rows, so that a process that starts again goes on
with the parts that are missing, and several machines can share the work.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace

import pyarrow as pa
import pyarrow.parquet as parquet
from sentence_transformers import SentenceTransformer

from lib.data.corpus import PART_ROWS, Corpus, CorpusPart, read_part
from lib.data.file_rows import FileRows
from lib.data.model_inputs import Reading, Role
from lib.data.read.columnar import SMALL_BYTES, name_file_damage
from lib.errors import InputError, ModelError
from lib.models.catalog import STATIC_MODEL
from lib.models.embed_file import RowsProgress, add_vector_field, add_vectors, embed_block
from lib.models.folder_check.check import check_folder
from lib.models.loader import fetch_model, fingerprint, load_model
from lib.models.url_folder import fetch_url_folder
from lib.progress import Progress, Silent
from lib.settings import home
from lib.store.locations import Location
from lib.typed_json import JsonError, parse_stored, typed

FACTS = "corpus.json"
"""Beside the parts: what was embedded, by which model, and whether all parts are there."""

EMPTY_KEY = b"closer.empty"
"""In the metadata of a part's file: its number of rows without a text."""


@dataclass(frozen=True)
class CorpusModel:
    """A model that every process of the work loads by itself.

    name: a name, path or URL. mark: SHA-256 of its folder's files, which those of every process must have.
    """

    name: str
    mark: str
    dimension: int
    reading: Reading
    role: Role

    @classmethod
    def of(cls, name: str, *, reading: Reading, role: Role) -> CorpusModel:
        """Check its folder, fetched where it is not here. Raises ModelError."""
        folder = fetch_model(fetch_model_name(name), home=home())
        # of Closer's own static model the folder, which is built on this machine only
        known = str(folder) if name == STATIC_MODEL else name
        return cls(known, fingerprint(folder), check_folder(folder).dimension, reading, role)

    def load(self, *, device: str = "auto") -> SentenceTransformer:
        """Load it. Raises ModelError where it is another one here."""
        name = fetch_model_name(self.name)
        if fingerprint(fetch_model(name, home=home())) != self.mark:
            raise ModelError(
                f"The model {self.name} is another one on this machine.",
                todo="Use a folder that all machines share, or a URL.",
            )
        return load_model(name, reading=self.reading, device=device, home=home())


@dataclass(frozen=True)
class CorpusFacts:
    """What an embedded corpus is.

    files, file_rows, file_bytes: name, rows and bytes of each file; part_rows: most rows of a part. empty: rows without a
    text. is_whole: all parts are there.
    """

    model: str
    mark: str
    role: str
    prompt: str
    columns: tuple[str, ...]
    dimension: int
    files: tuple[str, ...]
    file_rows: tuple[int, ...]
    file_bytes: tuple[int, ...]
    rows: int
    part_rows: int = PART_ROWS
    empty: int = 0
    is_whole: bool = False

    @classmethod
    def load(cls, folder: Location) -> CorpusFacts:
        """Read the facts of an embedded corpus. Raises InputError where it is none."""
        try:
            facts: CorpusFacts = typed(cls, parse_stored(folder.child(FACTS).read_text()))
        except JsonError as error:
            raise InputError(f"Its {FACTS} cannot be read.", where=str(folder)) from error
        return facts

    def is_same_work(self, other: CorpusFacts) -> bool:
        """Check whether both are of the same rows by the same model."""
        return replace(self, empty=0, is_whole=False) == replace(other, empty=0, is_whole=False)


@dataclass(frozen=True)
class PartResult:
    """A part that was written. empty: its rows without a text."""

    number: int
    rows: int
    empty: int


@dataclass(frozen=True)
class CorpusWork:
    """The embedding of a corpus into a folder, as its processes need to know it.

    total: rows of the corpus.
    """

    model: CorpusModel
    columns: tuple[str, ...]
    out: str
    schema: pa.Schema
    total: int

    def embed(self, model: SentenceTransformer, part: CorpusPart, progress: Progress = Silent()) -> PartResult:
        """Embed one part and write its file. Raises InputError, StoreError and CancelledError."""
        done = empty = 0
        schema = add_vector_field(self.schema, self.model.dimension)
        with Location(self.out).child(part.name).replace() as path, parquet.ParquetWriter(path, schema) as writer:
            for block in read_part(part):
                texts = FileRows(block).texts(self.columns)
                inner = RowsProgress(progress, done, len(texts), part.rows)
                vectors, filled = embed_block(
                    model, texts, reading=self.model.reading, role=self.model.role, progress=inner
                )
                writer.write_table(add_vectors(block, vectors, filled).replace_schema_metadata())
                done, empty = done + len(texts), empty + int((~filled).sum())
                progress.advance(done, part.rows)
            writer.add_key_value_metadata({EMPTY_KEY: str(empty).encode()})
        return PartResult(part.number, done, empty)


EmbedParts = Callable[[CorpusWork, list[CorpusPart], Progress], Iterable[PartResult]]
"""Embeds parts, in any order, here or elsewhere, and yields each once it is written."""


def fetch_model_name(name: str) -> str:
    """Copy a model that is named by URL to this machine; any other name stays."""
    location = Location(name)
    return str(fetch_url_folder(location)) if location.is_url else name


def embed_corpus(
    corpus: Corpus,
    model: CorpusModel,
    out: Location,
    *,
    columns: tuple[str, ...],
    embed_parts: EmbedParts,
    progress: Progress = Silent(),
) -> CorpusFacts:
    """Embed the parts that are not there yet, then write that the corpus is whole.

    Raises InputError where the folder holds something else, and what the work raises.
    """
    facts = CorpusFacts(
        model=model.name,
        mark=model.mark,
        role=str(model.role),
        prompt=model.reading.prompt(model.role),
        columns=columns,
        dimension=model.dimension,
        files=tuple(Location(file).name for file in corpus.files),
        file_rows=corpus.rows,
        file_bytes=corpus.sizes,
        rows=corpus.total,
    )
    add_vector_field(corpus.schema, model.dimension)
    there = _parts_there(out, facts)
    work = CorpusWork(model, columns, str(out.absolute()), corpus.schema, corpus.total)
    parts = corpus.parts()
    missing = [part for part in parts if part.name not in there]
    empty = sum(_empty_rows(out.child(part.name)) for part in parts if part.name in there)
    done = corpus.total - sum(part.rows for part in missing)
    progress.advance(done, corpus.total)
    for result in embed_parts(work, missing, progress) if missing else ():
        done, empty = done + result.rows, empty + result.empty
        progress.advance(done, corpus.total)
    facts = replace(facts, empty=empty, is_whole=True)
    _write_facts(out, facts)
    return facts


def embed_parts_here(work: CorpusWork, parts: list[CorpusPart], progress: Progress) -> Iterator[PartResult]:
    """Embed parts one after the other in this process."""
    model = work.model.load()
    done = work.total - sum(part.rows for part in parts)
    for part in parts:
        yield work.embed(model, part, RowsProgress(progress, done, part.rows, work.total))
        done += part.rows


def _parts_there(out: Location, facts: CorpusFacts) -> set[str]:
    """List the parts that an earlier try has written.

    Raises InputError where the folder holds something else.
    """
    names = set(out.stamps())
    if not names:
        _write_facts(out, facts)
    elif FACTS not in names or not CorpusFacts.load(out).is_same_work(facts):
        raise InputError(
            f"{out} holds something else already: other files, or vectors of other texts or by another model.",
            todo="Choose another --out, or empty it.",
        )
    return names


def _write_facts(out: Location, facts: CorpusFacts) -> None:
    out.child(FACTS).write_text(json.dumps(asdict(facts), ensure_ascii=False))


def _empty_rows(part: Location) -> int:
    """Read from a part's footer how many of its rows have no text."""
    with part.open_input() as source, name_file_damage("Parquet", SMALL_BYTES):
        return int((parquet.ParquetFile(source).metadata.metadata or {}).get(EMPTY_KEY, 0))
