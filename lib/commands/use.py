"""`python -m lib use RUN`: the code that loads a tuned model elsewhere."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from lib.data.model_inputs import reading_of
from lib.errors import InputError, NotFoundError
from lib.models.catalog import is_model_folder
from lib.models.usage.description import ModelDescription, describe_model
from lib.models.usage.onnx import ONNX_KEY, OPENVINO_KEY, graph_form, write_graph_snippet
from lib.models.usage.snippets import SNIPPET_KEYS, Snippet, write_snippets
from lib.store.workspace import open_workspace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("model", metavar="RUN", help="a run's id (python -m lib runs), or the folder of a tuned model")
    parser.add_argument(
        "--with",
        dest="library",
        choices=(*SNIPPET_KEYS, ONNX_KEY, OPENVINO_KEY),
        metavar="LIBRARY",
        help=f"only for this library or server: {', '.join((*SNIPPET_KEYS, ONNX_KEY, OPENVINO_KEY))} (of the last two: a folder exported so)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print the snippets."""
    folder = Path(args.model).expanduser()
    form = graph_form(folder)
    if form is not None:
        snippet = write_graph_snippet(folder.resolve(), form)
        facts = {"model": str(folder.resolve()), "snippets": [asdict(snippet)]}
        print(json.dumps(facts, ensure_ascii=False) if args.json else snippet.to_text().rstrip())
        return 0
    if args.library in (ONNX_KEY, OPENVINO_KEY):
        name = "onnx" if args.library == ONNX_KEY else "openvino-int8"
        raise InputError(
            f"The model is not exported for {args.library}.",
            todo=f"python -m lib export {args.model} --format {name} --out FOLDER",
        )
    model = describe_named(args.model)
    snippets = [one for one in write_snippets(model) if args.library in (None, one.key)]
    print(json.dumps(usage_json(model, snippets), ensure_ascii=False) if args.json else snippets_text(snippets))
    return 0


def describe_named(name: str) -> ModelDescription:
    """Describe a run's tuned model, or that of a folder. Raises NotFoundError and ModelError."""
    folder = Path(name).expanduser()
    if is_model_folder(folder):
        return describe_model(folder.resolve())
    found = open_workspace().runs.get(name)
    if not found.model_dir.is_dir():
        raise NotFoundError(f"{found.name} has no tuned model.", todo="Train it to the end first.")
    return describe_model(found.model_dir, reading=reading_of(found.recipe))


def snippets_text(snippets: list[Snippet]) -> str:
    """Write the snippets below each other, each a program of its own."""
    if len(snippets) == 1:
        return snippets[0].to_text().rstrip()
    return "\n".join(f"# ---- {one.title}\n{one.to_text()}" for one in snippets).rstrip()


def usage_json(model: ModelDescription, snippets: list[Snippet]) -> dict[str, object]:
    """Build what --json prints."""
    return {
        "model": model.place,
        "query_prompt": model.query,
        "document_prompt": model.document,
        "dimension": model.dimension,
        "normalises": model.normalises,
        "snippets": [asdict(one) for one in snippets],
    }
