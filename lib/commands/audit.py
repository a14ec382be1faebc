"""`python -m lib audit FILE`: what was read, what is wrong with it, and how it would be split."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lib.commands.options import Read, add_data_options, prepared_from

SHOWN_LINES = 10


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data_options(parser)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def run(given: argparse.Namespace) -> int:
    """Print the audit; return 0 also when there are findings: they are information."""
    found = prepared_from(given)
    report = as_json(found)
    if given.json:
        print(json.dumps(report, ensure_ascii=False))
        return 0
    for line in as_text(report):
        print(line)
    return 0


def as_json(found: Read) -> dict[str, Any]:
    """Return rows, shape, columns, read, findings and split."""
    audited = found.prepared.audit
    findings = audited.nonempty_findings if audited is not None else []
    return {
        "rows": len(found.table.frame),
        "shape": found.prepared.shape.value,
        "columns": {role: list(columns) for role, columns in found.mapping.roles.items()},
        "read": found.table.report.to_json(),
        "findings": [
            {
                "name": item.name,
                "title": item.title,
                "count": item.count,
                "choice": item.choice,
                "lines": list(map(int, item.lines)),
            }
            for item in findings
        ],
        "split": found.prepared.counts,
    }


def as_text(report: dict[str, Any]) -> list[str]:
    """Return the report as lines for a person."""
    read = report["read"]
    lines = [f"rows        {report['rows']:,}"]
    for name in ("encoding", "separator", "header", "sheet"):
        if name in read:
            lines.append(f"{name:<11} {read[name]!r}" if name == "separator" else f"{name:<11} {read[name]}")
    lines.append(f"shape       {report['shape']}")
    lines += [f"{role:<11} {' + '.join(columns)}" for role, columns in report["columns"].items()]
    lines.append("")
    for item in report["findings"]:
        shown = ", ".join(map(str, item["lines"][:SHOWN_LINES]))
        more = ", ..." if item["count"] > SHOWN_LINES else ""
        lines.append(f"{item['count']:>8,}  {item['title']} [{item['choice']}] lines {shown}{more}")
    if not report["findings"]:
        lines.append("Nothing was found that is wrong with the rows.")
    lines.append("")
    lines.append("split       " + ", ".join(f"{part} {count:,}" for part, count in report["split"].items()))
    return lines
