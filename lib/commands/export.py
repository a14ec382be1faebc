"""`python -m lib export RUN --format FORM --out FOLDER`: the tuned model in another form."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lib.commands.memory import add_memory_option, refuse_encoding_without_memory
from lib.commands.progress_bar import CommandProgress
from lib.errors import InputError
from lib.evaluation.export.write import check_export_folder
from lib.experiments.exported_form import price_lines
from lib.experiments.file_vectors import model_of_side
from lib.models.forms.form import FORM_FACTS, Form, check_packages
from lib.store.workspace import open_workspace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("run", help="a run's id, as `python -m lib runs` lists it")
    parser.add_argument("--format", dest="form", choices=[str(form) for form in Form], required=True, help=_help())
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a new folder for the model")
    parser.add_argument(
        "--dimensions",
        type=int,
        nargs="+",
        default=(),
        metavar="N",
        help="of truncated and static: the form is written with the first; truncated is measured with each "
        "(default: a half, a quarter and an eighth of the model's; static: 256)",
    )
    add_memory_option(parser)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def _help() -> str:
    return "; ".join(f"{form}: {facts.title.lower()}" for form, facts in FORM_FACTS.items())


def run(args: argparse.Namespace) -> int:
    """Write the form, measure it from its files, print what it costs."""
    from lib.experiments.export_form import FormExporter

    form = Form(args.form)
    if args.dimensions and not FORM_FACTS[form].has_dimension:
        raise InputError(f"{form} keeps the model's dimension.", todo="Leave --dimensions out.")
    check_export_folder(args.out)
    check_packages(form)
    workspace = open_workspace()
    trained = workspace.runs.get(args.run)
    name = model_of_side(trained, "tuned")
    refuse_encoding_without_memory(name, home=workspace.home, ignore=args.ignore_memory)
    with CommandProgress(trained.name) as progress:
        dataset = workspace.datasets.get(trained.dataset)
        exporter = FormExporter(trained, dataset, home=workspace.home, progress=progress)
        made = exporter.export(form, args.out.expanduser().absolute(), dimensions=args.dimensions)
    if args.json:
        report = {"out": str(args.out), "run": trained.id, "forms": [one.to_json() for one in made]}
        print(json.dumps(report, ensure_ascii=False))
        return 0
    print(f"{args.out}: {made[0].title}")
    for one in made:
        print(
            "\n".join(
                [f"{one.title}, on {one.examples:,} held-out examples:", *(f"  {line}" for line in price_lines(one))]
            )
        )
    return 0
