"""`python -m lib audit FILE`: show how a file is read, its audit findings, and its split."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lib.commands.options import LoadedData, add_data_options, load_data

MAX_SHOWN_LINES = 10


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data_options(parser)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Print the audit and return 0, whatever it finds."""
    report = audit_to_json(load_data(args))
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
        return 0
    for line in audit_to_text(report):
        print(line)
    return 0


def audit_to_json(data: LoadedData) -> dict[str, Any]:
    """Write rows, shape, columns, read report, findings and split as JSON-able values."""
    return {
        "rows": len(data.table.frame),
        "shape": data.prepared.shape.value,
        "columns": {role: list(columns) for role, columns in data.mapping.roles.items()},
        "read": data.table.report.to_json(),
        "findings": [
            {
                "name": item.name,
                "title": item.title,
                "count": item.count,
                "choice": item.choice,
                "lines": list(map(int, item.lines)),
            }
            for item in data.prepared.audit.nonempty_findings
        ],
        "split": data.prepared.counts,
    }


def audit_to_text(report: dict[str, Any]) -> list[str]:
    """Write the report as lines of text."""
    read = report["read"]
    lines = [f"rows        {report['rows']:,}"]
    for name in ("encoding", "separator", "header", "sheet"):
        if name in read:
            lines.append(f"{name:<11} {read[name]!r}" if name == "separator" else f"{name:<11} {read[name]}")
    lines += [f"note        {note['text']}" for note in read.get("notes", [])]
    lines.append(f"shape       {report['shape']}")
    lines += [f"{role:<11} {' + '.join(columns)}" for role, columns in report["columns"].items()]
    lines.append("")
    for item in report["findings"]:
        numbers = ", ".join(map(str, item["lines"][:MAX_SHOWN_LINES]))
        more = ", ..." if item["count"] > MAX_SHOWN_LINES else ""
        lines.append(f"{item['count']:>8,}  {item['title']} [{item['choice']}] lines {numbers}{more}")
    if not report["findings"]:
        lines.append("No findings.")
    lines.append("")
    lines.append("split       " + ", ".join(f"{part} {count:,}" for part, count in report["split"].items()))
    return lines
