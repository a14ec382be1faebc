"""`python -m lib embed FILE --run RUN --out FILE`: a file's rows with vectors of their texts."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from lib import settings
from lib.commands.memory import add_memory_option, refuse_encoding_without_memory
from lib.commands.options import add_download_option, add_reading_options, read_options_from
from lib.commands.progress_bar import CommandProgress
from lib.data.file_rows import read_file_rows
from lib.data.model_inputs import Role
from lib.errors import InputError
from lib.experiments.file_vectors import SIDES, model_of_side, run_columns, run_reading
from lib.format import format_count
from lib.models.prompts.describe import quote_prompt
from lib.models.vector_files import format_of_name
from lib.store.workspace import open_workspace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("file", type=Path, help="CSV, TSV, Excel, JSON, JSON Lines, Parquet or Arrow, also gzipped")
    parser.add_argument("--run", required=True, dest="run_id", metavar="RUN", help="a run's id (python -m lib runs)")
    parser.add_argument("--out", type=Path, required=True, help="vectors.parquet (rows and vectors) or vectors.npy")
    parser.add_argument("--model", choices=list(SIDES), default="tuned", help="default %(default)s")
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
        help="whose prompt of the run stands before each text (default %(default)s)",
    )
    add_reading_options(parser)
    add_download_option(parser)
    add_memory_option(parser)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Read, embed, write; print what was written."""
    from lib.models.embed_file import embed_file
    from lib.models.loader import load_model

    format_of_name(args.out.name)
    if args.out.exists() and args.out.samefile(args.file):
        raise InputError(f"{args.out} is the file itself.", todo="Choose another --out.")
    if not args.out.expanduser().absolute().parent.is_dir():
        raise InputError(f"There is no folder {args.out.parent}.", todo="Make it, or choose another --out.")
    if args.download:
        settings.allow_downloads()
    workspace = open_workspace()
    trained = workspace.runs.get(args.run_id)
    name = model_of_side(trained, args.model)
    refuse_encoding_without_memory(name, home=workspace.home, ignore=args.ignore_memory)
    rows = read_file_rows(args.file, options=read_options_from(args))
    role, reading = Role(args.role), run_reading(workspace, trained)
    columns = tuple(args.column or rows.guess_columns(role, run_columns(workspace, trained)))
    print(
        f"column: {' + '.join(columns)}, as {role} texts, prompt {quote_prompt(reading.prompt(role))}", file=sys.stderr
    )
    with CommandProgress(args.file.name) as progress:
        progress.stage("embedding", f"with the {args.model} model")
        model = load_model(name, reading=reading, home=workspace.home)
        made = embed_file(model, rows, args.out, columns=columns, reading=reading, role=role, progress=progress)
    report = {"out": str(args.out), "run": trained.id, "model": args.model, **made.to_json()}
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        without = f", {format_count(made.empty, 'row')} without a text" if made.empty else ""
        speed = f"{made.rows / max(made.seconds, 1e-9):,.0f} a second"
        print(f"{args.out}: {format_count(made.rows, 'row')} of {made.dimension} dimensions{without}; {speed}")
    return 0
