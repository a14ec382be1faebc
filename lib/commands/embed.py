"""`python -m lib embed FILE --out FILE_OR_FOLDER`: rows of a file or corpus with their vectors."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lib import settings
from lib.commands.memory import add_memory_option, refuse_encoding_without_memory
from lib.commands.options import add_download_option, add_place_options, add_reading_options, read_options_from
from lib.commands.progress_bar import CommandProgress
from lib.data.file_rows import FileRows, read_file_rows
from lib.data.model_inputs import Reading, Role
from lib.errors import InputError
from lib.experiments.file_vectors import SIDES, model_of_side, run_columns, run_reading
from lib.format import format_count
from lib.models.prompts.describe import quote_prompt
from lib.models.vector_files import format_of_name
from lib.recipe.options import RAY_CLUSTER
from lib.shapes import Shape
from lib.store.locations import Location, shared_folders
from lib.store.workspace import open_workspace

if TYPE_CHECKING:
    from lib.models.embed_corpus import EmbedParts


@dataclass(frozen=True)
class ChosenModel:
    """The model of a command.

    label: what the report calls it; columns: those that its run's dataset had, by role.
    """

    name: str
    label: str
    reading: Reading
    columns: Mapping[str, Sequence[str]]


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "file",
        type=Location,
        help="CSV, TSV, Excel, JSON, JSON Lines, Parquet or Arrow, also gzipped; "
        "or, where --out is a folder, Parquet: a file, or a folder of files of the same columns, by path or URL",
    )
    parser.add_argument("--run", dest="run_id", metavar="RUN", help="a run's id (python -m lib runs)")
    parser.add_argument(
        "--out",
        type=Location,
        required=True,
        help="vectors.parquet (rows and vectors), vectors.npy, or a folder or its URL: a Parquet file for every "
        "65,536 rows, in bounded memory; the same command again goes on where it was stopped",
    )
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="with --run, tuned (the default) or base; without it, the name, folder or URL of a model",
    )
    parser.add_argument(
        "--column",
        action="append",
        metavar="NAME",
        help="the column of the texts; repeat to join columns (default: guess)",
    )
    parser.add_argument(
        "--role",
        choices=[role.value for role in Role],
        default=Role.DOCUMENT.value,
        help="whose prompt of the model stands before each text (default %(default)s)",
    )
    add_place_options(parser)
    add_reading_options(parser)
    add_download_option(parser)
    add_memory_option(parser)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Read, embed, write; print what was written."""
    from lib.models.embed_corpus import fetch_model_name

    is_corpus = args.out.is_url or not args.out.suffix
    if not is_corpus:
        _check_file_out(args)
    if args.download:
        settings.allow_downloads()
    model = choose_model(args)
    if args.where != RAY_CLUSTER:  # a cluster has memory of its own
        refuse_encoding_without_memory(fetch_model_name(model.name), home=settings.home(), ignore=args.ignore_memory)
    began = time.monotonic()
    facts = embed_corpus_of(args, model) if is_corpus else embed_file_of(args, model)
    facts = {"out": str(args.out), "run": args.run_id} | facts | {"model": model.label}
    if args.json:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        without = f", {format_count(facts['empty'], 'row')} without a text" if facts["empty"] else ""
        speed = f"{facts['rows'] / max(time.monotonic() - began, 1e-9):,.0f} a second"
        print(f"{args.out}: {format_count(facts['rows'], 'row')} of {facts['dimension']} dimensions{without}; {speed}")
    return 0


def _check_file_out(args: argparse.Namespace) -> None:
    """Raise InputError for a result that cannot be one file here."""
    file, out = args.file, args.out
    format_of_name(out.name)
    if args.where == RAY_CLUSTER:
        raise InputError(
            "A cluster writes a folder of files.", where="--out", todo="Choose a folder that its nodes share."
        )
    if file.is_url:
        raise InputError(f"{file} is a URL.", todo="Choose a folder or a URL for --out, or download the file first.")
    path = Path(out.text)
    if path.exists() and path.samefile(file.text):
        raise InputError(f"{out} is the file itself.", todo="Choose another --out.")
    if not path.expanduser().absolute().parent.is_dir():
        raise InputError(f"There is no folder {path.parent}.", todo="Make it, or choose another --out.")


