"""`python -m lib embed FILE --run RUN --out FILE`: a file's rows with vectors of their texts."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from lib import settings
from lib.commands.options import add_download_option, add_reading_options, read_options_from
from lib.commands.progress_bar import CommandProgress
from lib.data.columns.mapping import ColumnMapping
from lib.data.file_rows import read_file_rows
from lib.data.model_inputs import Role, reading_of
from lib.errors import InputError, NotFoundError
from lib.format import format_count
from lib.models.prompts.describe import quote_prompt
from lib.models.vector_files import format_of_name
from lib.shapes import Shape
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("file", type=Path, help="CSV, TSV, Excel, JSON, JSON Lines, Parquet or Arrow, also gzipped")
    parser.add_argument("--run", required=True, dest="run_id", metavar="RUN", help="a run's id (python -m lib runs)")
    parser.add_argument("--out", type=Path, required=True, help="vectors.parquet (rows and vectors) or vectors.npy")
    parser.add_argument("--model", choices=("tuned", "base"), default="tuned", help="default %(default)s")
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
    shape, roles = shape_and_roles(workspace, trained)
    rows = read_file_rows(args.file, options=read_options_from(args))
    role, reading = Role(args.role), reading_of(trained.recipe).for_shape(shape)
    columns = tuple(args.column or rows.guess_columns(role, roles))
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


def model_of_side(trained: Run, side: str) -> str:
    """Name the run's base or tuned model. Raises NotFoundError where it has no tuned one."""
    if side == "base":
        return trained.base_model
    if not trained.model_dir.is_dir():
        raise NotFoundError(f"{trained.name} has no tuned model.", todo="Train it to the end first.")
    return str(trained.model_dir)


def shape_and_roles(workspace: Workspace, trained: Run) -> tuple[Shape, dict[str, tuple[str, ...]]]:
    """Look up the shape of a run's dataset and the columns that its file had for each role."""
    dataset = workspace.datasets.get(trained.dataset)
    stored = dataset.facts.get("mapping")
    return Shape(dataset.shape), dict(ColumnMapping.from_json(stored).roles) if stored else {}
