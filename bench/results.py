"""Results as JSON lines, and tables into their place in bench/README.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "training.jsonl"
README = Path(__file__).parent / "README.md"


def append(row: dict[str, Any], *, to: Path = RESULTS) -> None:
    """Add one finished part."""
    to.parent.mkdir(exist_ok=True)
    with to.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def read(source: Path = RESULTS) -> list[dict[str, Any]]:
    """Read all finished parts, oldest first."""
    return [json.loads(line) for line in source.read_text().splitlines()] if source.is_file() else []


def table_rows(section: str) -> list[dict[str, str]]:
    """Read the first table of a section of bench/README.md, a dict of its columns for each line."""
    page = README.read_text(encoding="utf-8").split(f"<!-- {section}: begin -->", 1)[1]
    lines = [line for line in page.split(f"<!-- {section}: end -->", 1)[0].split("\n\n")[0].splitlines() if line]
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [dict(zip(head, row, strict=True)) for row in rows]


def put(section: str, text: str, *, to: Path | None = None) -> None:
    """Write a table between its markers in bench/README.md or another page; a missing section is added."""
    to = to or README
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    page = to.read_text(encoding="utf-8") if to.is_file() else "# Measured\n"
    if begin not in page:
        page = f"{page.rstrip()}\n\n## {section}\n\n{begin}\n{end}\n"
    before, rest = page.split(begin, 1)
    after = rest.split(end, 1)[1]
    to.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}", encoding="utf-8")
