"""`python -m lib audit FILE`: show how a file is read, its audit findings, and its split."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lib import settings
from lib.commands.options import PROMPT_HELP, AuditedData, add_data_options, audit_data, prompt_from_option
from lib.data.audit.run import Audit
from lib.data.columns.metadata import choose_metadata
from lib.data.columns.unused import describe_scale, open_questions, unused_columns
from lib.data.model_inputs import ModelInputs
from lib.data.prepared_dataset import PreparedDataset
from lib.data.table import ReadReport
from lib.errors import InputError
from lib.escapes import escape_controls
from lib.models.catalog import resolve
from lib.models.prompts.choose import choose_prompts
from lib.models.text_lengths import measure_lengths
from lib.models.unknown_tokens import unknown_tokens
from lib.recipe.options import PROMPT_FIELDS
from lib.recipe.recipe import FIELDS, Recipe
from lib.settings import BUNDLED_MODEL
from lib.shapes import Shape

MAX_SHOWN_LINES = 10
SHOWN_EXAMPLES = 3


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data_options(parser)
    parser.add_argument(
        "--model", default=BUNDLED_MODEL, help="the base model whose tokenizer reads the texts (default %(default)s)"
    )
    for name in PROMPT_FIELDS:
        parser.add_argument(
            "--" + name.replace("_", "-"), type=prompt_from_option, help=f"{FIELDS[name].help} {PROMPT_HELP}"
        )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Print the audit and return 0, or 1 where the split fails: the findings are printed all the same."""
    data = audit_data(args)
    prepared, failure = None, None
    try:
        prepared = data.split(args)
    except InputError as error:
        failure = error
    report = audit_to_json(data, prepared, failure) | text_checks_to_json(data.audit, args)
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        print("\n".join(map(escape_controls, audit_to_text(report))))
    if failure is not None:
        raise failure
    return 0


def audit_to_json(
    data: AuditedData, prepared: PreparedDataset | None, failure: InputError | None = None
) -> dict[str, Any]:
    """Write how the file was read and mapped, its findings and split as JSON-able values.

    examples: the first rows as they are trained on. split: None, with split_error, where it fails.
    """
    mapping, table = data.mapping, data.table
    split = {"split": prepared.counts} if prepared else {"split": None, "split_error": str(failure)}
    return {
        "rows": len(table.frame),
        "format": format_of(table.report),
        "shape": mapping.shape.value,
        "columns": {role: list(columns) for role, columns in mapping.roles.items()},
        "same": list(mapping.same),
        "scale": describe_scale(mapping.scale) if mapping.shape is Shape.SCORED else None,
        "unused": [column.to_json() for column in unused_columns(table, mapping)],
        "compared_by": choose_metadata(table.frame, mapping),
        "unclear": [f"{question.text} {question.todo}" for question in open_questions(table, mapping)],
        "examples": first_examples(data),
        "read": table.report.to_json(),
        "findings": [
            {
                "name": item.name,
                "title": item.title,
                "count": item.count,
                "choice": item.choice,
                "lines": list(map(int, item.lines)),
                "detail": item.detail,
            }
            for item in data.audit.nonempty_findings
        ],
        **split,
    }


def text_checks_to_json(audit: Audit, args: argparse.Namespace) -> dict[str, Any]:
    """Write what the base model reads before texts, and its unknown and truncated tokens.

    The last two are null where the model's tokenizer is not at hand.
    """
    model, shape, home = args.model, audit.examples.shape, settings.home()
    asked = Recipe(query_prompt=args.query_prompt, document_prompt=args.document_prompt)
    inputs = ModelInputs.of(audit.examples.frame, shape, choose_prompts(asked, model, shape, home=home))
    folder = resolve(model, home=home)
    unknown, lengths = unknown_tokens(folder, inputs, model=model), measure_lengths(folder, inputs, model=model)
    return {
        "prompts": {"query": inputs.reading.query, "document": inputs.reading.document},
        "unknown_tokens": unknown.to_json() if unknown else None,
        "lengths": lengths.to_json() | {"advice": lengths.describe()} if lengths else None,
    }


def first_examples(data: AuditedData) -> list[dict[str, Any]]:
    """List the first rows after all choices, as they are trained on."""
    examples = data.audit.examples
    names = [name for name in (*examples.texts, "score", "label") if name in examples.frame]
    rows = examples.frame[names].head(SHOWN_EXAMPLES).to_dict("records")
    return [{str(name): value for name, value in row.items() if value != ""} for row in rows]


def format_of(report: ReadReport) -> str:
    """Write what the file was recognised as: its format in this field, else its file format."""
    plain = {"\t": "tsv"}.get(report.separator, "csv") if report.kind == "text" else report.kind
    return report.format or plain


def audit_to_text(report: dict[str, Any]) -> list[str]:
    """Write the report as lines of text, what is unclear first."""
    read = report["read"]
    lines = [f"unclear     {text}" for text in report["unclear"]]
    lines += [f"rows        {report['rows']:,}", f"format      {report['format']}"]
    for name in ("encoding", "separator", "header", "sheet"):
        if name in read:
            lines.append(f"{name:<11} {read[name]!r}" if name == "separator" else f"{name:<11} {read[name]}")
    lines += [f"note        {note['text']}" for note in read.get("notes", [])]
    lines.append(f"shape       {report['shape']}")
    lines += [f"{role:<11} {' + '.join(columns)}" for role, columns in report["columns"].items()]
    if report["same"]:
        lines.append(f"same        {', '.join(report['same'])}")
    if report["scale"]:
        lines.append(f"scale       {report['scale']}")
    lines += [f"unused      {one['name']}: {one['looks_like']}; used: no" for one in report["unused"]]
    return [*lines, *_example_lines(report), "", *_finding_lines(report), "", *_split_lines(report)]


def _example_lines(report: dict[str, Any]) -> list[str]:
    """Write the first examples, a line each, long texts cut."""
    rows = (" | ".join(f"{str(cell)[:60]}" for cell in row.values()) for row in report["examples"])
    return [f"example     {row}" for row in rows]


def _finding_lines(report: dict[str, Any]) -> list[str]:
    unknown = report["unknown_tokens"]
    advice = [found["advice"] for found in (unknown, report["lengths"]) if found and found["advice"]]
    for item in report["findings"]:
        numbers = ", ".join(map(str, item["lines"][:MAX_SHOWN_LINES]))
        more = ", ..." if item["count"] > MAX_SHOWN_LINES else ""
        advice.append(f"{item['count']:>8,}  {item['title']} [{item['choice']}] lines {numbers}{more}")
    return advice or ["No findings."]


def _split_lines(report: dict[str, Any]) -> list[str]:
    if report["split"] is None:
        return ["split       failed"]
    return ["split       " + ", ".join(f"{part} {count:,}" for part, count in report["split"].items())]