def choose_model(args: argparse.Namespace) -> ChosenModel:
    """Find the model that the options name. Raises InputError, NotFoundError and ModelError."""
    from lib.models.embed_corpus import fetch_model_name
    from lib.models.prompts.choose import expected_prompts

    if args.run_id:
        side = args.model or "tuned"
        if side not in SIDES:
            raise InputError(f"A run has no “{side}”.", where="--model", todo=f"Choose {' or '.join(SIDES)}.")
        workspace = open_workspace()
        run = workspace.runs.get(args.run_id)
        return ChosenModel(model_of_side(run, side), side, run_reading(workspace, run), run_columns(workspace, run))
    if not args.model:
        raise InputError("Which model embeds the texts?", todo="Name a run (--run) or a model (--model).")
    prompts = expected_prompts(fetch_model_name(args.model), Shape.PAIRS, home=settings.home())
    reading = Reading(prompts.query, prompts.document, default_prompt=False)
    return ChosenModel(args.model, args.model, reading, {})


def embed_file_of(args: argparse.Namespace, model: ChosenModel) -> dict[str, Any]:
    """Embed a file that is read as a whole; what was written."""
    from lib.models.embed_corpus import fetch_model_name
    from lib.models.embed_file import embed_file
    from lib.models.loader import load_model

    rows = read_file_rows(Path(args.file.text), options=read_options_from(args))
    columns, role = _choose_columns(args, rows, model), Role(args.role)
    with CommandProgress(args.file.name) as progress:
        progress.stage("embedding", f"with the {model.label} model")
        loaded = load_model(fetch_model_name(model.name), reading=model.reading, home=settings.home())
        made = embed_file(
            loaded, rows, Path(args.out.text), columns=columns, reading=model.reading, role=role, progress=progress
        )
    return made.to_json()


def embed_corpus_of(args: argparse.Namespace, model: ChosenModel) -> dict[str, Any]:
    """Embed Parquet files part by part; what was written."""
    from lib.data.corpus import open_corpus, read_part
    from lib.models.embed_corpus import CorpusModel, embed_corpus

    corpus = open_corpus(args.file)
    first = next(read_part(next(iter(corpus.parts()))))
    columns = _choose_columns(args, FileRows(first), model)
    with CommandProgress(args.file.name) as progress:
        progress.stage("embedding", f"with the {model.label} model")
        with part_embedder(args, model) as embed_parts:
            made = embed_corpus(
                corpus,
                CorpusModel.of(model.name, reading=model.reading, role=Role(args.role)),
                args.out,
                columns=columns,
                embed_parts=embed_parts,
                progress=progress,
            )
    return asdict(made)


@contextmanager
def part_embedder(args: argparse.Namespace, model: ChosenModel) -> Iterator[EmbedParts]:
    """Choose by what parts are embedded: this process, or a cluster that is connected for the block.

    Raises ClusterError and InputError.
    """
    from lib.models.embed_corpus import embed_parts_here

    if args.where != RAY_CLUSTER:
        yield embed_parts_here
        return
    from lib.cluster.ray_connection import connect_to_cluster
    from lib.cluster.ray_corpus import embed_parts_on

    with connect_to_cluster(args.address, folders=shared_folders(args.file, Location(model.name))) as cluster:
        yield embed_parts_on(cluster, processes=args.processes)


def _choose_columns(args: argparse.Namespace, rows: FileRows, model: ChosenModel) -> tuple[str, ...]:
    """Choose the columns of the texts, and say which, and behind which prompt. Raises InputError."""
    role = Role(args.role)
    columns = tuple(args.column or rows.guess_columns(role, model.columns))
    rows.check_columns(columns)
    prompt = quote_prompt(model.reading.prompt(role))
    print(f"column: {' + '.join(columns)}, as {role} texts, prompt {prompt}", file=sys.stderr)
    return columns
