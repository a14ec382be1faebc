"""Read what a model's card states in its front matter.

The card is data of unknown worth, so it is read by lines.
"""

from __future__ import annotations

import re
from pathlib import Path

MAX_CARD_CHARACTERS = 100_000
"""Of a model card, the start is read for its front matter."""


def read_card_values(folder: Path, key: str) -> list[str]:
    """Read a key of a card's front matter: one value or a list of them (a Hub convention).

    Empty where there is none.
    """
    try:
        with (folder / "README.md").open(encoding="utf-8", errors="replace") as file:
            text = file.read(MAX_CARD_CHARACTERS)
    except OSError:
        return []
    front = re.match(r"---\s*\n(.*?)\n---", text, flags=re.DOTALL)
    pattern = rf"^{re.escape(key)}:[ \t]*(.*(?:\n[ \t]*-[ \t]*\S.*)*)"
    found = re.search(pattern, front[1] if front else "", flags=re.MULTILINE)
    lines = found[1].splitlines() if found else []
    if len(lines) == 1 and lines[0].startswith("["):
        lines = lines[0].strip().strip("[]").split(",")
    values = (line.strip().lstrip("-").strip().strip("\"'") for line in lines)
    return [value for value in values if value]
