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


def put(section: str, text: str) -> None:
    """Write a table between its markers in bench/README.md; the section is added where it is missing."""
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    page = README.read_text(encoding="utf-8") if README.is_file() else "# Measured\n"
    if begin not in page:
        page = f"{page.rstrip()}\n\n## {section}\n\n{begin}\n{end}\n"
    before, rest = page.split(begin, 1)
    after = rest.split(end, 1)[1]
    README.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}", encoding="utf-8")
